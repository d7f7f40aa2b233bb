//! Values in another form: converted, and written as texts into a header, a form, or a longer text.

use serde_json::Value;

use super::{
    exchange_parts::{Input, Origin},
    template_values::{PartValues, Sourced, TemplateReader},
};
use crate::{
    contract::{
        compile::formatted,
        definition::{
            template::{Conversion, Node, WhenAbsent},
            value_format::ValueFormat,
        },
    },
    json::OrderedValue,
    openapi::{
        document::place::Spoiled,
        values::{
            reader::Reader,
            value_set::{Alternative, Bound, Kind, Magnitude, Numbers, Texts, ValueSet},
        },
    },
};

/// Values as texts.
#[derive(Clone)]
pub(crate) struct Written<'d> {
    /// The values, where their own type counts.
    values: ValueSet<'d>,
    pub(crate) texts: ValueSet<'d>,
}

/// Values as texts, and why they may be absent.
struct Part<'d> {
    written: Written<'d>,
    can_be_absent: bool,
    input: Option<Input>,
}

/// Whether a text can be where it is to be written.
type Fits = fn(&str) -> bool;

/// More texts than this are not listed.
const MAX_LISTED: usize = 64;

/// The last second that a date can be in: 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

impl<'d> Written<'d> {
    /// The values as a reader of this schema understands them.
    pub(crate) fn read_by(
        &self,
        reader: &Reader<'d>,
        schema: &ValueSet<'d>,
    ) -> Result<ValueSet<'d>, Spoiled> {
        let is_plain = |of: &Alternative<'_>| matches!(of.kind, Kind::Number(_) | Kind::Boolean(_));
        if !reader.alternatives(schema)?.iter().all(is_plain) {
            return Ok(self.texts.clone());
        }
        let mut read = Vec::new();
        for alternative in reader.alternatives(&self.values)?.iter() {
            match (&alternative.kind, alternative.kind.listed()) {
                (Kind::Text(_), Some(texts)) => {
                    let texts = texts.iter().map(|text| {
                        let parsed = text
                            .as_str()
                            .and_then(|text| serde_json::from_str(text).ok());
                        parsed.unwrap_or_else(|| text.clone())
                    });
                    let texts: Vec<Value> = texts.collect();
                    read.extend(
                        reader
                            .alternatives(&ValueSet::fixed(&texts))?
                            .iter()
                            .cloned(),
                    );
                }
                _ => read.push(alternative.clone()),
            }
        }
        Ok(ValueSet::any_of(read))
    }
}

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
        let (values, is_total): (Vec<Value>, bool) = match self.reader.listed(kind) {
            Some(listed) => {
                let found: Vec<Option<Value>> = listed.iter().map(mapped).collect();
                let is_total = found.iter().all(Option::is_some);
                (found.into_iter().flatten().collect(), is_total)
            }
            None => {
                let can_be = |from: &OrderedValue| {
                    let from = serde_json::to_value(from).unwrap_or_default();
                    self.reader.checks.allows(kind, &from) != Some(false)
                };
                let pairs = pairs.iter().filter(|(from, _)| can_be(from));
                (
                    pairs
                        .filter_map(|(_, to)| serde_json::to_value(to).ok())
                        .collect(),
                    false,
                )
            }
        };
        (listed_alternatives(&values), is_total)
    }

    /// What a format makes of values, and whether of each.
    fn formatted(&self, kind: &Kind<'d>, format: ValueFormat) -> (Vec<Alternative<'d>>, bool) {
        if let Some(listed) = self.reader.listed(kind) {
            let found: Vec<Option<Value>> = listed
                .iter()
                .map(|value| formatted(value, format))
                .collect();
            let is_total = found.iter().all(Option::is_some);
            let values: Vec<Value> = found.into_iter().flatten().collect();
            return (listed_alternatives(&values), is_total);
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

    /// A text that has to be there.
    pub(super) fn required_text(
        &mut self,
        node: &Node,
        fits: Fits,
    ) -> Result<Written<'d>, Spoiled> {
        let part = self.part(node, fits)?;
        if part.can_be_absent && !node.may_be_absent() {
            self.stranding.extend(part.input);
        }
        Ok(part.written)
    }

    /// A text at a place of the shape; it has to be there unless the template says otherwise.
    pub(super) fn text_at(
        &mut self,
        at: &[&str],
        node: &Node,
        fits: Fits,
    ) -> Result<Written<'d>, Spoiled> {
        self.at = at.iter().map(|token| (*token).to_owned()).collect();
        let written = self.required_text(node, fits);
        self.at.clear();
        written
    }

    /// Texts one after the other; absent if one of them is.
    pub(super) fn concatenated(
        &mut self,
        nodes: &[Node],
    ) -> Result<(Option<Origin>, PartValues<'d>), Spoiled> {
        let mut listed = Some(vec![String::new()]);
        let mut whole = printable(text(0, 0, None));
        let mut absent = None;
        for node in nodes {
            let part = self.part(node, |_| true)?;
            if part.can_be_absent {
                let origin = part.input.map(|input| input.origin);
                absent = absent.or_else(|| Some(origin.unwrap_or_else(no_text)));
            }
            let texts = self.reader.alternatives(&part.written.texts)?;
            listed = listed.and_then(|listed| self.appended(&listed, &texts));
            append_bounds(&mut whole, &texts);
        }
        let set = match listed {
            Some(listed) => {
                let listed: Vec<Value> = listed.into_iter().map(Value::from).collect();
                ValueSet::fixed(&listed)
            }
            None => ValueSet::kind(Kind::Text(whole)),
        };
        let can_be_absent = absent.is_some();
        let origin = absent.unwrap_or_else(no_text);
        Ok((Some(origin), PartValues { set, can_be_absent }))
    }

    /// All texts with all others behind them, if they are listed and few.
    fn appended(&self, texts: &[String], others: &[Alternative<'d>]) -> Option<Vec<String>> {
        let others: Option<Vec<Vec<Value>>> = others
            .iter()
            .map(|other| self.reader.listed(&other.kind))
            .collect();
        let others = others?.concat();
        let appended = texts.iter().flat_map(|text| {
            let others = others.iter().filter_map(Value::as_str);
            others.map(move |other| format!("{text}{other}"))
        });
        (texts.len() * others.len() <= MAX_LISTED).then(|| appended.collect())
    }

    fn part(&mut self, node: &Node, fits: Fits) -> Result<Part<'d>, Spoiled> {
        match node {
            Node::Scalar(scalar) => {
                let value = serde_json::to_value(scalar).unwrap_or_default();
                self.written(&ValueSet::fixed([&value]), |_| true)
            }
            Node::Placeholder(placeholder) => {
                let Sourced { input, values, .. } = self.sourced(placeholder)?;
                let mut part = self.written(&values.set, fits)?;
                let input = input.map(|input| match values.can_be_absent {
                    true => input,
                    false => Input {
                        lack: "can be a value that cannot be written there",
                        ..input
                    },
                });
                part.can_be_absent |= values.can_be_absent;
                part.input = input;
                match &placeholder.when_absent {
                    WhenAbsent::Default(default) if part.can_be_absent => {
                        let default = self.part(default, fits)?;
                        let union = |one, other| self.reader.union(vec![one, other]);
                        part.written.values = union(part.written.values, default.written.values);
                        part.written.texts = union(part.written.texts, default.written.texts);
                        part.can_be_absent = default.can_be_absent;
                    }
                    _ => {}
                }
                Ok(part)
            }
            // Refused when the contract is built.
            _ => self.written(&ValueSet::nothing(), fits),
        }
    }

    fn written(&self, values: &ValueSet<'d>, fits: Fits) -> Result<Part<'d>, Spoiled> {
        let values = PartValues {
            set: values.clone(),
            can_be_absent: false,
        };
        let texts = self.converted(&values, &Conversion::Format(ValueFormat::Text))?;
        let mut can_be_absent = texts.can_be_absent;
        let mut fitting = Vec::new();
        for alternative in self.reader.alternatives(&texts.set)?.iter() {
            let Some(mut listed) = self.reader.listed(&alternative.kind) else {
                can_be_absent |= !fits("\u{7f}") && !is_short_and_printable(&alternative.kind);
                fitting.push(alternative.clone());
                continue;
            };
            let all = listed.len();
            listed.retain(|text| text.as_str().is_some_and(fits));
            can_be_absent |= listed.len() < all;
            fitting.extend(listed_alternatives(&listed));
        }
        Ok(Part {
            written: Written {
                values: values.set,
                texts: ValueSet::any_of(fitting),
            },
            can_be_absent,
            input: None,
        })
    }
}

