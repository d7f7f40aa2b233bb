//! Dependent callers and served responses in a few numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    census::{KindCounts, Window},
    flag::FlagState,
    observation::Shape,
    rollout::{Phase, Rollout},
    time::{Clock, Timestamp},
};

/// The state of the rollout in numbers, sent to event streams every few seconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Totals {
    pub(crate) at: Timestamp,
    pub(crate) head: u64,
    pub(crate) phase: Phase,
    pub(crate) flag: FlagState,
    pub(crate) journal_works: bool,
    /// The window of the caller counts.
    pub(crate) window: String,
    /// Empty without a census.
    pub(crate) kinds: Vec<KindCounts>,
    /// Empty without metrics.
    pub(crate) responses: Vec<ResponseTotals>,
}

/// The responses of one outcome since the process started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ResponseTotals {
    pub(crate) endpoint: String,
    pub(crate) outcome: String,
    /// Served as target responses.
    pub(crate) target: u64,
    /// Served as legacy responses.
    pub(crate) legacy: u64,
}

impl Totals {
    /// The default window for caller counts.
    pub(crate) const WINDOW: Window = Window::DAY;

    /// Walks all callers: not for an async thread.
    pub(crate) fn now(rollout: &Rollout, clock: &dyn Clock) -> Self {
        let status = rollout.status();
        let report = rollout.census().map(|census| census.report(Self::WINDOW));
        Self {
            at: Timestamp::now(clock),
            head: status.head,
            phase: status.state.phase,
            flag: rollout.reader().state(),
            journal_works: status.journal_error.is_none(),
            window: Self::WINDOW.label(),
            kinds: report.map_or_else(Vec::new, |report| report.kinds),
            responses: responses(rollout),
        }
    }
}

/// The responses by endpoint and outcome, over all kinds of callers.
pub(crate) fn responses(rollout: &Rollout) -> Vec<ResponseTotals> {
    let Some(metrics) = rollout.metrics() else {
        return Vec::new();
    };
    let mut sums: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for series in metrics.snapshot().responses {
        let pair = (series.endpoint.to_string(), series.outcome.to_string());
        let (target, legacy) = sums.entry(pair).or_default();
        let sum = match series.shape {
            Shape::Target => target,
            Shape::Legacy => legacy,
        };
        *sum = sum.saturating_add(series.count);
    }
    let totals = sums
        .into_iter()
        .map(|((endpoint, outcome), (target, legacy))| ResponseTotals {
            endpoint,
            outcome,
            target,
            legacy,
        });
    totals.collect()
}
