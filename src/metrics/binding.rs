//! From small integers to the place where an answer is counted.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use super::series::{MAX_SERIES, Series, SeriesId, SeriesRegistry};
use crate::{
    caller::Kinds,
    contract::compile::{CompiledContract, CompiledEndpoint},
    observation::{Observation, Shape, SkipReason},
};

/// The places of all answers that one compiled contract can give to callers of one set of kinds.
///
/// An endpoint has one slot for each skip reason, then for each outcome and kind two, one per shape.
#[derive(Debug)]
pub(super) struct Binding {
    /// How many kinds there are.
    width: usize,
    /// The first slot of each endpoint.
    starts: Box<[usize]>,
    slots: Box<[Slot]>,
}

/// Where a series is counted, once that is known.
#[derive(Debug)]
pub(super) struct Slot(AtomicU16);

const SHAPES: [Shape; 2] = [Shape::Target, Shape::Legacy];
const REASONS: usize = SkipReason::ALL.len();

impl Binding {
    /// Gives every series its place ahead where there is room for all of them, so that they show zeros before anything
    /// happens. Where there is not, each is placed when it first counts: the places go to what happens, not to what
    /// stands first in the contract.
    pub(super) fn new(
        plan: &CompiledContract,
        kinds: &Kinds,
        register: &mut SeriesRegistry,
    ) -> Self {
        let binding = Self::unplaced(plan, kinds);
        // At least one of the two slots of a kind is used, so twice the most series is surely too many.
        if binding.slots.len() <= 2 * MAX_SERIES {
            let all = binding.all(plan, kinds);
            if register.has_room_for(all.iter().map(|(_, series)| series)) {
                for (slot, series) in all {
                    binding.slots[slot].place(register, series);
                }
            }
        }
        binding
    }

    fn unplaced(plan: &CompiledContract, kinds: &Kinds) -> Self {
        let width = kinds.names().len();
        let mut end = 0;
        let starts = plan.endpoints.iter().map(|endpoint| {
            let start = end;
            end += REASONS + (endpoint.outcomes.len() + 2) * width * SHAPES.len();
            start
        });
        Self {
            width,
            starts: starts.collect(),
            slots: (0..end).map(|_| Slot::unplaced()).collect(),
        }
    }

    #[inline]
    pub(super) fn response(&self, observation: &Observation<'_>) -> &Slot {
        let kind = observation.caller().kind().index();
        // As `Kinds::name` has it: a kind of a larger set is `other`.
        let kind = if kind < self.width { kind } else { 0 };
        let start = self.starts[observation.endpoint_index()];
        let row = self.row(start, observation.outcome_index());
        &self.slots[row + in_row(kind, observation.shape())]
    }

    pub(super) fn skipped(&self, observation: &Observation<'_>, reason: SkipReason) -> &Slot {
        &self.slots[self.starts[observation.endpoint_index()] + reason as usize]
    }

    /// The first slot of an outcome.
    #[inline]
    fn row(&self, start: usize, outcome: usize) -> usize {
        start + REASONS + outcome * self.width * SHAPES.len()
    }

    /// All series that can occur, each with its slot.
    fn all(&self, plan: &CompiledContract, kinds: &Kinds) -> Vec<(usize, Series)> {
        let kinds: Vec<Arc<str>> = kinds.names().map(Arc::from).collect();
        let mut all = Vec::new();
        for (endpoint, &start) in plan.endpoints.iter().zip(&self.starts) {
            let name: Arc<str> = (*endpoint.name).into();
            all.extend(skips(&name).map(|(offset, series)| (start + offset, series)));
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
    const UNPLACED: SeriesId = SeriesId::MAX;

    const fn unplaced() -> Self {
        Self(AtomicU16::new(Self::UNPLACED))
    }

    #[inline]
    pub(super) fn get(&self) -> Option<SeriesId> {
        // Relaxed: the atomic that the place names exists from the start, nothing is published with it.
        let place = self.0.load(Ordering::Relaxed);
        (place != Self::UNPLACED).then_some(place)
    }

    pub(super) fn place(&self, register: &mut SeriesRegistry, series: Series) -> SeriesId {
        let place = register.place(series);
        self.0.store(place, Ordering::Relaxed);
        place
    }
}

#[inline]
fn in_row(kind: usize, shape: Shape) -> usize {
    kind * SHAPES.len() + usize::from(shape.is_legacy())
}

/// The outcomes of an endpoint as observations number them, with the shapes in which each can be served.
fn outcomes(
    endpoint: &CompiledEndpoint,
) -> impl Iterator<Item = (Arc<str>, &'static [Shape])> + use<'_> {
    let own = endpoint.outcomes.iter().map(|outcome| {
        let shapes = 1 + usize::from(outcome.legacy.is_some());
        ((*outcome.name).into(), &SHAPES[..shapes])
    });
    own.chain(["other", "undetermined"].map(|name| (name.into(), &SHAPES[..1])))
}

/// The series of one endpoint's skips, each with its place among the slots of the endpoint.
fn skips(endpoint: &Arc<str>) -> impl Iterator<Item = (usize, Series)> {
    SkipReason::ALL.into_iter().map(|reason| {
        let endpoint = Arc::clone(endpoint);
        (reason as usize, Series::Skipped { endpoint, reason })
    })
}

/// The series of one outcome, each with its place among the slots of the outcome.
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
