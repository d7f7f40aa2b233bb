//! From a template to its compiled form.

use http::HeaderName;

use super::{
    compiled_template::{
        CompiledEach, CompiledPlaceholder, CompiledSource, CompiledText, TemplatePart, TextPart,
    },
    conversion::{CompiledConversion, scalar_text},
    filled_template::CompiledTemplate,
    headers,
    request_head::{RequestInputs, TextSource},
};
use crate::{
    contract::definition::template::{
        Conversion, Node, Placeholder, PlaceholderSource, WhenAbsent,
    },
    diagnostics::{Diagnostics, FaultCode},
    json::{FieldScanner, OrderedValue},
};

/// Where templates find their values.
pub(super) struct TemplateSources<'c> {
    /// What is read of the bodies of responses of one status.
    pub(super) response: &'c mut FieldScanner,
    pub(super) request: &'c mut RequestInputs,
}

/// Where the placeholders of one shape find their values.
pub(super) struct TemplateInputs<'c, 's> {
    pub(super) sources: &'c mut TemplateSources<'s>,
    /// The fields that it takes from the response, one bit for each slot.
    pub(super) fields: u64,
    /// What is read of the element that is being replaced, where one is.
    pub(super) item: Option<FieldScanner>,
    pub(super) diagnostics: &'c mut Diagnostics,
}

#[derive(Default)]
struct TemplateParts {
    parts: Vec<TemplatePart>,
}

impl TemplateInputs<'_, '_> {
    /// A value that is always there.
    pub(super) fn template(&mut self, node: &Node) -> CompiledTemplate {
        let mut compiled = TemplateParts::default();
        compiled.always_there(node, self);
        CompiledTemplate::new(compiled.parts)
    }

    /// A value that may be absent.
    pub(super) fn parts(&mut self, node: &Node) -> Vec<TemplatePart> {
        let mut compiled = TemplateParts::default();
        compiled.node(node, self);
        compiled.parts
    }

    /// A text: a string, a number, a boolean or a placeholder for one.
    pub(super) fn text(&mut self, node: &Node) -> Option<CompiledText> {
        let part = match node {
            Node::Scalar(_) => TextPart::Text(scalar_text(&describe(node))?.into_owned()),
            Node::Placeholder(placeholder) => TextPart::Placeholder(self.placeholder(placeholder)?),
            Node::Invalid { value, expected } => {
                self.add(value, expected);
                return None;
            }
            _ => return None,
        };
        Some(CompiledText { parts: vec![part] })
    }

    /// Takes what was compiled within an element.
    pub(super) fn within<R>(
        &mut self,
        item: FieldScanner,
        compile: impl FnOnce(&mut Self) -> R,
    ) -> (R, FieldScanner) {
        let around = self.item.replace(item);
        let compiled = compile(self);
        let item = std::mem::replace(&mut self.item, around);
        (compiled, item.unwrap_or_default())
    }

    pub(super) fn at<R>(
        &mut self,
        token: impl std::fmt::Display,
        compile: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.diagnostics.enter(token);
        let compiled = compile(self);
        self.diagnostics.leave();
        compiled
    }

