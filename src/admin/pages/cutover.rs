//! How a cutover goes, and how a rollback of one went.

use super::{layout::Layout, time_tag::distance};
use crate::{
    admin::{
        format::{counted, duration, percent},
        history::{History, HistoryRange, TimeSeries},
    },
    contract::{Contract, Outcome},
    rollout::policy::AutoRollback,
    time::Timestamp,
};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// How a cutover goes.
#[derive(Clone, Debug)]
pub(crate) struct CutoverStatus {
    /// Error responses since the cutover against the hour before it.
    pub(crate) errors: String,
    /// What is left of the automatic rollback.
    pub(crate) guard: String,
}

impl CutoverStatus {
    pub(crate) fn new(
        layout: &Layout,
        history: Option<&History>,
        contract: Option<&Contract>,
    ) -> Self {
        let since = layout.status.state.entered.at;
        let errors = history.map_or_else(
            || "Errors are not compared: no history is attached.".to_owned(),
            |history| errors(history, contract, (since, layout.now)),
        );
        Self {
            errors,
            guard: guard(
                layout.status.policy.auto_rollback.as_ref(),
                since,
                layout.now,
            ),
        }
    }
}

/// What is left of the automatic rollback, and what triggers it.
fn guard(limits: Option<&AutoRollback>, since: Timestamp, now: Timestamp) -> String {
    let Some(limits) = limits else {
        return "No automatic rollback: the policy sets none.".to_owned();
    };
    let end = since.plus(limits.window);
    if end <= now {
        return format!("The automatic rollback ended {}.", distance(end, now));
    }
    let callers = limits.stranded_callers;
    let callers = callers.map(|most| format!("more than {}", counted(most, "stranded caller")));
    let share = limits.stranded_percent;
    let share = share.map(|most| format!("more than {most} % of a kind"));
    let triggers: Vec<String> = callers.into_iter().chain(share).collect();
    format!(
        "Rolled back automatically at {}, for another {}.",
        triggers.join(" or "),
        duration(end.since(now))
    )
}

/// The share of error responses since the cutover, in the last hour at most, and in the hour before the cutover.
fn errors(
    history: &History,
    contract: Option<&Contract>,
    (since, now): (Timestamp, Timestamp),
) -> String {
    let recent = now.since(since).as_millis() < u128::from(22 * HOUR);
    let range = if recent {
        HistoryRange::Day
    } else {
        HistoryRange::Month
    };
    let series = history.time_series(range);
    let (since, now) = (since.unix_ms(), now.unix_ms());
    let lasted = (now.saturating_sub(since)).min(HOUR);
    let after = ErrorShare::of(&series, contract, (now.saturating_sub(lasted), now));
    let before = ErrorShare::of(&series, contract, (since.saturating_sub(HOUR), since));
    match (after.share(), before.share()) {
        (None, _) => "Errors: no responses in a full minute since the cutover.".to_owned(),
        (Some(share), None) => {
            format!("Errors: {share}; no responses in the hour before the cutover.")
        }
        (Some(share), Some(before)) => {
            format!("Errors: {share}; {before} in the hour before the cutover.")
        }
    }
}

/// Error responses among all of them.
#[derive(Clone, Copy, Debug, Default)]
struct ErrorShare {
    errors: u64,
    all: u64,
}

impl ErrorShare {
    /// Those of the buckets that begin in this time; the bucket of the cutover itself belongs to neither side.
    fn of(series: &TimeSeries, contract: Option<&Contract>, (from, end): (u64, u64)) -> Self {
        let mut share = Self::default();
        for line in &series.responses {
            let outcome = outcome(contract, &line.endpoint, &line.outcome);
            let is_error = outcome.is_some_and(|outcome| outcome.statuses().has_errors());
            for (bucket, (target, legacy)) in line.target.iter().zip(&line.legacy).enumerate() {
                let begin = series.from.unix_ms() + series.step_ms * bucket as u64;
                if begin < from || begin + series.step_ms > end.next_multiple_of(series.step_ms) {
                    continue;
                }
                let number = target.unwrap_or_default() + legacy.unwrap_or_default();
                share.all += number;
                share.errors += if is_error { number } else { 0 };
            }
        }
        share
    }

    /// `1.2 % of 3,400 responses`; `None` without responses.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    fn share(self) -> Option<String> {
        (self.all > 0).then(|| {
            let share = percent(self.errors as f64 / self.all as f64);
            format!("{share} of {}", counted(self.all, "response"))
        })
    }
}

fn outcome<'a>(contract: Option<&'a Contract>, endpoint: &str, name: &str) -> Option<&'a Outcome> {
    let endpoints = contract?.endpoints();
    let endpoint = endpoints.iter().find(|known| known.name() == endpoint)?;
    endpoint
        .outcomes()
        .iter()
        .find(|outcome| outcome.name() == name)
}
