//! What fields, headers and parameters may be, prepared to be compared.

use super::{headers, pattern::Pattern};
use crate::{
    contract::definition::{
        condition::{Alternative, Condition, MatchTarget},
        shape::one_or_all,
    },
    diagnostics::{Diagnostics, FaultCode},
    json::{Field, OrderedValue, Scalar, text_of},
};

/// What a JSON field may be.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldMatcher {
    pub(super) values: Vec<Scalar>,
    patterns: Vec<Pattern>,
    present: bool,
    absent: bool,
}

/// What a header, a parameter or a field of a form may be.
#[derive(Clone, Debug, Default)]
pub(super) struct TextMatcher {
    values: Vec<Box<[u8]>>,
    patterns: Vec<Pattern>,
    present: bool,
    absent: bool,
}

impl FieldMatcher {
    pub(super) fn compile(condition: &Condition, diagnostics: &mut Diagnostics) -> Self {
        let mut compiled = Self::default();
        for alternative in &condition.matcher.0 {
            match alternative {
                Alternative::Value(OrderedValue::Scalar(value)) => {
                    compiled.values.push(value.clone());
                }
                Alternative::Value(_) => {
                    let expected = "a string, a number, true, false or null, or {\"absent\": true}, {\"present\": true} \
                                    or {\"pattern\": <text>}, or an array of these";
                    refuse(condition, expected, diagnostics);
                }
                Alternative::Pattern(text) => {
                    compiled
                        .patterns
                        .extend(pattern(condition, text, diagnostics));
                }
                Alternative::Present => compiled.present = true,
                Alternative::Absent => compiled.absent = true,
            }
        }
        compiled
    }

    /// Whether the field matches; `None` if that is not known.
    pub(super) fn allows(&self, field: Field<'_>) -> Option<bool> {
        match field {
            Field::Unknown => None,
            Field::Absent => Some(self.absent),
            Field::Present(json) => {
                Some(self.present || str::from_utf8(json).is_ok_and(|json| self.allows_json(json)))
            }
        }
    }

    /// Whether any value matches.
    pub(super) fn allows_all(&self) -> bool {
        self.present
    }

    pub(super) fn allows_absence(&self) -> bool {
        self.absent
    }

    pub(super) fn allows_value(&self, value: &Scalar) -> bool {
        let by_pattern = || value.as_str().is_some_and(|text| self.allows_text(text));
        self.present || self.values.iter().any(|one| one.is_same(value)) || by_pattern()
    }

    pub(super) fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// Whether a pattern matches the text.
    pub(super) fn allows_text(&self, text: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.matches(text.as_bytes()))
    }

    fn allows_json(&self, json: &str) -> bool {
        let by_pattern = || text_of(json).is_some_and(|text| self.allows_text(&text));
        self.values.iter().any(|value| value.is_written_as(json))
            || self.has_patterns() && by_pattern()
    }
}

impl TextMatcher {
    pub(super) fn compile(condition: &Condition, diagnostics: &mut Diagnostics) -> Self {
        let is_header = matches!(
            condition.on,
            MatchTarget::Header(_) | MatchTarget::RequestHeader(_)
        );
        let mut compiled = Self::default();
        for alternative in &condition.matcher.0 {
            match alternative {
                Alternative::Value(OrderedValue::Scalar(Scalar::String(text)))
                | Alternative::Pattern(text)
                    if is_header && headers::header_value(text, diagnostics).is_none() => {}
                Alternative::Value(OrderedValue::Scalar(Scalar::String(text))) => {
                    compiled.values.push(text.as_bytes().into());
                }
                Alternative::Value(_) => {
                    let expected = "a string, {\"absent\": true}, {\"present\": true} or {\"pattern\": <text>}, or an \
                                    array of these";
                    refuse(condition, expected, diagnostics);
                }
                Alternative::Pattern(text) => {
                    compiled
                        .patterns
                        .extend(pattern(condition, text, diagnostics));
                }
                Alternative::Present => compiled.present = true,
                Alternative::Absent => compiled.absent = true,
            }
        }
        compiled
    }

    /// Whether one of the values matches, or that there is none.
    pub(super) fn allows<T: AsRef<[u8]>>(&self, texts: impl Iterator<Item = T>) -> bool {
        let mut is_there = false;
        for text in texts {
            if self.allows_text(text.as_ref()) {
                return true;
            }
            is_there = true;
        }
        self.absent && !is_there
    }

    fn allows_text(&self, text: &[u8]) -> bool {
        self.present
            || self.values.iter().any(|value| **value == *text)
            || self.patterns.iter().any(|pattern| pattern.matches(text))
    }
}

fn pattern(condition: &Condition, text: &str, diagnostics: &mut Diagnostics) -> Option<Pattern> {
    let parsed = Pattern::parse(text);
    if parsed.is_none() {
        refuse(condition, Pattern::EXPECTED, diagnostics);
    }
    parsed
}

/// Adds a fault of a condition at the current place.
pub(super) fn refuse(condition: &Condition, expected: &str, diagnostics: &mut Diagnostics) {
    let values = one_or_all(&condition.values()).to_string();
    diagnostics.add(FaultCode::InvalidCondition, values, expected);
}
