//! From a template to its compiled form.

use http::HeaderName;
use serde::Serialize;

use super::{
    compiled_template::{CompiledPlaceholder, CompiledSource, CompiledTemplate, TemplatePart},
    headers, pointer,
    target_body::TargetBody,
};
use crate::{
    contract::definition::{
        endpoint::{MatchTarget, Outcome},
        template::{Node, Placeholder, PlaceholderSource, Template, WhenAbsent},
    },
    diagnostics::{Diagnostics, FaultCode},
    json::{self, FieldScanner},
};

/// What an endpoint's templates and conditions read of the request.
#[derive(Debug, Default)]
pub(crate) struct RequestPlaceholders {
    /// Fields of its body.
    pub(crate) fields: FieldScanner,
    /// Its headers, one list for each placeholder.
    pub(crate) headers: Vec<Box<[HeaderName]>>,
}

/// Where the placeholders of a template find their values.
struct TemplateInputs<'c> {
    /// The outcome whose legacy response it is.
    outcome: &'c Outcome,
    target_body: TargetBody,
    /// The fields that the template takes from the response.
    fields: &'c mut FieldScanner,
    /// What the endpoint takes from the request.
    request: &'c mut RequestPlaceholders,
    diagnostics: &'c mut Diagnostics,
}

#[derive(Default)]
struct TemplateParts {
    parts: Vec<TemplatePart>,
}

impl CompiledTemplate {
    /// How deep a template may be nested as a document has it, so that it can be read back wherever its contract is.
    const MAX_DEPTH: usize = json::MAX_DEPTH / 2;

    pub(super) fn compile(
        template: &Template,
        outcome: &Outcome,
        request: &mut RequestPlaceholders,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut fields = FieldScanner::default();
        let mut compiled = TemplateParts::default();
        diagnostics.at("json", |diagnostics| {
            let mut inputs = TemplateInputs {
                outcome,
                target_body: TargetBody::of(outcome),
                fields: &mut fields,
                request,
                diagnostics,
            };
            if template.0.is_deeper_than(Self::MAX_DEPTH) {
                let expected = format!("at most {} levels of arrays and objects", Self::MAX_DEPTH);
                inputs.add(format!("more than {} levels", Self::MAX_DEPTH), &expected);
                return;
            }
            compiled.always_there(&template.0, &mut inputs);
        });
        Self {
            fields,
            parts: compiled.parts,
        }
    }
}

impl TemplateInputs<'_> {
    /// Adds a fault of the template at the current place.
    fn add(&mut self, value: impl AsRef<str>, expected: &str) {
        let code = FaultCode::InvalidTemplate;
        self.diagnostics.add(code, value, expected);
    }

    /// Adds a fault if the outcome's conditions exclude a field.
    fn check_field(&mut self, on: &MatchTarget) {
        let (member, pointer) = on.place();
        if let (MatchTarget::Field(_), TargetBody::Without { cause, reason }) =
            (on, &self.target_body)
        {
            let value = format!("{pointer} of {cause}");
            self.add(value, &format!("no field of the response: {reason}"));
            return;
        }
        let conditions = self
            .outcome
            .conditions
            .iter()
            .map(|condition| condition.on.place());
        let mut outer = conditions.filter(|(other, _)| *other == member);
        if let Some((_, outer)) = outer.find(|(_, outer)| pointer::is_within(pointer, outer)) {
            let expected =
                format!("no field within {outer}, which a condition requires to be a scalar");
            self.add(pointer, &expected);
        }
    }
}

impl TemplateParts {
    /// A value that cannot be omitted where it is.
    fn always_there(&mut self, node: &Node, inputs: &mut TemplateInputs<'_>) {
        if may_be_absent(node) {
            let expected = "an optional placeholder or object only as the value of a member";
            inputs.add(describe(node), expected);
        }
        self.node(node, inputs);
    }

    fn node(&mut self, node: &Node, inputs: &mut TemplateInputs<'_>) {
        match node {
            Node::Scalar(_) => self.text(&describe(node)),
            Node::Array(elements) => self.array(elements, inputs),
            Node::Object {
                members,
                omit_when_empty,
            } => {
                if *omit_when_empty && (members.is_empty() || !may_be_absent(node)) {
                    let expected = "omit_when_empty only where the object has members, all of which can be omitted";
                    inputs.add(describe(node), expected);
                }
                self.object(members, inputs);
            }
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

    fn array(&mut self, elements: &[Node], inputs: &mut TemplateInputs<'_>) {
        self.text("[");
        for (index, element) in elements.iter().enumerate() {
            self.text(if index == 0 { "" } else { "," });
            inputs.diagnostics.enter(index);
            self.always_there(element, inputs);
            inputs.diagnostics.leave();
        }
        self.text("]");
    }

    fn object(&mut self, members: &[(String, Node)], inputs: &mut TemplateInputs<'_>) {
        self.text("{");
        // Whether a member that is always there has been written, so that the next needs a comma.
        let mut certain = false;
        for (index, (name, value)) in members.iter().enumerate() {
            inputs.diagnostics.enter(name);
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                let expected = "members with different names";
                inputs.add(name, expected);
            }
            let optional = may_be_absent(value);
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

/// Whether the node can be absent from a response.
fn may_be_absent(node: &Node) -> bool {
    match node {
        Node::Placeholder(placeholder) => match &placeholder.when_absent {
            WhenAbsent::Skip => false,
            WhenAbsent::Omit => true,
            WhenAbsent::Default(default) => may_be_absent(default),
        },
        Node::Object {
            members,
            omit_when_empty: true,
        } => members.iter().all(|(_, value)| may_be_absent(value)),
        _ => false,
    }
}

fn compile_placeholder(
    placeholder: &Placeholder,
    inputs: &mut TemplateInputs<'_>,
) -> Option<CompiledPlaceholder> {
    let source = match &placeholder.source {
        PlaceholderSource::Field(pointer) => {
            inputs.check_field(&MatchTarget::Field(pointer.clone()));
            CompiledSource::Field(pointer::field(pointer, inputs.fields, inputs.diagnostics)?)
        }
        PlaceholderSource::RequestField(pointer) => {
            inputs.check_field(&MatchTarget::RequestField(pointer.clone()));
            let fields = &mut inputs.request.fields;
            CompiledSource::RequestField(pointer::field(pointer, fields, inputs.diagnostics)?)
        }
        PlaceholderSource::Header(names) => CompiledSource::Header(header(names, inputs)?),
        PlaceholderSource::Uuid => {
            if placeholder.when_absent != WhenAbsent::Skip {
                let expected = "neither default nor omit_if_absent: a UUID is never absent";
                inputs.add(describe(placeholder), expected);
            }
            CompiledSource::Uuid
        }
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

fn header(names: &[String], inputs: &mut TemplateInputs<'_>) -> Option<usize> {
    if names.is_empty() {
        inputs.add("[]", "the name of at least one header");
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index]
            .iter()
            .any(|earlier| earlier.eq_ignore_ascii_case(name))
        {
            inputs.add(name, "each header once");
        }
    }
    let parsed: Vec<_> = names
        .iter()
        .map(|name| headers::header_name(name, inputs.diagnostics))
        .collect();
    let names: Box<[HeaderName]> = parsed.into_iter().collect::<Option<_>>()?;
    let known = inputs
        .request
        .headers
        .iter()
        .position(|earlier| *earlier == names);
    Some(known.unwrap_or_else(|| {
        inputs.request.headers.push(names);
        inputs.request.headers.len() - 1
    }))
}

fn describe(node: &impl Serialize) -> String {
    serde_json::to_string(node).unwrap_or_default()
}