    /// Adds a fault of the template at the current place.
    pub(super) fn add(&mut self, value: impl AsRef<str>, expected: &str) {
        let code = FaultCode::InvalidTemplate;
        self.diagnostics.add(code, value, expected);
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Option<CompiledPlaceholder> {
        let source = self.source(&placeholder.source)?;
        let default = match &placeholder.when_absent {
            WhenAbsent::Skip | WhenAbsent::Omit => None,
            WhenAbsent::Default(default) => {
                Some(self.at("default", |inputs| inputs.parts(default)))
            }
        };
        Some(CompiledPlaceholder {
            source,
            conversion: placeholder.conversion.as_ref().map(conversion),
            default,
        })
    }

    fn source(&mut self, source: &PlaceholderSource) -> Option<CompiledSource> {
        Some(match source {
            PlaceholderSource::Field(pointer) => CompiledSource::Field(self.field(pointer)?),
            PlaceholderSource::Item(pointer) => {
                let Some(item) = &mut self.item else {
                    let expected = "$item only within $each, or where an edit sets a part whose pointer has a `*`";
                    self.add(pointer, expected);
                    return None;
                };
                CompiledSource::Item(item.add(pointer, self.diagnostics)?)
            }
            PlaceholderSource::ResponseHeader(name) => {
                CompiledSource::ResponseHeader(headers::header_name(name, self.diagnostics)?)
            }
            PlaceholderSource::Link(rel) => CompiledSource::Link(rel.as_str().into()),
            PlaceholderSource::Status => CompiledSource::Status,
            PlaceholderSource::RequestField(pointer) => {
                let fields = &mut self.sources.request.fields;
                CompiledSource::RequestField(fields.add(pointer, self.diagnostics)?)
            }
            PlaceholderSource::Header(names) => CompiledSource::Captured(header(names, self)?),
            PlaceholderSource::Path(name) => {
                let Some(parameter) = self.sources.request.path_parameter(name).cloned() else {
                    let expected = self.sources.request.expected_path_parameter();
                    self.add(name, &expected);
                    return None;
                };
                let source = TextSource::PathParameter(parameter);
                CompiledSource::Captured(self.sources.request.text(source))
            }
            PlaceholderSource::Query(name) => {
                let source = TextSource::QueryParameter(name.as_str().into());
                CompiledSource::Captured(self.sources.request.text(source))
            }
            PlaceholderSource::Text(parts) => {
                let part = |inputs: &mut Self, (index, part): (usize, &Node)| {
                    inputs.at(index, |inputs| inputs.text(part))
                };
                let parts = self.at("$text", |inputs| {
                    let texts = parts.iter().enumerate();
                    let texts = texts.filter_map(|text| part(inputs, text));
                    texts.flat_map(|text| text.parts).collect()
                });
                CompiledSource::Text(CompiledText { parts })
            }
            PlaceholderSource::Each { array, json } => {
                let array = self.field(array)?;
                let (compiled, items) = self.within(FieldScanner::default(), |inputs| {
                    inputs.at("json", |inputs| inputs.template(json))
                });
                let parts = compiled.parts;
                CompiledSource::Each(CompiledEach {
                    array,
                    items,
                    parts,
                })
            }
            PlaceholderSource::Uuid => CompiledSource::Uuid,
        })
    }

    fn field(&mut self, pointer: &str) -> Option<usize> {
        let slot = self.sources.response.add(pointer, self.diagnostics)?;
        self.fields |= 1 << slot;
        Some(slot)
    }
}

fn conversion(conversion: &Conversion) -> CompiledConversion {
    match conversion {
        Conversion::Map(pairs) => {
            let pair = |(from, to): &(OrderedValue, OrderedValue)| match from {
                OrderedValue::Scalar(from) => Some((from.clone(), to.to_string().into())),
                _ => None,
            };
            CompiledConversion::Map(pairs.iter().filter_map(pair).collect())
        }
        Conversion::Format(format) => CompiledConversion::Format(*format),
    }
}

impl TemplateParts {
    /// A value that cannot be omitted where it is.
    fn always_there(&mut self, node: &Node, inputs: &mut TemplateInputs<'_, '_>) {
        if node.may_be_absent() {
            let expected = "an optional placeholder or object only as the value of a member";
            inputs.add(describe(node), expected);
        }
        self.node(node, inputs);
    }

    fn node(&mut self, node: &Node, inputs: &mut TemplateInputs<'_, '_>) {
        match node {
            Node::Scalar(_) => self.text(&describe(node)),
            Node::Array(elements) => self.array(elements, inputs),
            Node::Object { members, .. } => self.object(members, inputs),
            Node::Placeholder(placeholder) => {
                if let Some(placeholder) = inputs.placeholder(placeholder) {
                    self.parts.push(TemplatePart::Placeholder(placeholder));
                }
            }
            Node::Invalid { value, expected } => {
                inputs.add(value, expected.as_str());
            }
        }
    }

    fn array(&mut self, elements: &[Node], inputs: &mut TemplateInputs<'_, '_>) {
        self.text("[");
        for (index, element) in elements.iter().enumerate() {
            self.text(if index == 0 { "" } else { "," });
            inputs.diagnostics.enter(index);
            self.always_there(element, inputs);
            inputs.diagnostics.leave();
        }
        self.text("]");
    }

    fn object(&mut self, members: &[(String, Node)], inputs: &mut TemplateInputs<'_, '_>) {
        self.text("{");
        // Whether a member that is always there has been written, so that the next needs a comma.
        let mut certain = false;
        for (index, (name, value)) in members.iter().enumerate() {
            inputs.diagnostics.enter(name);
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                let expected = "members with different names";
                inputs.add(name, expected);
            }
            let optional = value.may_be_absent();
            let mut member = Self::default();
            if certain {
                member.text(",");
            } else if index > 0 {
                member.parts.push(TemplatePart::Comma);
            }
            member.text(&format!("{}:", serde_json::Value::from(name.as_str())));
            member.node(value, inputs);
            inputs.diagnostics.leave();
            certain |= !optional;
            if optional {
                self.parts.push(TemplatePart::Optional(member.parts));
            } else {
                self.extend(member.parts);
            }
        }
        self.text("}");
    }

    /// Appends text to the text before it.
    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(TemplatePart::Text(before)) => before.push_str(text),
            _ => self.parts.push(TemplatePart::Text(text.to_owned())),
        }
    }

    fn extend(&mut self, parts: Vec<TemplatePart>) {
        for part in parts {
            match part {
                TemplatePart::Text(text) => self.text(&text),
                other => self.parts.push(other),
            }
        }
    }
}

fn header(names: &[String], inputs: &mut TemplateInputs<'_, '_>) -> Option<usize> {
    if names.is_empty() {
        inputs.add("[]", "the name of at least one header");
    }
    let parsed: Vec<_> = names
        .iter()
        .map(|name| headers::header_name(name, inputs.diagnostics))
        .collect();
    let names: Box<[HeaderName]> = parsed.into_iter().collect::<Option<_>>()?;
    Some(inputs.sources.request.text(TextSource::Headers(names)))
}

fn describe(node: &Node) -> String {
    serde_json::to_string(node).unwrap_or_default()
}
