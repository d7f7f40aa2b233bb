//! Templates whose placeholders can be filled, and that can be read back.

use serde::Serialize;

use super::{headers::is_filled_value, pointer, status::taken_statuses, target_body::TargetBody};
use crate::{
    contract::definition::{
        condition::MatchTarget,
        endpoint::Outcome,
        template::{Conversion, Node, Placeholder, PlaceholderSource, WhenAbsent},
    },
    diagnostics::{Diagnostics, FaultCode},
    json::{MAX_DOCUMENT_DEPTH, OrderedValue, Scalar},
};

/// How deep a template may be nested as a document has it, so that it can be read back wherever its contract is.
const MAX_DEPTH: usize = MAX_DOCUMENT_DEPTH / 2;

/// Adds the faults of the templates of one shape at their places.
pub(super) struct TemplateRules<'c> {
    outcome: &'c Outcome,
    target_body: TargetBody,
    diagnostics: &'c mut Diagnostics,
}

impl<'c> TemplateRules<'c> {
    /// Those for a legacy response of this outcome.
    pub(super) fn of(outcome: &'c Outcome, diagnostics: &'c mut Diagnostics) -> Self {
        Self {
            outcome,
            target_body: TargetBody::of(outcome),
            diagnostics,
        }
    }

    /// Whether the template is worth compiling.
    pub(super) fn check_template(&mut self, template: &Node) -> bool {
        let is_too_deep = template.is_deeper_than(MAX_DEPTH);
        if is_too_deep {
            let found = format!("more than {MAX_DEPTH} levels");
            let expected = format!("at most {MAX_DEPTH} levels of arrays and objects");
            let code = FaultCode::InvalidTemplate;
            self.diagnostics.add(code, found, expected);
        } else {
            self.check(template);
        }
        !is_too_deep
    }

    /// Whether the node is a text and worth compiling: a string, a number, a boolean or a placeholder for one.
    pub(super) fn check_text(&mut self, node: &Node) -> bool {
        if !is_text(node) {
            let expected = "a string, a number, a boolean or a placeholder for one of these";
            self.add(describe(node), expected);
            return false;
        }
        self.check_template(node)
    }

    /// What is written into a header value as it is, which a header must be able to have.
    pub(super) fn check_header_constants(&mut self, node: &Node) {
        let expected =
            "a text that a header can have: visible ASCII, with spaces and tabs only between";
        match node {
            Node::Scalar(scalar) => {
                let text = scalar.as_str();
                if let Some(text) = text.filter(|text| !is_filled_value(text)) {
                    self.add(text, expected);
                }
            }
            Node::Placeholder(placeholder) => {
                if let Some(Conversion::Map(pairs)) = &placeholder.conversion {
                    let mut texts = pairs.iter().filter_map(|(_, to)| to.as_str());
                    if let Some(text) = texts.find(|text| !is_filled_value(text)) {
                        self.at("map", |rules| rules.add(text, expected));
                    }
                }
                if let PlaceholderSource::Text(parts) = &placeholder.source {
                    let mut texts = parts.iter().filter_map(|part| match part {
                        Node::Scalar(scalar) => scalar.as_str(),
                        _ => None,
                    });
                    // Blanks at the end of a part can be between two parts.
                    let is_blank =
                        |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
                    let fits = |text: &str| {
                        is_blank(text) || is_filled_value(text.trim_matches([' ', '\t']))
                    };
                    if let Some(text) = texts.find(|text| !fits(text)) {
                        self.at("$text", |rules| rules.add(text, expected));
                    }
                }
                if let WhenAbsent::Default(default) = &placeholder.when_absent {
                    self.at("default", |rules| rules.check_header_constants(default));
                }
            }
            Node::Array(_) | Node::Object { .. } | Node::Invalid { .. } => {}
        }
    }

    /// Whether the members of a form are worth compiling.
    pub(super) fn check_form(&mut self, members: &[(String, Node)]) -> bool {
        let mut all = true;
        for (index, (name, value)) in members.iter().enumerate() {
            self.at(name, |rules| {
                if members[..index].iter().any(|(earlier, _)| earlier == name) {
                    rules.add(name, "members with different names");
                }
                all &= rules.check_text(value);
            });
        }
        all
    }

