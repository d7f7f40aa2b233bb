//! From the indexes of an observation to its counter.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU16, Ordering},
};

use super::{
    rehearsed::Rehearsals,
    series::{MAX_SERIES, Series, SeriesId, SeriesRegistry},
};
use crate::{
    caller::Kinds,
    contract::compile::{CompiledContract, CompiledEndpoint},
    observation::{Observation, RehearsalResult, Shape, SkipReason},
};

/// The counters of all responses of one compiled contract to callers of one set of kinds.
///
/// An endpoint has one slot for each reason of a skip and of an undetermined outcome, then for each outcome and kind two, one
/// per shape.
#[derive(Debug)]
pub(super) struct Binding {
    /// The number of kinds.
    width: usize,
    /// The first slot of each endpoint.
    starts: Box<[usize]>,
    slots: Box<[Slot]>,
    rehearsals: Mutex<Rehearsals>,
}

/// The id of a series, once that is known.
#[derive(Debug)]
pub(super) struct Slot(AtomicU16);

const SHAPES: [Shape; 2] = [Shape::Target, Shape::Legacy];
const SKIPS: usize = SkipReason::ALL.len();
const REASONS: usize = SKIPS + SkipReason::UNDETERMINED.len();

impl Binding {
    /// Registers all series at once if they fit, so that they show zeros before the first response. Otherwise each is
    /// registered when it first counts: the ids go to what happens, not to what comes first in the contract.
    pub(super) fn new(observation: &Observation<'_>, registry: &mut SeriesRegistry) -> Self {
        let (contract, kinds) = (observation.contract(), observation.kinds());
        let binding = Self::unregistered(contract, kinds);
        // At least one of the two slots of a kind is used, so more than twice the limit can never fit.
        if binding.slots.len() <= 2 * MAX_SERIES {
            let all = binding.all(contract, kinds);
            if registry.fits(all.iter().map(|(_, series)| series)) {
                for (slot, series) in all {
                    binding.slots[slot].look_up(registry, series);
                }
            }
            let rehearsals = rehearsals(contract);
            if registry.fits(rehearsals.iter()) {
                for series in rehearsals {
                    registry.id(series);
                }
            }
        }
        binding
    }

    fn unregistered(contract: &CompiledContract, kinds: &Kinds) -> Self {
        let width = kinds.names().len();
        let mut end = 0;
        let starts = contract.endpoints.iter().map(|endpoint| {
            let start = end;
            end += REASONS + (endpoint.outcomes.len() + 2) * width * SHAPES.len();
            start
        });
        Self {
            width,
            starts: starts.collect(),
            slots: (0..end).map(|_| Slot::unregistered()).collect(),
            rehearsals: Mutex::default(),
        }
    }

    #[inline]
    pub(super) fn response(&self, observation: &Observation<'_>) -> &Slot {
        let kind = observation.caller().kind().index();
        // Like `Kinds::name`: a kind of a larger set is `other`.
        let kind = if kind < self.width { kind } else { 0 };
        let start = self.starts[observation.endpoint_index()];
        let row = self.row(start, observation.outcome_index());
        &self.slots[row + in_row(kind, observation.shape())]
    }

    pub(super) fn skipped(&self, observation: &Observation<'_>, reason: SkipReason) -> &Slot {
        &self.slots[self.starts[observation.endpoint_index()] + reason as usize]
    }

    pub(super) fn undetermined(&self, observation: &Observation<'_>, reason: SkipReason) -> &Slot {
        &self.slots[self.starts[observation.endpoint_index()] + SKIPS + reason as usize]
    }

