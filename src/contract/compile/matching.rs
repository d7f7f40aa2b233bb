//! Which outcomes of a status a response may still be, as its head and its fields become known.

use http::{HeaderMap, StatusCode};

use super::compiled_outcome::{CompiledOutcome, ConditionResult, Decision, MissingInput};
use crate::json::{Field, FieldScanner, Fields, Scalar};

/// The outcomes of one status, in their order, with a table for each field that their conditions read.
#[derive(Debug)]
pub(super) struct StatusOutcomes {
    pub(super) status: StatusCode,
    /// What the conditions and the templates read of the body.
    pub(super) fields: FieldScanner,
    /// Their indexes in the endpoint, by their positions here.
    pub(super) outcomes: Vec<usize>,
    /// The fields that the conditions of each read, one bit for each slot.
    needs: Vec<u64>,
    columns: Vec<(usize, Column)>,
    /// Those with conditions on the head of the response or on the request.
    by_head: Vec<usize>,
    /// Those without conditions on fields.
    without_fields: OutcomeSet,
    legacy: OutcomeSet,
}

/// For each value of one field, the outcomes that a response with it may be.
#[derive(Debug, Default)]
struct Column {
    /// Sorted.
    strings: Vec<(Box<str>, OutcomeSet)>,
    others: Vec<(Scalar, OutcomeSet)>,
    /// For all other values, and for none.
    otherwise: OutcomeSet,
}

/// A set of outcomes of one status, by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OutcomeSet([u64; OutcomeSet::WORDS]);

/// What is known of a response of which the outcome is being determined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matching {
    /// The index of its status; `None` if no outcome has that.
    status: Option<usize>,
    /// The outcomes that it may be by its head and its request.
    by_head: OutcomeSet,
    /// Those of them that it may be by the known fields, too.
    left: OutcomeSet,
    /// Those with conditions on fields of the request that are not known.
    without_request: OutcomeSet,
    /// The fields that are known, one bit for each slot.
    known: u64,
}

impl Matching {
    /// Evaluates what needs no field of the response.
    pub(super) fn by_head(
        statuses: &[StatusOutcomes],
        outcomes: &[CompiledOutcome],
        (status, headers): (StatusCode, &HeaderMap),
        request: Fields<'_>,
    ) -> Self {
        let index = statuses.iter().position(|of| of.status == status);
        let mut matching = Self {
            status: index,
            by_head: OutcomeSet::default(),
            left: OutcomeSet::default(),
            without_request: OutcomeSet::default(),
            known: 0,
        };
        if let Some(of) = index.map(|index| &statuses[index]) {
            matching.left = OutcomeSet::first_of(of.outcomes.len());
            for &position in &of.by_head {
                let conditions = &outcomes[of.outcomes[position]].conditions;
                match conditions.by_head(headers, request) {
                    ConditionResult::Fulfilled => {}
                    ConditionResult::Failed => matching.left.remove(position),
                    ConditionResult::Undecided => matching.without_request.insert(position),
                }
            }
            let certain = matching.left.and(of.without_fields);
            let certain = certain.without(matching.without_request);
            matching.left.end_with(certain.first());
            matching.by_head = matching.left;
        }
        matching
    }

    /// The fields of a body that is no JSON: no condition on one holds.
    pub(crate) fn no_fields(&mut self, statuses: &Statuses) {
        if let Some(of) = statuses.of(self) {
            self.by_head = self.by_head.and(of.without_fields);
            self.left = self.left.and(of.without_fields);
        }
    }

    /// What became known of the field at this slot.
    pub(crate) fn know(&mut self, statuses: &Statuses, slot: usize, field: Field<'_>) {
        let Some(of) = statuses.of(self) else { return };
        if field == Field::Unknown || self.known & 1 << slot != 0 {
            return;
        }
        self.known |= 1 << slot;
        if let Some((_, column)) = of.columns.iter().find(|(of, _)| *of == slot) {
            self.left = self.left.and(match field {
                Field::Present(json) => column.of(json),
                Field::Absent | Field::Unknown => column.otherwise,
            });
        }
    }

    /// The outcome, or what is missing to determine it.
    pub(crate) fn decision(&self, statuses: &Statuses) -> Result<Decision, MissingInput> {
        let (Some(of), Some(first)) = (statuses.of(self), self.left.first()) else {
            return Ok(Decision::Other);
        };
        if of.needs[first] & !self.known != 0 {
            Err(MissingInput::Body)
        } else if self.without_request.contains(first) {
            Err(MissingInput::Request)
        } else {
            Ok(Decision::Outcome(of.outcomes[first]))
        }
    }

    /// The decision where what is missing cannot be had. What a body said that cannot be read to its end rules nothing out.
    pub(crate) fn undetermined(&self, statuses: &Statuses) -> Decision {
        let legacy = statuses.of(self).map(|of| of.legacy.and(self.by_head));
        Decision::Undetermined {
            may_be_legacy: legacy.is_some_and(|legacy| legacy.first().is_some()),
        }
    }

