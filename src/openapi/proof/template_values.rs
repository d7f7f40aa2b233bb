//! What templates become.

use serde_json::Value;

use super::{
    condition::tokens,
    exchange_parts::{Input, Origin},
    possible::{HeaderValues, Possible, PossibleBody},
    text_values::{any_text, printable, text},
};
use crate::{
    contract::definition::template::{
        Conversion, Node, Placeholder, PlaceholderSource, Template, WhenAbsent,
    },
    http_syntax::JsonByType,
    openapi::{
        document::place::Spoiled,
        values::{
            reader::Reader,
            value_set::{Alternative, Items, Kind, Member, ValueSet},
        },
    },
};

/// The most bytes of the request's head that a placeholder can fill in.
const CAPTURED_LENGTH: u64 = 128;

/// What a part of a template can become.
pub(super) struct PartValues<'d> {
    pub(super) set: ValueSet<'d>,
    pub(super) can_be_absent: bool,
}

/// Reads templates as the sets of what they become.
pub(super) struct TemplateReader<'r, 'd> {
    pub(super) reader: &'r Reader<'d>,
    /// The bodies of requests, if a document describes them.
    requests: Option<&'r ValueSet<'d>>,
    matched: &'r Possible<'d>,
    /// The element that is being replaced.
    pub(super) item: Option<ValueSet<'d>>,
    pub(super) at: Vec<String>,
    pub(super) inputs: Vec<Input>,
    pub(super) stranding: Vec<Input>,
}

/// The values of a placeholder before its default, and where they come from.
pub(super) struct Sourced<'d> {
    pub(super) input: Option<Input>,
    pub(super) values: PartValues<'d>,
    /// Whether an input has the value as it is.
    is_plain: bool,
}

impl<'r, 'd> TemplateReader<'r, 'd> {
    pub(super) fn new(
        reader: &'r Reader<'d>,
        requests: Option<&'r ValueSet<'d>>,
        matched: &'r Possible<'d>,
    ) -> Self {
        Self {
            reader,
            requests,
            matched,
            item: None,
            at: Vec::new(),
            inputs: Vec::new(),
            stranding: Vec::new(),
        }
    }

    pub(super) fn node(&mut self, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        Ok(match node {
            Node::Scalar(value) => {
                let value = serde_json::to_value(value).unwrap_or_default();
                always(ValueSet::fixed([&value]))
            }
            Node::Array(elements) => {
                let mut sets = Vec::new();
                for (index, element) in elements.iter().enumerate() {
                    sets.push(self.within(&index.to_string(), element)?.set);
                }
                always(ValueSet::tuple(sets))
            }
            Node::Object {
                members,
                omit_when_empty,
            } => self.object(members, *omit_when_empty)?,
            Node::Placeholder(placeholder) => self.placeholder(placeholder)?,
            // Refused when the contract is built.
            Node::Invalid { .. } => always(ValueSet::Any),
        })
    }

    pub(super) fn within(&mut self, token: &str, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        self.at.push(token.to_owned());
        let values = self.node(node);
        self.at.pop();
        values
    }

