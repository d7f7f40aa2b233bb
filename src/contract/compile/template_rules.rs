//! Templates whose placeholders can be filled, and that can be read back.

use serde::Serialize;

use super::{pointer, target_body::TargetBody};
use crate::{
    contract::definition::{
        condition::MatchTarget,
        endpoint::Outcome,
        template::{Node, Placeholder, PlaceholderSource, Template, WhenAbsent},
    },
    diagnostics::{Diagnostics, FaultCode},
    json::MAX_DOCUMENT_DEPTH,
};

/// How deep a template may be nested as a document has it, so that it can be read back wherever its contract is.
const MAX_DEPTH: usize = MAX_DOCUMENT_DEPTH / 2;

/// Adds the faults of a template for the legacy response of `outcome`. Returns whether the template is worth compiling.
pub(super) fn check(template: &Template, outcome: &Outcome, diagnostics: &mut Diagnostics) -> bool {
    let too_deep = template.0.is_deeper_than(MAX_DEPTH);
    if too_deep {
        let found = format!("more than {MAX_DEPTH} levels");
        let expected = format!("at most {MAX_DEPTH} levels of arrays and objects");
        diagnostics.add(FaultCode::InvalidTemplate, found, expected);
    } else {
        let target_body = TargetBody::of(outcome);
        let mut rules = Rules {
            outcome,
            target_body,
            diagnostics,
        };
        rules.check(&template.0);
    }
    !too_deep
}

struct Rules<'c> {
    outcome: &'c Outcome,
    target_body: TargetBody,
    diagnostics: &'c mut Diagnostics,
}

impl Rules<'_> {
    fn check(&mut self, node: &Node) {
        match node {
            Node::Scalar(_) | Node::Invalid { .. } => {}
            Node::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.check_at(&index.to_string(), element);
                }
            }
            Node::Object {
                members,
                omit_when_empty,
            } => {
                if *omit_when_empty && (members.is_empty() || !node.may_be_absent()) {
                    let expected = "omit_when_empty only where the object has members, all of which can be omitted";
                    self.add(describe(node), expected);
                }
                for (name, member) in members {
                    self.check_at(name, member);
                }
            }
            Node::Placeholder(placeholder) => self.check_placeholder(placeholder),
        }
    }

    fn check_at(&mut self, token: &str, node: &Node) {
        self.diagnostics.enter(token);
        self.check(node);
        self.diagnostics.leave();
    }

    fn check_placeholder(&mut self, placeholder: &Placeholder) {
        match &placeholder.source {
            PlaceholderSource::Field(pointer) => {
                self.check_field(&MatchTarget::Field(pointer.clone()));
            }
            PlaceholderSource::RequestField(pointer) => {
                self.check_field(&MatchTarget::RequestField(pointer.clone()));
            }
            PlaceholderSource::Header(names) => self.check_names(names),
            PlaceholderSource::Uuid if placeholder.when_absent != WhenAbsent::Skip => {
                let expected = "neither default nor omit_if_absent: a UUID is never absent";
                self.add(describe(placeholder), expected);
            }
            PlaceholderSource::Uuid => {}
        }
        if let WhenAbsent::Default(default) = &placeholder.when_absent {
            self.check_at("default", default);
        }
    }

    /// A field that the outcome's conditions leave to its responses.
    fn check_field(&mut self, on: &MatchTarget) {
        let (member, pointer) = on.place();
        pointer::check(pointer, self.diagnostics);
        if let (MatchTarget::Field(_), TargetBody::Without { cause, reason }) =
            (on, &self.target_body)
        {
            let found = format!("{pointer} ({cause})");
            let expected = format!("no field of the response: {reason}");
            self.add(found, &expected);
            return;
        }
        let conditions = self.outcome.conditions.iter();
        let conditions = conditions
            .filter(|condition| condition.matcher.excludes_fields())
            .map(|condition| condition.on.place());
        let mut outer = conditions.filter(|(other, _)| *other == member);
        if let Some((_, outer)) = outer.find(|(_, outer)| pointer::is_within(pointer, outer)) {
            let expected =
                format!("no field within {outer}, which a condition requires to be a scalar");
            self.add(pointer, &expected);
        }
    }

    fn check_names(&mut self, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            if names[..index]
                .iter()
                .any(|earlier| earlier.eq_ignore_ascii_case(name))
            {
                self.add(name, "each header once, in whatever case");
            }
        }
    }

    fn add(&mut self, found: impl AsRef<str>, expected: &str) {
        self.diagnostics
            .add(FaultCode::InvalidTemplate, found, expected);
    }
}

fn describe(part: &impl Serialize) -> String {
    serde_json::to_string(part).unwrap_or_default()
}
