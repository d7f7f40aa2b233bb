//! Which outcomes of a status leave which values to a field.

use super::{compiled_outcome::CompiledOutcome, matchers::FieldMatcher, outcome_set::OutcomeSet};
use crate::json::{Field, Scalar, is_plain, text_of};

/// For each value of one field, the outcomes that a response with it may be.
#[derive(Debug, Default)]
pub(super) struct FieldColumn {
    /// Sorted by their keys.
    strings: Vec<(TextKey, Box<str>, OutcomeSet)>,
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
                Scalar::String(text) => {
                    let key = TextKey::of(text.as_bytes());
                    column.strings.push((key, text.as_str().into(), set));
                }
                other => column.others.push((other.clone(), set)),
            }
        }
        column.strings.sort_unstable_by_key(|(key, ..)| *key);
        let mut strings = column.strings.iter();
        column.are_plain = strings.all(|(_, text, _)| is_plain(text.as_bytes()));
        let matchers = matchers.into_iter().enumerate().take(OutcomeSet::MAX);
        let patterns = matchers.filter_map(|(position, matcher)| Some((position, matcher?)));
        column.patterns = patterns
            .filter(|(_, matcher)| matcher.has_patterns())
            .collect();
        column
    }

    /// The outcomes that a response may be, by what is known of its field.
    #[inline(always)]
    pub(super) fn of(&self, field: Field<'_>) -> OutcomeSet {
        match field {
            Field::Present(json) => match self.as_written(json) {
                Some(set) => *set,
                None => self.of_json(json),
            },
            Field::Absent | Field::Unknown => self.absent,
        }
    }

    /// By a string that is one of the values, and has no escapes as they have none.
    #[inline]
    fn as_written(&self, json: &[u8]) -> Option<&OutcomeSet> {
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
            let set = self.string(text).copied();
            return set.unwrap_or_else(|| self.of_other(text));
        }
        let mut others = self.others.iter();
        let found = others.find(|(value, _)| value.is_written_as(json));
        found.map_or(self.otherwise, |(_, set)| *set)
    }

    /// By a string that is one of the values.
    #[inline(always)]
    fn string(&self, text: &[u8]) -> Option<&OutcomeSet> {
        /// As many are compared one by one before a search costs less.
        const FEW: usize = 8;
        let key = TextKey::of(text);
        if self.strings.len() <= FEW {
            return find(&self.strings, key, text);
        }
        let first = self.strings.partition_point(|(of, ..)| *of < key);
        let count = self.strings[first..].partition_point(|(of, ..)| *of == key);
        find(&self.strings[first..first + count], key, text)
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

#[inline(always)]
fn find<'s>(
    strings: &'s [(TextKey, Box<str>, OutcomeSet)],
    key: TextKey,
    text: &[u8],
) -> Option<&'s OutcomeSet> {
    for (of, one, set) in strings {
        if *of == key && (key.is_whole() || one.as_bytes() == text) {
            return Some(set);
        }
    }
    None
}

/// What most texts differ in, so that their bytes are rarely compared: two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TextKey {
    length: usize,
    /// The first eight bytes, or all.
    start: u64,
}

impl TextKey {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let start = match (text.first_chunk(), text.first_chunk(), text.last_chunk()) {
            (Some(word), ..) => u64::from_le_bytes(*word),
            // These may overlap.
            (None, Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            (None, ..) => {
                let bytes = text.iter();
                bytes.fold(0, |start, byte| start << 8 | u64::from(*byte))
            }
        };
        Self {
            length: text.len(),
            start,
        }
    }

    /// Whether texts with this key are the same.
    #[inline]
    const fn is_whole(self) -> bool {
        self.length <= 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_found_by_its_whole_text() {
        let texts = [
            "",
            "a",
            "b",
            "ab",
            "ba",
            "abcd",
            "abcde",
            "abcdx",
            "xbcde",
            "abcxd",
            "1234567",
            "12345678",
            "12345679",
            "123456780",
            "123456781",
            "12345678-long",
            "12345678-lang",
        ];
        let mut column = FieldColumn::default();
        for (position, text) in texts.iter().enumerate() {
            let mut set = OutcomeSet::default();
            set.insert(position);
            let key = TextKey::of(text.as_bytes());
            column.strings.push((key, (*text).into(), set));
        }
        column.strings.sort_unstable_by_key(|(key, ..)| *key);
        for (position, text) in texts.iter().enumerate() {
            let found = column.string(text.as_bytes());
            assert_eq!(found.and_then(|set| set.first()), Some(position), "{text}");
        }
        for other in ["c", "\0a", "aa", "12345670", "123456789", "12345678-ling"] {
            assert_eq!(column.string(other.as_bytes()), None, "{other}");
        }
    }
}
