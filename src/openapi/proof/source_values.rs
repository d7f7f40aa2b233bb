//! What the parts of responses and requests that placeholders take can be.

use serde_json::Value;

use super::{
    condition::tokens,
    exchange_parts::Origin,
    possible::{HeaderValues, PossibleBody},
    template_values::{PartValues, TemplateReader, always},
    text_values::{any_text, printable, text},
};
use crate::{
    contract::definition::template::{Node, PlaceholderSource},
    http_syntax::JsonByType,
    openapi::{
        document::place::Spoiled,
        values::value_set::{Alternative, Items, Kind, ValueSet},
    },
};

/// The most bytes of the request's head that a placeholder can fill in.
const CAPTURED_LENGTH: u64 = 128;

impl<'d> TemplateReader<'_, 'd> {
    /// Where the values come from, if they can be absent, and the values.
    pub(super) fn source(
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

/// What is not documented can be anything.
fn unknown<'d>() -> PartValues<'d> {
    PartValues {
        set: ValueSet::Any,
        can_be_absent: true,
    }
}