    fn object(
        &mut self,
        members: &[(String, Node)],
        omit_when_empty: bool,
    ) -> Result<PartValues<'d>, Spoiled> {
        let mut sets = Vec::new();
        for (name, node) in members {
            let values = self.within(name, node)?;
            let member = Member {
                set: values.set,
                required: !values.can_be_absent,
            };
            sets.push((name.clone(), member));
        }
        let can_be_absent = omit_when_empty && sets.iter().all(|(_, member)| !member.required);
        // An object that is omitted when it is empty is never empty; which of its members it has is left open.
        let only = match sets.as_mut_slice() {
            [(_, only)] if can_be_absent => Some(only),
            _ => None,
        };
        if let Some(only) = only {
            only.required = true;
        }
        Ok(PartValues {
            set: ValueSet::object(sets),
            can_be_absent,
        })
    }

    /// Notes what strands a response in a part that is not compared with a schema.
    pub(super) fn strand(&mut self, at: &[&str], template: &Template) -> Result<(), Spoiled> {
        let inputs = self.inputs.len();
        self.at = at.iter().map(|token| (*token).to_owned()).collect();
        let values = self.node(&template.0);
        self.at.clear();
        self.inputs.truncate(inputs);
        values.map(drop)
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Result<PartValues<'d>, Spoiled> {
        let Sourced {
            input,
            values,
            is_plain,
        } = self.sourced(placeholder)?;
        // Of a value as it is the way back is known.
        let own = input
            .clone()
            .filter(|input| is_plain && input.has_way_back());
        self.inputs.extend(own);
        if !values.can_be_absent {
            return Ok(values);
        }
        Ok(match &placeholder.when_absent {
            WhenAbsent::Omit => values,
            WhenAbsent::Skip => {
                self.stranding.extend(input);
                PartValues {
                    can_be_absent: false,
                    ..values
                }
            }
            WhenAbsent::Default(default) => {
                let default = self.node(default)?;
                PartValues {
                    set: self.reader.union(vec![values.set, default.set]),
                    can_be_absent: default.can_be_absent,
                }
            }
        })
    }

    /// The values of a placeholder without its default.
    pub(super) fn sourced(&mut self, placeholder: &Placeholder) -> Result<Sourced<'d>, Spoiled> {
        let (origin, values) = self.source(&placeholder.source)?;
        let was_absent = values.can_be_absent;
        let values = match &placeholder.conversion {
            None => values,
            Some(conversion) => self.converted(&values, conversion)?,
        };
        let lack = match placeholder.conversion {
            _ if was_absent => "can be absent",
            Some(Conversion::Map(_)) => "can be a value that the map does not have",
            _ => "can be a value without that form",
        };
        let at = self.at.clone();
        let input = origin.map(|origin| Input { at, origin, lack });
        Ok(Sourced {
            input,
            values,
            is_plain: placeholder.conversion.is_none(),
        })
    }

    /// Where the values come from, if they can be absent, and the values.
    fn source(
        &mut self,
        source: &PlaceholderSource,
    ) -> Result<(Option<Origin>, PartValues<'d>), Spoiled> {
        let other = |what: String, set| {
            let values = PartValues {
                set,
                can_be_absent: true,
            };
            (Some(Origin::Other(what)), values)
        };
        Ok(match source {
            PlaceholderSource::Uuid => (
                None,
                always(ValueSet::kind(Kind::Text(text(36, 36, Some("uuid"))))),
            ),
            PlaceholderSource::Status => {
                let status = Value::from(self.matched.status);
                (None, always(ValueSet::fixed([&status])))
            }
            PlaceholderSource::Header(names) => {
                let values = PartValues {
                    set: ValueSet::kind(Kind::Text(printable(text(1, CAPTURED_LENGTH, None)))),
                    can_be_absent: true,
                };
                (Some(Origin::Header(names.clone())), values)
            }
            PlaceholderSource::Path(name) => {
                let what = format!("the path parameter {name}, if it is longer than 128 bytes,");
                other(
                    what,
                    ValueSet::kind(Kind::Text(text(1, CAPTURED_LENGTH, None))),
                )
            }
            PlaceholderSource::Query(name) => {
                let what = format!("the query parameter {name}");
                other(
                    what,
                    ValueSet::kind(Kind::Text(text(1, CAPTURED_LENGTH, None))),
                )
            }
            PlaceholderSource::ResponseHeader(name) => {
                let (set, certain) = self.header_texts(name)?;
                let values = PartValues {
                    set,
                    can_be_absent: !certain,
                };
                (
                    Some(Origin::Other(format!("the response header {name}"))),
                    values,
                )
            }
            PlaceholderSource::Link(rel) => other(
                format!("the link {rel}"),
                ValueSet::kind(Kind::Text(any_text())),
            ),
            PlaceholderSource::Item(pointer) => {
                let values = self.field(self.item.as_ref(), &tokens(pointer))?;
                let what = format!("the field {pointer} of an element");
                (Some(Origin::Other(what)), values)
            }
            PlaceholderSource::Text(parts) => self.concatenated(parts)?,
            PlaceholderSource::Field(pointer) => {
                let pointer = tokens(pointer);
                let values = self.field(self.target().as_ref(), &pointer)?;
                (Some(Origin::Field(pointer)), values)
            }
            PlaceholderSource::Each { array, json } => {
                let pointer = tokens(array);
                let field = self.field(self.target().as_ref(), &pointer)?;
                let what = format!("an array at /{}", pointer.join("/"));
                (Some(Origin::Other(what)), self.each(&field, json)?)
            }
            PlaceholderSource::RequestField(pointer) => {
                let pointer = tokens(pointer);
                let values = self.field(self.requests, &pointer)?;
                (Some(Origin::RequestField(pointer)), values)
            }
        })
    }

    /// The array with an element for each of those of a field.
    fn each(&mut self, field: &PartValues<'d>, json: &Node) -> Result<PartValues<'d>, Spoiled> {
        let mut can_be_absent = field.can_be_absent;
        let mut arrays = Vec::new();
        for alternative in self.reader.alternatives(&field.set)?.iter() {
            let Kind::Array(items) = &alternative.kind else {
                can_be_absent = true;
                continue;
            };
            let item = self.reader.union(items.elements());
            let element = self.for_item(item, |template| template.within("*", json))?;
            arrays.push(Alternative::of(Kind::Array(Items {
                rest: Box::new(element.set),
                least: items.least,
                most: items.most,
                ..Items::default()
            })));
        }
        Ok(PartValues {
            set: ValueSet::any_of(arrays),
            can_be_absent,
        })
    }

    /// Reads a template for the elements of a set; there is no way back to them.
    pub(super) fn for_item<R>(
        &mut self,
        item: ValueSet<'d>,
        read: impl FnOnce(&mut Self) -> Result<R, Spoiled>,
    ) -> Result<R, Spoiled> {
        let inputs = self.inputs.len();
        let around = self.item.replace(item);
        let result = read(self);
        self.item = around;
        self.inputs.truncate(inputs);
        result
    }

    /// The values of the target body, as far as they are documented.
    pub(super) fn target(&self) -> Option<ValueSet<'d>> {
        match (&self.matched.body, self.matched.json()) {
            (PossibleBody::Values(set), JsonByType::Yes) => Some(set.clone()),
            (PossibleBody::Absent, _) | (_, JsonByType::No) => Some(ValueSet::nothing()),
            _ => None,
        }
    }

    /// The lines of a response header, and whether it is always there.
    fn header_texts(&self, name: &str) -> Result<(ValueSet<'d>, bool), Spoiled> {
        let text = ValueSet::kind(Kind::Text(any_text()));
        let mut headers = self.matched.headers.iter();
        let Some(header) = headers.find(|header| header.name.eq_ignore_ascii_case(name)) else {
            return Ok((text, false));
        };
        let HeaderValues::Documented(Some(schema)) = &header.values else {
            return Ok((text, header.certain));
        };
        let set = ValueSet::Schema(schema.clone());
        let is_text = |of: &Alternative<'_>| matches!(of.kind, Kind::Text(_));
        let are_texts = self.reader.alternatives(&set)?.iter().all(is_text);
        // A text that no line can have is none.
        let is_plain = are_texts && self.reader.are_printable(&set);
        Ok((
            if are_texts { set } else { text },
            header.certain && (is_plain || !are_texts),
        ))
    }

    fn field(
        &self,
        set: Option<&ValueSet<'d>>,
        pointer: &[String],
    ) -> Result<PartValues<'d>, Spoiled> {
        let Some(set) = set else {
            return Ok(unknown());
        };
        let field = self.reader.field(set, pointer)?;
        let can_be_absent = field.can_be_absent || self.reader.is_empty(set, 4);
        Ok(PartValues {
            set: field.set,
            can_be_absent,
        })
    }
}

pub(super) fn always(set: ValueSet<'_>) -> PartValues<'_> {
    PartValues {
        set,
        can_be_absent: false,
    }
}

/// What is not documented can be anything.
fn unknown<'d>() -> PartValues<'d> {
    PartValues {
        set: ValueSet::Any,
        can_be_absent: true,
    }
}
