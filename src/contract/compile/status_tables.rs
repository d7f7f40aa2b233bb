//! The outcomes of an endpoint by status.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;

use super::{
    compiled_outcome::CompiledOutcome, field_column::FieldColumn, outcome_set::OutcomeSet,
};
use crate::json::FieldScanner;

/// The outcomes of an endpoint by the statuses that they take.
#[derive(Debug, Default)]
pub(crate) struct StatusTables {
    ranges: Vec<StatusRange>,
    pub(super) tables: Vec<StatusOutcomes>,
    /// What is read of bodies. Tables that share an outcome share a scanner, too.
    scanners: Vec<FieldScanner>,
}

/// Statuses that have the same outcomes, without a gap.
#[derive(Debug)]
struct StatusRange {
    first: StatusCode,
    last: StatusCode,
    table: usize,
}

/// The outcomes of some statuses, in their order, with a table for each field that their conditions read.
#[derive(Debug)]
pub(super) struct StatusOutcomes {
    /// Their indexes in the endpoint, by their positions here.
    pub(super) outcomes: Vec<usize>,
    scanner: usize,
    /// The fields that the conditions of each read, one bit for each slot.
    pub(super) needs: Vec<u64>,
    columns: Vec<(usize, FieldColumn)>,
    /// Those with conditions on the head of the response or on the request.
    pub(super) by_head: Vec<usize>,
    /// Those without conditions on fields.
    pub(super) without_fields: OutcomeSet,
    /// Those that a response may be of which only the status is known.
    pub(super) possible: OutcomeSet,
    pub(super) legacy: OutcomeSet,
}

impl StatusTables {
    /// Tables for outcomes, each of which takes some statuses.
    pub(super) fn new(taken: &[BTreeSet<StatusCode>]) -> Self {
        let mut by_status: BTreeMap<StatusCode, Vec<usize>> = BTreeMap::new();
        for (outcome, statuses) in taken.iter().enumerate() {
            for status in statuses {
                by_status.entry(*status).or_default().push(outcome);
            }
        }
        let mut tables = Self::default();
        for (status, outcomes) in by_status {
            tables.add(status, outcomes);
        }
        tables.connect(taken.len());
        tables
    }

    /// The scanner for the bodies of an outcome's responses.
    pub(super) fn scanner_of(&mut self, outcome: usize) -> &mut FieldScanner {
        let mut tables = self.tables.iter();
        let table = tables.find(|of| of.outcomes.contains(&outcome));
        let scanner = table.map(|of| of.scanner);
        // One that has no valid status has the last one, of which nothing comes.
        let last = self.scanners.len() - 1;
        &mut self.scanners[scanner.unwrap_or(last)]
    }

    /// Prepares the tables, when all outcomes are there.
    pub(super) fn tabulate(&mut self, all: &[CompiledOutcome]) {
        for of in &mut self.tables {
            of.tabulate(all, &self.scanners[of.scanner]);
        }
    }

    /// The index of the table for this status, if any outcome takes it.
    pub(super) fn index(&self, status: StatusCode) -> Option<usize> {
        let mut ranges = self.ranges.iter();
        let range = ranges.find(|range| (range.first..=range.last).contains(&status))?;
        Some(range.table)
    }

    pub(super) fn scanner(&self, table: usize) -> &FieldScanner {
        &self.scanners[self.tables[table].scanner]
    }

    /// Adds a status, which is above those before.
    fn add(&mut self, status: StatusCode, outcomes: Vec<usize>) {
        let known = self.tables.iter().position(|of| of.outcomes == outcomes);
        let table = known.unwrap_or_else(|| {
            self.tables.push(StatusOutcomes::new(outcomes));
            self.tables.len() - 1
        });
        match self.ranges.last_mut() {
            Some(last) if last.table == table && last.last.as_u16() + 1 == status.as_u16() => {
                last.last = status;
            }
            _ => self.ranges.push(StatusRange {
                first: status,
                last: status,
                table,
            }),
        }
    }

    /// Gives each table a scanner, which is the same where outcomes are.
    fn connect(&mut self, outcomes: usize) {
        let mut scanners: Vec<usize> = (0..self.tables.len()).collect();
        for outcome in 0..outcomes {
            let tables = self.tables.iter().enumerate();
            let with = tables.filter(|(_, of)| of.outcomes.contains(&outcome));
            let with: Vec<usize> = with.map(|(table, _)| scanners[table]).collect();
            let first = with.iter().min().copied().unwrap_or_default();
            for scanner in scanners.iter_mut().filter(|one| with.contains(one)) {
                *scanner = first;
            }
        }
        for (of, scanner) in self.tables.iter_mut().zip(scanners) {
            of.scanner = scanner;
        }
        self.scanners
            .resize_with(self.tables.len() + 1, FieldScanner::default);
    }
}

impl StatusOutcomes {
    fn new(outcomes: Vec<usize>) -> Self {
        Self {
            outcomes,
            scanner: 0,
            needs: Vec::new(),
            columns: Vec::new(),
            by_head: Vec::new(),
            without_fields: OutcomeSet::default(),
            possible: OutcomeSet::default(),
            legacy: OutcomeSet::default(),
        }
    }

    pub(super) fn column(&self, slot: usize) -> Option<&FieldColumn> {
        let mut columns = self.columns.iter();
        columns
            .find(|(of, _)| *of == slot)
            .map(|(_, column)| column)
    }

    fn tabulate(&mut self, all: &[CompiledOutcome], scanner: &FieldScanner) {
        let outcomes: Vec<_> = self.outcomes.iter().map(|index| &all[*index]).collect();
        for (position, outcome) in outcomes.iter().enumerate().take(OutcomeSet::MAX) {
            let slots = outcome.conditions.fields.iter().map(|(slot, _)| *slot);
            let needs = slots.fold(0, |needs, slot| needs | 1 << slot);
            self.needs.push(needs);
            if needs == 0 {
                self.without_fields.insert(position);
            }
            if outcome.legacy.is_some() {
                self.legacy.insert(position);
            }
            if outcome.conditions.read_head() {
                self.by_head.push(position);
            }
        }
        self.possible = OutcomeSet::first_of(outcomes.len());
        if self.by_head.is_empty() {
            self.possible.end_with(self.without_fields.first());
        }
        let needed = self.needs.iter().fold(0, |all, needs| all | needs);
        let slots = (0..scanner.len()).filter(|slot| needed & 1 << slot != 0);
        self.columns = slots
            .map(|slot| (slot, FieldColumn::new(slot, &outcomes)))
            .collect();
    }
}