    /// For what reads the whole body as JSON.
    pub(super) fn needs_fields(&mut self, what: &str) {
        if let TargetBody::Without { cause, reason } = &self.target_body {
            let (cause, expected) = (cause.clone(), format!("no body made by {what}: {reason}"));
            self.add(cause, &expected);
        }
    }

    pub(super) fn at<R>(&mut self, token: &str, check: impl FnOnce(&mut Self) -> R) -> R {
        self.diagnostics.enter(token);
        let checked = check(self);
        self.diagnostics.leave();
        checked
    }

    pub(super) fn add(&mut self, found: impl AsRef<str>, expected: &str) {
        self.diagnostics
            .add(FaultCode::InvalidTemplate, found, expected);
    }

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
        self.at(token, |rules| rules.check(node));
    }

    fn check_placeholder(&mut self, placeholder: &Placeholder) {
        self.check_source(&placeholder.source);
        if let Some(conversion) = &placeholder.conversion {
            self.check_conversion(placeholder, conversion);
        }
        let always_there = placeholder.conversion.is_none();
        let always_there = always_there.then(|| always_there_as(&placeholder.source));
        let always_there = always_there.flatten();
        if let Some(what) = always_there.filter(|_| placeholder.when_absent != WhenAbsent::Skip) {
            let expected = format!("neither default nor omit_if_absent: {what} is never absent");
            self.add(describe(placeholder), &expected);
        }
        if let WhenAbsent::Default(default) = &placeholder.when_absent {
            self.check_at("default", default);
        }
    }

    fn check_conversion(&mut self, placeholder: &Placeholder, conversion: &Conversion) {
        let source = &placeholder.source;
        if matches!(
            source,
            PlaceholderSource::Each { .. } | PlaceholderSource::Uuid
        ) {
            let expected = "neither map nor as: the value is no scalar that could be another";
            self.add(describe(placeholder), expected);
        } else if let Conversion::Map(pairs) = conversion {
            self.check_map(pairs);
            let mut from = pairs.iter().map(|(from, _)| from);
            if let Some(from) = from.find(|from| !self.can_be(source, from)) {
                let expected =
                    "pairs whose first the value can be: a text, or a status of the outcome";
                let from = from.to_string();
                self.at("map", |rules| rules.add(from, expected));
            }
        }
    }

    /// Whether the value of a placeholder can be this; that of a field can be any.
    fn can_be(&self, source: &PlaceholderSource, value: &OrderedValue) -> bool {
        let OrderedValue::Scalar(value) = value else {
            return true;
        };
        match source {
            PlaceholderSource::Status => taken_statuses(self.outcome)
                .iter()
                .any(|status| value.is_written_as(status.as_str())),
            PlaceholderSource::ResponseHeader(_)
            | PlaceholderSource::Link(_)
            | PlaceholderSource::Header(_)
            | PlaceholderSource::Path(_)
            | PlaceholderSource::Query(_)
            | PlaceholderSource::Text(_) => value.as_str().is_some(),
            _ => true,
        }
    }

    fn check_source(&mut self, source: &PlaceholderSource) {
        self.check_is_there(source);
        match source {
            PlaceholderSource::Field(pointer) => {
                self.check_field(&MatchTarget::Field(pointer.clone()));
            }
            PlaceholderSource::RequestField(pointer) => {
                self.check_field(&MatchTarget::RequestField(pointer.clone()));
            }
            PlaceholderSource::Item(pointer) => pointer::check(pointer, self.diagnostics),
            PlaceholderSource::Header(names) => self.check_names(names),
            PlaceholderSource::Link(rel) => {
                if rel.is_empty() || rel.contains(|c: char| c.is_whitespace()) {
                    self.add(
                        rel,
                        "one link relation such as next (RFC 8288, section 3.3)",
                    );
                }
            }
            PlaceholderSource::Text(parts) => self.at("$text", |rules| rules.check_parts(parts)),
            PlaceholderSource::Each { array, json } => {
                self.check_field(&MatchTarget::Field(array.clone()));
                let is_each = &mut |source: &PlaceholderSource| {
                    matches!(source, PlaceholderSource::Each { .. })
                };
                if json.any_source(is_each) {
                    self.add(describe(json), "no $each within another");
                }
                self.check_at("json", json);
            }
            PlaceholderSource::ResponseHeader(_)
            | PlaceholderSource::Status
            | PlaceholderSource::Path(_)
            | PlaceholderSource::Query(_)
            | PlaceholderSource::Uuid => {}
        }
    }

    fn check_parts(&mut self, parts: &[Node]) {
        if parts.is_empty() {
            self.add("[]", "at least one text");
        }
        for (index, part) in parts.iter().enumerate() {
            self.at(&index.to_string(), |rules| {
                if part.may_be_absent() {
                    let expected =
                        "no omit_if_absent: without one of its parts, the whole text is absent";
                    rules.add(describe(part), expected);
                }
                rules.check_text(part);
            });
        }
    }

    fn check_map(&mut self, pairs: &[(OrderedValue, OrderedValue)]) {
        let scalars = |pair: &(OrderedValue, OrderedValue)| match pair {
            (OrderedValue::Scalar(from), OrderedValue::Scalar(_)) => Some(from.clone()),
            _ => None,
        };
        let from: Option<Vec<Scalar>> = pairs.iter().map(scalars).collect();
        let expected = "pairs of scalars, the first of each pair being different: [[from, to], …]";
        let is_right = from.is_some_and(|from| {
            let is_repeated = |(index, one): (usize, &Scalar)| {
                from[..index].iter().any(|earlier| earlier.is_same(one))
            };
            !from.is_empty() && !from.iter().enumerate().any(is_repeated)
        });
        if !is_right {
            let pairs = serde_json::to_string(pairs).unwrap_or_default();
            self.at("map", |rules| rules.add(pairs, expected));
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

    /// A part that a condition requires to be absent fills no placeholder.
    fn check_is_there(&mut self, source: &PlaceholderSource) {
        let parts: Vec<MatchTarget> = match source {
            PlaceholderSource::Field(pointer) | PlaceholderSource::Each { array: pointer, .. } => {
                vec![MatchTarget::Field(pointer.clone())]
            }
            PlaceholderSource::RequestField(pointer) => {
                vec![MatchTarget::RequestField(pointer.clone())]
            }
            PlaceholderSource::ResponseHeader(name) => vec![MatchTarget::Header(name.clone())],
            PlaceholderSource::Link(_) => vec![MatchTarget::Header("link".to_owned())],
            PlaceholderSource::Query(name) => vec![MatchTarget::QueryParameter(name.clone())],
            PlaceholderSource::Header(names) => {
                let names = names.iter().cloned();
                names.map(MatchTarget::RequestHeader).collect()
            }
            _ => return,
        };
        let is_absent = |part: &MatchTarget| {
            let mut conditions = self.outcome.conditions.iter();
            conditions
                .any(|condition| condition.on.is_same(part) && condition.matcher.requires_absence())
        };
        if !parts.is_empty() && parts.iter().all(is_absent) {
            let (_, name) = parts[0].place();
            let expected = "a part that can be there: a condition requires this one to be absent";
            self.add(name, expected);
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
}

/// What a value that is never absent is.
fn always_there_as(source: &PlaceholderSource) -> Option<&'static str> {
    match source {
        PlaceholderSource::Uuid => Some("a UUID"),
        PlaceholderSource::Status => Some("a status"),
        PlaceholderSource::Text(parts) => parts.iter().all(is_always_there).then_some("this text"),
        _ => None,
    }
}

fn is_always_there(node: &Node) -> bool {
    match node {
        Node::Placeholder(placeholder) => {
            placeholder.conversion.is_none() && always_there_as(&placeholder.source).is_some()
        }
        node => matches!(node, Node::Scalar(_)),
    }
}

/// Whether it is a string, a number, a boolean or a placeholder for one of these.
fn is_text(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => *scalar != Scalar::Null,
        Node::Placeholder(placeholder) => {
            let is_array = matches!(placeholder.source, PlaceholderSource::Each { .. });
            let has_text = match &placeholder.when_absent {
                WhenAbsent::Default(default) => is_text(default),
                WhenAbsent::Skip | WhenAbsent::Omit => true,
            };
            !is_array && has_text
        }
        // Reported with what is expected of it.
        Node::Invalid { .. } => true,
        Node::Array(_) | Node::Object { .. } => false,
    }
}

fn describe(part: &impl Serialize) -> String {
    serde_json::to_string(part).unwrap_or_default()
}
