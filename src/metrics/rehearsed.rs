//! How the legacy responses of a contract were rehearsed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    contract::compile::CompiledContract,
    observation::{Observation, RehearsalResult},
};

/// An outcome with a legacy shape, and what its rehearsals showed: see
/// [`rehearse_one_in`](crate::LegacyHttpCompatLayer::rehearse_one_in).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RehearsedOutcome {
    /// The endpoint's name.
    pub endpoint: String,
    /// The outcome's name.
    pub outcome: String,
    /// Whether the endpoint is [rehearsed](crate::contract::Endpoint::rehearse).
    pub rehearse: bool,
    /// How many legacy responses could be rendered.
    pub ok: u64,
    /// How many could not, by the reason.
    pub failed: BTreeMap<RehearsalResult, u64>,
}

/// By the indexes of endpoint and outcome.
type ByOutcome<T> = BTreeMap<(usize, usize), T>;

/// The results of one contract.
#[derive(Debug, Default)]
pub(super) struct Rehearsals(ByOutcome<BTreeMap<RehearsalResult, u64>>);

impl RehearsedOutcome {
    /// The outcomes with a legacy shape, not rehearsed yet.
    pub(super) fn of(contract: &CompiledContract) -> ByOutcome<Self> {
        let mut all = BTreeMap::new();
        for (index, endpoint) in contract.endpoints.iter().enumerate() {
            for (position, outcome) in endpoint.outcomes.iter().enumerate() {
                let rehearsed = || Self {
                    endpoint: endpoint.name.to_string(),
                    outcome: outcome.name.to_string(),
                    rehearse: endpoint.is_rehearsed,
                    ok: 0,
                    failed: BTreeMap::new(),
                };
                let rehearsed = outcome.legacy.is_some().then(rehearsed);
                all.extend(rehearsed.map(|rehearsed| ((index, position), rehearsed)));
            }
        }
        all
    }

    /// How many legacy responses could not be rendered.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

impl Rehearsals {
    pub(super) fn count(&mut self, observation: &Observation<'_>, result: RehearsalResult) {
        let outcome = (observation.endpoint_index(), observation.outcome_index());
        *self
            .0
            .entry(outcome)
            .or_default()
            .entry(result)
            .or_default() += 1;
    }

    pub(super) fn add_to(&self, outcomes: &mut ByOutcome<RehearsedOutcome>) {
        for (index, results) in &self.0 {
            let Some(outcome) = outcomes.get_mut(index) else {
                continue;
            };
            for (result, count) in results {
                match result {
                    RehearsalResult::Ok => outcome.ok += count,
                    failed => *outcome.failed.entry(*failed).or_default() += count,
                }
            }
        }
    }
}
