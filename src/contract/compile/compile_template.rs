//! From a template to its compiled form.

use http::HeaderName;

use super::{
    fields::field,
    headers,
    template::{Compiled, Otherwise, Part, Placeholder, Source},
};
use crate::{
    contract::{
        error::{FaultKind, Faults},
        template::{self, Node, Template, WhenAbsent},
    },
    json::FieldScanner,
};

/// Where the holes of a template find their values.
pub(super) struct Sources<'c> {
    /// The fields that the template takes from the answer.
    pub(super) fields: &'c mut FieldScanner,
    /// The fields that the endpoint takes from the request.
    pub(super) request_fields: &'c mut FieldScanner,
    /// The request headers that the endpoint's templates take, one list for each hole.
    pub(super) headers: &'c mut Vec<Box<[HeaderName]>>,
    pub(super) faults: &'c mut Faults,
}

impl Compiled {
    pub(super) fn compile(template: &Template, sources: &mut Sources<'_>) -> Self {
        let mut compiled = Self::default();
        compiled.always_there(&template.0, sources);
        compiled
    }

    /// A value that cannot be left out where it stands.
    fn always_there(&mut self, node: &Node, sources: &mut Sources<'_>) {
        if may_be_absent(node) {
            let expected = "an optional hole or object only as the value of an object's member";
            sources
                .faults
                .add(FaultKind::InvalidTemplate, describe(node), expected);
        }
        self.node(node, sources);
    }

    fn node(&mut self, node: &Node, sources: &mut Sources<'_>) {
        match node {
            Node::Scalar(value) => self.text(&value.to_string()),
            Node::Array(elements) => self.array(elements, sources),
            Node::Object { members, .. } => self.object(members, sources),
            Node::Placeholder(placeholder) => {
                if let Some(placeholder) = compile_placeholder(placeholder, sources) {
                    self.parts.push(Part::Placeholder(placeholder));
                }
            }
            Node::Invalid { value, expected } => {
                sources
                    .faults
                    .add(FaultKind::InvalidTemplate, value, expected);
            }
        }
    }

    fn array(&mut self, elements: &[Node], sources: &mut Sources<'_>) {
        self.text("[");
        for (index, element) in elements.iter().enumerate() {
            self.text(if index == 0 { "" } else { "," });
            self.always_there(element, sources);
        }
        self.text("]");
    }

    fn object(&mut self, members: &[(String, Node)], sources: &mut Sources<'_>) {
        self.text("{");
        let mut comma = Comma::Never;
        for (index, (name, value)) in members.iter().enumerate() {
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                let expected = "member names that differ within one object";
                sources.faults.add(
                    FaultKind::InvalidTemplate,
                    format!("member {name:?}"),
                    expected,
                );
            }
            let optional = may_be_absent(value);
            let mut member = Self::default();
            member.comma(comma);
            member.text(&format!("{}:", serde_json::Value::from(name.as_str())));
            member.node(value, sources);
            comma = comma.after(!optional);
            if optional {
                self.parts.push(Part::Optional(member.parts));
            } else {
                self.extend(member.parts);
            }
        }
        self.text("}");
    }

    fn comma(&mut self, comma: Comma) {
        match comma {
            Comma::Never => {}
            Comma::Perhaps => self.parts.push(Part::Comma),
            Comma::Always => self.text(","),
        }
    }

    /// Text joins the text before it.
    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn extend(&mut self, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::Text(text) => self.text(&text),
                other => self.parts.push(other),
            }
        }
    }
}

/// Whether a member of an object needs a comma before it.
#[derive(Clone, Copy)]
enum Comma {
    Never,
    Perhaps,
    Always,
}

impl Comma {
    fn after(self, certain: bool) -> Self {
        match self {
            _ if certain => Self::Always,
            Self::Never => Self::Perhaps,
            before => before,
        }
    }
}

/// Whether there can be answers for which the node has no value and is left out.
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
    placeholder: &template::Placeholder,
    sources: &mut Sources<'_>,
) -> Option<Placeholder> {
    let source = match &placeholder.source {
        template::Source::Field(pointer) => {
            Source::Field(field(pointer, sources.fields, sources.faults)?)
        }
        template::Source::RequestField(pointer) => {
            Source::RequestField(field(pointer, sources.request_fields, sources.faults)?)
        }
        template::Source::Header(names) => Source::Header(header(names, sources)?),
        template::Source::Uuid => Source::Uuid,
    };
    let otherwise = match &placeholder.when_absent {
        WhenAbsent::Skip | WhenAbsent::Omit => Otherwise::Nothing,
        WhenAbsent::Default(default) => {
            let mut compiled = Compiled::default();
            compiled.node(default, sources);
            Otherwise::Default(compiled.parts)
        }
    };
    Some(Placeholder { source, otherwise })
}

fn header(names: &[String], sources: &mut Sources<'_>) -> Option<usize> {
    if names.is_empty() {
        sources.faults.add(
            FaultKind::InvalidTemplate,
            "header hole",
            "the name of at least one header",
        );
    }
    let parsed: Vec<_> = names
        .iter()
        .map(|name| headers::name(name, sources.faults))
        .collect();
    let names: Box<[HeaderName]> = parsed.into_iter().collect::<Option<_>>()?;
    let known = sources.headers.iter().position(|earlier| *earlier == names);
    Some(known.unwrap_or_else(|| {
        sources.headers.push(names);
        sources.headers.len() - 1
    }))
}

fn describe(node: &Node) -> String {
    Template(node.clone()).to_tree().to_string()
}