    pub(super) fn rehearsals(&self) -> MutexGuard<'_, Rehearsals> {
        let rehearsals = self.rehearsals.lock();
        rehearsals.unwrap_or_else(PoisonError::into_inner)
    }

    /// The first slot of an outcome.
    #[inline]
    fn row(&self, start: usize, outcome: usize) -> usize {
        start + REASONS + outcome * self.width * SHAPES.len()
    }

    /// All possible series, each with its slot.
    fn all(&self, contract: &CompiledContract, kinds: &Kinds) -> Vec<(usize, Series)> {
        let kinds: Vec<Arc<str>> = kinds.names().map(Arc::from).collect();
        let mut all = Vec::new();
        for (endpoint, &start) in contract.endpoints.iter().zip(&self.starts) {
            let name: Arc<str> = (*endpoint.name).into();
            all.extend(reasons(&name).map(|(offset, series)| (start + offset, series)));
            for (index, outcome) in outcomes(endpoint).enumerate() {
                let row = self.row(start, index);
                let responses = responses(&name, &outcome, &kinds);
                all.extend(responses.map(|(offset, series)| (row + offset, series)));
            }
        }
        all
    }
}

impl Slot {
    const UNREGISTERED: SeriesId = SeriesId::MAX;

    const fn unregistered() -> Self {
        Self(AtomicU16::new(Self::UNREGISTERED))
    }

    #[inline]
    pub(super) fn get(&self) -> Option<SeriesId> {
        // Relaxed: the counter of every id exists from the start, nothing is published with it.
        let id = self.0.load(Ordering::Relaxed);
        (id != Self::UNREGISTERED).then_some(id)
    }

    pub(super) fn look_up(&self, registry: &mut SeriesRegistry, series: Series) -> SeriesId {
        let id = registry.id(series);
        self.0.store(id, Ordering::Relaxed);
        id
    }
}

#[inline]
fn in_row(kind: usize, shape: Shape) -> usize {
    kind * SHAPES.len() + usize::from(shape.is_legacy())
}

/// The outcomes of an endpoint in the order of observations, each with its possible shapes.
fn outcomes(
    endpoint: &CompiledEndpoint,
) -> impl Iterator<Item = (Arc<str>, &'static [Shape])> + use<'_> {
    let own = endpoint.outcomes.iter().map(|outcome| {
        let shapes = 1 + usize::from(outcome.legacy.is_some());
        ((*outcome.name).into(), &SHAPES[..shapes])
    });
    own.chain(["other", "undetermined"].map(|name| (name.into(), &SHAPES[..1])))
}

/// The series of all rehearsals, which need no slots: they are rare.
fn rehearsals(contract: &CompiledContract) -> Vec<Series> {
    let mut all = Vec::new();
    for endpoint in contract.endpoints.iter().filter(|of| of.is_rehearsed) {
        let name: Arc<str> = (*endpoint.name).into();
        for outcome in endpoint.outcomes.iter().filter(|of| of.legacy.is_some()) {
            let outcome: Arc<str> = (*outcome.name).into();
            all.extend(
                RehearsalResult::ALL
                    .iter()
                    .map(|&result| Series::Rehearsed {
                        endpoint: Arc::clone(&name),
                        outcome: Arc::clone(&outcome),
                        result,
                    }),
            );
        }
    }
    all
}

/// The series of the skips and the undetermined outcomes of an endpoint, each with its offset among the slots of the endpoint.
fn reasons(endpoint: &Arc<str>) -> impl Iterator<Item = (usize, Series)> {
    let skips = SkipReason::ALL.iter().map(|&reason| {
        let endpoint = Arc::clone(endpoint);
        (reason as usize, Series::Skipped { endpoint, reason })
    });
    let undetermined = SkipReason::UNDETERMINED.map(|reason| {
        let endpoint = Arc::clone(endpoint);
        let series = Series::Undetermined { endpoint, reason };
        (SKIPS + reason as usize, series)
    });
    skips.chain(undetermined)
}

/// The series of an outcome, each with its offset among the slots of the outcome.
fn responses(
    endpoint: &Arc<str>,
    (outcome, shapes): &(Arc<str>, &'static [Shape]),
    kinds: &[Arc<str>],
) -> impl Iterator<Item = (usize, Series)> {
    kinds
        .iter()
        .enumerate()
        .flat_map(move |(kind, client_kind)| {
            shapes.iter().map(move |&shape| {
                let series = Series::Responses {
                    endpoint: Arc::clone(endpoint),
                    outcome: Arc::clone(outcome),
                    client_kind: Arc::clone(client_kind),
                    shape,
                };
                (in_row(kind, shape), series)
            })
        })
}
