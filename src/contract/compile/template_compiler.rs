//! From a template to its compiled form.

use http::HeaderName;

use super::{
    compiled_template::{CompiledPlaceholder, CompiledSource, CompiledTemplate, TemplatePart},
    headers,
    request_head::{RequestInputs, TextSource},
};
use crate::{
    contract::definition::template::{Node, Placeholder, PlaceholderSource, Template, WhenAbsent},
    diagnostics::{Diagnostics, FaultCode},
    json::FieldScanner,
};

/// Where templates find their values.
pub(super) struct TemplateSources<'c> {
    /// What is read of the bodies of responses of one status.
    pub(super) response: &'c mut FieldScanner,
    pub(super) request: &'c mut RequestInputs,
}

/// Where the placeholders of one template find their values.
struct TemplateInputs<'c, 's> {
    sources: &'c mut TemplateSources<'s>,
    /// The fields that the template takes from the response, one bit for each slot.
    fields: u64,
    diagnostics: &'c mut Diagnostics,
}

#[derive(Default)]
struct TemplateParts {
    parts: Vec<TemplatePart>,
}

impl CompiledTemplate {
    pub(super) fn compile(
        template: &Template,
        sources: &mut TemplateSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut compiled = TemplateParts::default();
        let fields = diagnostics.at("json", |diagnostics| {
            let mut inputs = TemplateInputs {
                sources,
                fields: 0,
                diagnostics,
            };
            compiled.always_there(&template.0, &mut inputs);
            inputs.fields
        });
        Self {
            fields,
            parts: compiled.parts,
        }
    }
}

impl TemplateInputs<'_, '_> {
    /// Adds a fault of the template at the current place.
    fn add(&mut self, value: impl AsRef<str>, expected: &str) {
        let code = FaultCode::InvalidTemplate;
        self.diagnostics.add(code, value, expected);
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
                if let Some(placeholder) = compile_placeholder(placeholder, inputs) {
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

fn compile_placeholder(
    placeholder: &Placeholder,
    inputs: &mut TemplateInputs<'_, '_>,
) -> Option<CompiledPlaceholder> {
    let source = match &placeholder.source {
        PlaceholderSource::Field(pointer) => {
            let slot = inputs.sources.response.add(pointer, inputs.diagnostics)?;
            inputs.fields |= 1 << slot;
            CompiledSource::Field(slot)
        }
        PlaceholderSource::RequestField(pointer) => {
            let fields = &mut inputs.sources.request.fields;
            CompiledSource::RequestField(fields.add(pointer, inputs.diagnostics)?)
        }
        PlaceholderSource::Header(names) => CompiledSource::Header(header(names, inputs)?),
        PlaceholderSource::Uuid => CompiledSource::Uuid,
    };
    let default = match &placeholder.when_absent {
        WhenAbsent::Skip | WhenAbsent::Omit => None,
        WhenAbsent::Default(default) => {
            let mut compiled = TemplateParts::default();
            inputs.diagnostics.enter("default");
            compiled.node(default, inputs);
            inputs.diagnostics.leave();
            Some(compiled.parts)
        }
    };
    Some(CompiledPlaceholder { source, default })
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
    let request = &mut inputs.sources.request;
    Some(request.text(TextSource::Headers(names)))
}

fn describe(node: &Node) -> String {
    serde_json::to_string(node).unwrap_or_default()
}