impl<'d> Reader<'d> {
    /// Whether all texts of a set can be in a header line.
    pub(super) fn are_printable(&self, set: &ValueSet<'d>) -> bool {
        let is_printable = |of: &Alternative<'d>| match self.listed(&of.kind) {
            Some(listed) => listed.iter().all(|text| text.as_str().is_some_and(is_line)),
            None => is_short_and_printable(&of.kind),
        };
        self.alternatives(set)
            .is_ok_and(|all| all.iter().all(is_printable))
    }
}

fn is_line(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

fn no_text() -> Origin {
    Origin::Other("a part of the text".to_owned())
}

fn append_bounds(whole: &mut Texts, others: &[Alternative<'_>]) {
    let bounds = others.iter().map(|other| match &other.kind {
        Kind::Text(Texts {
            values: Some(values),
            ..
        }) => {
            let lengths = || values.iter().map(|text| text.chars().count() as u64);
            (lengths().min().unwrap_or_default(), lengths().max())
        }
        Kind::Text(texts) => (texts.least, texts.most),
        _ => (0, None),
    });
    let bounds: Vec<(u64, Option<u64>)> = bounds.collect();
    let least = bounds.iter().map(|(least, _)| *least).min();
    let most: Option<Vec<u64>> = bounds.iter().map(|(_, most)| *most).collect();
    let most = most.map(|most| most.into_iter().max().unwrap_or_default());
    whole.least += least.unwrap_or_default();
    whole.most = whole.most.zip(most).map(|(one, other)| one + other);
    let printable = |other: &Alternative<'_>| match &other.kind {
        Kind::Text(Texts {
            values: Some(values),
            ..
        }) => values.iter().all(|text| is_line(text)),
        kind => is_short_and_printable(kind),
    };
    if !others.iter().all(printable) {
        whole.patterns.clear();
    }
}

fn listed_alternatives<'d>(values: &[Value]) -> Vec<Alternative<'d>> {
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

pub(super) fn any_text() -> Texts {
    Texts::default()
}

pub(super) fn text(least: u64, most: u64, format: Option<&str>) -> Texts {
    Texts {
        least,
        most: Some(most),
        formats: format.map(ToOwned::to_owned).into_iter().collect(),
        ..Texts::default()
    }
}

/// What all texts in visible ASCII and spaces satisfy.
const PRINTABLE: &str = "^[ -~]*$";

/// Texts of which it is known that they are in visible ASCII, with spaces only between.
pub(super) fn printable(texts: Texts) -> Texts {
    Texts {
        patterns: vec![PRINTABLE.to_owned()],
        ..texts
    }
}

fn is_short_and_printable(kind: &Kind<'_>) -> bool {
    const FORMATS: [&str; 6] = ["uuid", "date-time", "date", "time", "ipv4", "ipv6"];
    let Kind::Text(texts) = kind else {
        return false;
    };
    let plain = |format: &String| FORMATS.contains(&format.as_str());
    let is_printable = texts.patterns.iter().any(|pattern| pattern == PRINTABLE);
    let is_short = texts.most.is_none_or(|most| most <= 4096) && texts.least > 0;
    texts.formats.iter().any(plain) || is_printable && is_short
}
