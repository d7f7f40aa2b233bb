//! Values in another form: mapped to others, or written as texts, numbers or dates.

use serde_json::Value;

use super::{
    template_values::{PartValues, TemplateReader},
    text_values::{any_text, printable, text},
};
use crate::{
    contract::{
        compile::formatted,
        definition::{template::Conversion, value_format::ValueFormat},
    },
    json::OrderedValue,
    openapi::{
        document::place::Spoiled,
        values::{
            magnitude::Magnitude,
            value_set::{Alternative, Bound, Kind, Numbers, Texts, ValueSet},
        },
    },
};

/// The last second that a date can be in: 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

impl<'d> TemplateReader<'_, 'd> {
    /// What values become; those that have no such form are absent.
    pub(super) fn converted(
        &self,
        values: &PartValues<'d>,
        conversion: &Conversion,
    ) -> Result<PartValues<'d>, Spoiled> {
        let mut can_be_absent = values.can_be_absent;
        let mut converted = Vec::new();
        for alternative in self.reader.alternatives(&values.set)?.iter() {
            let (kinds, is_total) = match conversion {
                Conversion::Map(pairs) => self.mapped(&alternative.kind, pairs),
                Conversion::Format(format) => self.formatted(&alternative.kind, *format),
            };
            can_be_absent |= !is_total;
            converted.extend(kinds);
        }
        Ok(PartValues {
            set: ValueSet::any_of(converted),
            can_be_absent,
        })
    }

    /// What the pairs make of values, and whether of each.
    fn mapped(
        &self,
        kind: &Kind<'d>,
        pairs: &[(OrderedValue, OrderedValue)],
    ) -> (Vec<Alternative<'d>>, bool) {
        let is_from = |from: &OrderedValue, value: &Value| match from {
            OrderedValue::Scalar(from) => from.is_written_as(&value.to_string()),
            _ => false,
        };
        let mapped = |value: &Value| {
            let pair = pairs.iter().find(|(from, _)| is_from(from, value))?;
            serde_json::to_value(&pair.1).ok()
        };
        if let Some(listed) = self.reader.listed(kind) {
            return listed_parts(&listed, mapped);
        }
        let can_be = |from: &OrderedValue| {
            let from = serde_json::to_value(from).unwrap_or_default();
            self.reader.checks.allows(kind, &from) != Some(false)
        };
        let possible = pairs.iter().filter(|(from, _)| can_be(from));
        let values = possible.filter_map(|(_, to)| serde_json::to_value(to).ok());
        (listed_alternatives(&values.collect::<Vec<_>>()), false)
    }

    /// What a format makes of values, and whether of each.
    fn formatted(&self, kind: &Kind<'d>, format: ValueFormat) -> (Vec<Alternative<'d>>, bool) {
        if let Some(listed) = self.reader.listed(kind) {
            return listed_parts(&listed, |value| formatted(value, format));
        }
        let (kind, is_total) = match (format, kind) {
            (_, Kind::Array(_) | Kind::Object(_)) => return (Vec::new(), false),
            (ValueFormat::Text, Kind::Text(texts)) => (Kind::Text(texts.clone()), true),
            (ValueFormat::Text, _) => {
                let least = 1;
                (
                    Kind::Text(printable(Texts {
                        least,
                        ..any_text()
                    })),
                    true,
                )
            }
            (ValueFormat::Number, Kind::Number(numbers)) => (Kind::Number(numbers.clone()), true),
            (ValueFormat::Number, _) => (Kind::Number(Numbers::default()), false),
            (ValueFormat::UnixSeconds, _) => {
                let bound = |value: i64| {
                    let value = Magnitude::of(&value.into())?;
                    let exclusive = false;
                    Some(Bound { value, exclusive })
                };
                let seconds = Numbers {
                    integer: true,
                    least: bound(0),
                    most: bound(LAST_SECOND),
                    ..Numbers::default()
                };
                (Kind::Number(seconds), is_moment(kind))
            }
            (ValueFormat::Rfc3339, _) => {
                (Kind::Text(text(20, 20, Some("date-time"))), is_moment(kind))
            }
            (ValueFormat::HttpDate, _) => {
                (Kind::Text(printable(text(29, 29, None))), is_moment(kind))
            }
        };
        (vec![Alternative::of(kind)], is_total)
    }
}

/// The other forms of listed values, and whether each has one.
fn listed_parts<'d>(
    listed: &[Value],
    other_form: impl Fn(&Value) -> Option<Value>,
) -> (Vec<Alternative<'d>>, bool) {
    let found: Vec<Value> = listed.iter().filter_map(other_form).collect();
    (listed_alternatives(&found), found.len() == listed.len())
}

pub(super) fn listed_alternatives<'d>(values: &[Value]) -> Vec<Alternative<'d>> {
    match ValueSet::fixed(values) {
        ValueSet::AnyOf(alternatives) => alternatives.to_vec(),
        _ => Vec::new(),
    }
}

/// Whether each value is a moment that every format of dates has: an integer, which is spelled in digits, within its bounds.
fn is_moment(kind: &Kind<'_>) -> bool {
    let Kind::Number(numbers) = kind else {
        return false;
    };
    let bounds = numbers.least.zip(numbers.most);
    numbers.integer
        && bounds.is_some_and(|(least, most)| {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let last = LAST_SECOND as f64;
            least.value.float >= 0.0 && most.value.float <= last
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_listed_value_becomes_what_the_layer_makes_of_it() {
        for (value, format, expected) in [
            (json!(7), ValueFormat::Text, Some(json!("7"))),
            (json!("7"), ValueFormat::Number, Some(json!(7))),
            (
                json!(0),
                ValueFormat::Rfc3339,
                Some(json!("1970-01-01T00:00:00Z")),
            ),
            (json!("x"), ValueFormat::Number, None),
        ] {
            assert_eq!(formatted(&value, format), expected, "{value}");
        }
    }
}
