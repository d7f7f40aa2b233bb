//! Which outcomes of a status leave which values to a field.

use std::cmp::Ordering;

use super::{compiled_outcome::CompiledOutcome, matchers::FieldMatcher, outcome_set::OutcomeSet};
use crate::json::{Field, Scalar, is_plain, text_of};

/// For each value of one field, the outcomes that a response with it may be.
#[derive(Debug, Default)]
pub(super) struct FieldColumn {
    /// Sorted by length, then by text.
    strings: Vec<(Box<str>, OutcomeSet)>,
    /// Whether none of them has an escape in JSON.
    are_plain: bool,
    others: Vec<(Scalar, OutcomeSet)>,
    /// For all other values.
    otherwise: OutcomeSet,
    absent: OutcomeSet,
    /// Outcomes that other strings may match, too.
    patterns: Vec<(usize, FieldMatcher)>,
}

impl FieldColumn {
    /// That of the field in this slot, for the outcomes of a status in their order.
    pub(super) fn new(slot: usize, outcomes: &[&CompiledOutcome]) -> Self {
        let matcher = |outcome: &&CompiledOutcome| {
            let mut conditions = outcome.conditions.fields.iter();
            Some(conditions.find(|(of, _)| *of == slot)?.1.clone())
        };
        let matchers: Vec<Option<FieldMatcher>> = outcomes.iter().map(matcher).collect();
        let set = |allows: &dyn Fn(&FieldMatcher) -> bool| {
            let mut set = OutcomeSet::default();
            for (position, matcher) in matchers.iter().enumerate().take(OutcomeSet::MAX) {
                if matcher.as_ref().is_none_or(allows) {
                    set.insert(position);
                }
            }
            set
        };
        let mut column = Self {
            otherwise: set(&FieldMatcher::allows_all),
            absent: set(&FieldMatcher::allows_absence),
            ..Self::default()
        };
        for value in matchers
            .iter()
            .flatten()
            .flat_map(|matcher| &matcher.values)
        {
            let set = set(&|matcher| matcher.allows_value(value));
            match value {
                Scalar::String(text) => column.strings.push((text.as_str().into(), set)),
                other => column.others.push((other.clone(), set)),
            }
        }
        column
            .strings
            .sort_unstable_by(|(one, _), (other, _)| by_length(one.as_bytes(), other.as_bytes()));
        column.strings.dedup_by(|(one, _), (other, _)| one == other);
        let mut strings = column.strings.iter();
        column.are_plain = strings.all(|(text, _)| is_plain(text.as_bytes()));
        let matchers = matchers.into_iter().enumerate().take(OutcomeSet::MAX);
        let patterns = matchers.filter_map(|(position, matcher)| Some((position, matcher?)));
        column.patterns = patterns
            .filter(|(_, matcher)| matcher.has_patterns())
            .collect();
        column
    }

    /// The outcomes that a response may be, by what is known of its field.
    #[inline]
    pub(super) fn of(&self, field: Field<'_>) -> OutcomeSet {
        match field {
            Field::Present(json) => match self.as_written(json) {
                Some(set) => set,
                None => self.of_json(json),
            },
            Field::Absent | Field::Unknown => self.absent,
        }
    }

    /// By a string that is one of the values, and has no escapes as they have none.
    #[inline]
    fn as_written(&self, json: &[u8]) -> Option<OutcomeSet> {
        match json {
            [b'"', text @ .., b'"'] if self.are_plain => self.string(text),
            _ => None,
        }
    }

    /// By any value.
    #[inline(never)]
    fn of_json(&self, json: &[u8]) -> OutcomeSet {
        let Ok(json) = str::from_utf8(json) else {
            return self.otherwise;
        };
        if let Some(text) = text_of(json) {
            let text = text.as_bytes();
            return self.string(text).unwrap_or_else(|| self.of_other(text));
        }
        let mut others = self.others.iter();
        let found = others.find(|(value, _)| value.is_written_as(json));
        found.map_or(self.otherwise, |(_, set)| *set)
    }

    /// By a string that is one of the values.
    #[inline]
    fn string(&self, text: &[u8]) -> Option<OutcomeSet> {
        /// As many are compared one by one before a search is faster: most differ in length.
        const FEW: usize = 8;
        let strings = &self.strings;
        if strings.len() <= FEW {
            let mut strings = strings.iter();
            let found = strings.find(|(one, _)| one.as_bytes() == text);
            return found.map(|(_, set)| *set);
        }
        let found = strings.binary_search_by(|(one, _)| by_length(one.as_bytes(), text));
        Some(strings[found.ok()?].1)
    }

    fn of_other(&self, text: &[u8]) -> OutcomeSet {
        let mut set = self.otherwise;
        for (position, matcher) in &self.patterns {
            if str::from_utf8(text).is_ok_and(|text| matcher.allows_text(text)) {
                set.insert(*position);
            }
        }
        set
    }
}

/// Most texts differ in length, which costs less to compare.
fn by_length(one: &[u8], other: &[u8]) -> Ordering {
    let by_length = one.len().cmp(&other.len());
    by_length.then_with(|| one.cmp(other))
}
