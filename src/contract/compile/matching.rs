//! Which outcomes of a status a response may still be, as its head and its fields become known.

use http::{HeaderMap, StatusCode};

use super::{
    compiled_outcome::{CompiledOutcome, ConditionResult, Decision, KnownRequest, MissingInput},
    outcome_set::OutcomeSet,
    status_tables::{StatusOutcomes, StatusTables},
};
use crate::json::{Field, FieldScanner};

/// What is known of a response of which the outcome is being determined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matching {
    /// The index of the table for its status; `None` if no outcome takes that.
    table: Option<usize>,
    /// The outcomes that it may be by its head and its request.
    by_head: OutcomeSet,
    /// Those of them that it may be by the known fields, too.
    left: OutcomeSet,
    /// Those with conditions on fields of the request that are not known.
    without_request: OutcomeSet,
    /// The fields that are known, one bit for each slot.
    known: u64,
    /// The outcome, or what is missing to determine it.
    pub(crate) decision: Result<Decision, MissingInput>,
}

impl Matching {
    /// Of a response that nothing is known of.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            table: None,
            by_head: OutcomeSet::default(),
            left: OutcomeSet::default(),
            without_request: OutcomeSet::default(),
            known: 0,
            decision: Ok(Decision::Other),
        }
    }

    /// Only the status is known.
    #[inline(always)]
    pub(super) fn by_status(&mut self, statuses: &StatusTables, status: StatusCode) {
        self.table = statuses.index(status);
    }

    /// Evaluates what needs no field of the response.
    #[inline(always)]
    pub(super) fn by_head<'r>(
        &mut self,
        statuses: &StatusTables,
        outcomes: &[CompiledOutcome],
        headers: &HeaderMap,
        request: impl FnOnce() -> KnownRequest<'r>,
    ) {
        if let Some(of) = statuses.of(self) {
            self.left = of.possible;
            if !of.by_head.is_empty() {
                self.evaluate(of, outcomes, headers, request());
            }
            self.by_head = self.left;
            self.decide(of);
        }
    }

    /// Evaluates the conditions on the head of the response and on the request.
    #[inline(never)]
    fn evaluate(
        &mut self,
        of: &StatusOutcomes,
        outcomes: &[CompiledOutcome],
        headers: &HeaderMap,
        request: KnownRequest<'_>,
    ) {
        for &position in &of.by_head {
            let index = of.outcomes[position];
            let conditions = &outcomes[index].conditions;
            match conditions.by_head(headers, request) {
                _ if request.excluded.contains(index) => self.left.remove(position),
                ConditionResult::Fulfilled => {}
                ConditionResult::Failed => self.left.remove(position),
                ConditionResult::Undecided => self.without_request.insert(position),
            }
        }
        let certain = self.left.and(of.without_fields);
        let certain = certain.without(self.without_request);
        self.left.end_with(certain.first());
    }

    /// The fields of a body that is no JSON: no condition on one holds.
    pub(crate) fn no_fields(&mut self, statuses: &StatusTables) {
        if let Some(of) = statuses.of(self) {
            self.by_head = self.by_head.and(of.without_fields);
            self.left = self.left.and(of.without_fields);
            self.decide(of);
        }
    }

    /// What became known of the field at this slot.
    #[inline(always)]
    pub(crate) fn know(&mut self, statuses: &StatusTables, slot: usize, field: Field<'_>) {
        let Some(of) = statuses.of(self) else { return };
        if self.known & 1 << slot != 0 {
            return;
        }
        self.known |= 1 << slot;
        if let Some(column) = of.column(slot) {
            self.left = self.left.and(column.of(field));
        }
        self.decide(of);
    }

    #[inline(always)]
    fn decide(&mut self, of: &StatusOutcomes) {
        self.decision = match self.left.first() {
            None => Ok(Decision::Other),
            Some(first) if of.needs[first] & !self.known != 0 => Err(MissingInput::Body),
            Some(first) if self.without_request.contains(first) => Err(MissingInput::Request),
            Some(first) => Ok(Decision::Outcome(of.outcomes[first])),
        };
    }

    /// The decision where what is missing cannot be had. What a body said that cannot be read to its end rules nothing out.
    pub(crate) fn undetermined(&self, statuses: &StatusTables) -> Decision {
        let legacy = statuses.of(self).map(|of| of.legacy.and(self.by_head));
        Decision::Undetermined {
            may_be_legacy: legacy.is_some_and(|legacy| legacy.first().is_some()),
        }
    }

    /// What is read of the body of a response of this status.
    pub(crate) fn scanner<'s>(&self, statuses: &'s StatusTables) -> Option<&'s FieldScanner> {
        Some(statuses.scanner(self.table?))
    }
}

impl StatusTables {
    fn of(&self, matching: &Matching) -> Option<&StatusOutcomes> {
        Some(&self.tables[matching.table?])
    }
}
