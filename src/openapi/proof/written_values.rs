//! Values written as texts into a header, a form, or a longer text.

use serde_json::Value;

use super::{
    converted_values::listed_alternatives,
    exchange_parts::{Input, Origin},
    template_values::{PartValues, Sourced, TemplateReader},
    text_values::{is_short_and_printable, printable, text},
};
use crate::{
    contract::definition::{
        template::{Conversion, Node, WhenAbsent},
        value_format::ValueFormat,
    },
    openapi::{
        document::place::Spoiled,
        values::{
            reader::Reader,
            value_set::{Alternative, Kind, Texts, ValueSet},
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