    /// What is read of the body of a response of this status.
    pub(crate) fn scanner<'s>(&self, statuses: &'s Statuses) -> Option<&'s FieldScanner> {
        Some(&statuses.of(self)?.fields)
    }
}

/// The outcomes of an endpoint by their status.
#[derive(Debug, Default)]
pub(crate) struct Statuses(pub(super) Vec<StatusOutcomes>);

impl Statuses {
    fn of(&self, matching: &Matching) -> Option<&StatusOutcomes> {
        Some(&self.0[matching.status?])
    }

    /// The index of a status, which is added if there is no outcome of it yet.
    pub(super) fn index(&mut self, status: StatusCode) -> usize {
        let known = self.0.iter().position(|of| of.status == status);
        known.unwrap_or_else(|| {
            self.0.push(StatusOutcomes::new(status));
            self.0.len() - 1
        })
    }
}

impl StatusOutcomes {
    fn new(status: StatusCode) -> Self {
        Self {
            status,
            fields: FieldScanner::default(),
            outcomes: Vec::new(),
            needs: Vec::new(),
            columns: Vec::new(),
            by_head: Vec::new(),
            without_fields: OutcomeSet::default(),
            legacy: OutcomeSet::default(),
        }
    }

    /// Prepares the tables, when all outcomes are there.
    pub(super) fn tabulate(&mut self, all: &[CompiledOutcome]) {
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
        let needed = self.needs.iter().fold(0, |all, needs| all | needs);
        let slots = (0..self.fields.len()).filter(|slot| needed & 1 << slot != 0);
        self.columns = slots
            .map(|slot| (slot, Column::new(slot, &outcomes)))
            .collect();
    }
}

impl Column {
    fn new(slot: usize, outcomes: &[&CompiledOutcome]) -> Self {
        let allowed = |outcome: &&CompiledOutcome| {
            let mut conditions = outcome.conditions.fields.iter();
            Some(conditions.find(|(of, _)| *of == slot)?.1.clone())
        };
        let allowed: Vec<Option<Vec<Scalar>>> = outcomes.iter().map(allowed).collect();
        let set = |value: Option<&Scalar>| {
            let mut set = OutcomeSet::default();
            for (position, allowed) in allowed.iter().enumerate().take(OutcomeSet::MAX) {
                let may_be = allowed.as_ref().is_none_or(|allowed| {
                    value.is_some_and(|value| allowed.iter().any(|one| one.is_same(value)))
                });
                if may_be {
                    set.insert(position);
                }
            }
            set
        };
        let mut column = Self {
            otherwise: set(None),
            ..Self::default()
        };
        for value in allowed.iter().flatten().flatten() {
            match value {
                Scalar::String(text) => column
                    .strings
                    .push((text.as_str().into(), set(Some(value)))),
                other => column.others.push((other.clone(), set(Some(value)))),
            }
        }
        column
            .strings
            .sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        column.strings.dedup_by(|(one, _), (other, _)| one == other);
        column
    }

    /// The outcomes that a response may be whose field has this value.
    fn of(&self, json: &str) -> OutcomeSet {
        let quoted = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'));
        let found = match quoted {
            Some(plain) if !plain.contains('\\') => self.string(plain),
            Some(_) => {
                let text = serde_json::from_str::<String>(json).ok();
                text.and_then(|text| self.string(&text))
            }
            None => {
                let mut others = self.others.iter();
                others
                    .find(|(value, _)| value.is_written_as(json))
                    .map(|(_, set)| *set)
            }
        };
        found.unwrap_or(self.otherwise)
    }

    fn string(&self, text: &str) -> Option<OutcomeSet> {
        let found = self.strings.binary_search_by(|(one, _)| (**one).cmp(text));
        Some(self.strings[found.ok()?].1)
    }
}

impl OutcomeSet {
    const WORDS: usize = 4;
    const MAX: usize = 64 * Self::WORDS;

    /// The first `count` positions.
    fn first_of(count: usize) -> Self {
        Self(std::array::from_fn(|word| {
            match count.saturating_sub(64 * word) {
                0 => 0,
                some @ ..64 => (1 << some) - 1,
                _ => u64::MAX,
            }
        }))
    }

    fn first(self) -> Option<usize> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }

    fn contains(self, position: usize) -> bool {
        self.0[position / 64] & 1 << (position % 64) != 0
    }

    fn insert(&mut self, position: usize) {
        self.0[position / 64] |= 1 << (position % 64);
    }

    fn remove(&mut self, position: usize) {
        self.0[position / 64] &= !(1 << (position % 64));
    }

    /// Removes all behind the last one, if there is one.
    fn end_with(&mut self, last: Option<usize>) {
        if let Some(last) = last {
            *self = self.and(Self::first_of(last + 1));
        }
    }

    fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }
}
