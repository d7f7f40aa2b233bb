//! A contract as a JSON document.

use serde_json::Value;

use super::{
    deprecation::Deprecation,
    endpoint::Endpoint,
    error::{FaultKind, Faults},
    outcome::{Condition, MatchTarget, Outcome},
    shape::{BodyShape, LegacyShape},
    template::Template,
};
use crate::json::{About, Complaint, ObjectReader, OrderedValue};

/// What a contract says, checked or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Definition {
    pub(crate) base_path: String,
    pub(crate) deprecation: Option<Deprecation>,
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Definition {
    /// Reads all of a document that can be read and collects what is wrong with the rest.
    pub(crate) fn read(tree: &OrderedValue, faults: &mut Faults) -> Self {
        let mut members = ObjectReader::of("the contract", tree);
        members.require("endpoints");
        let base_path = members.text("base_path").unwrap_or_default();
        let (deprecation, endpoints) = (members.any("deprecation"), members.list("endpoints"));
        let complaints = members.finish();
        report(complaints, faults);
        let deprecation = deprecation.and_then(|tree| read_deprecation(tree, faults));
        let endpoints = endpoints
            .iter()
            .enumerate()
            .map(|(i, tree)| read_endpoint(i, tree, faults))
            .collect();
        Self {
            base_path,
            deprecation,
            endpoints,
        }
    }

    pub(crate) fn write(&self) -> OrderedValue {
        OrderedValue::object([
            (
                "base_path",
                (!self.base_path.is_empty()).then(|| text(&self.base_path)),
            ),
            (
                "deprecation",
                self.deprecation.as_ref().map(write_deprecation),
            ),
            (
                "endpoints",
                Some(OrderedValue::Array(
                    self.endpoints.iter().map(write_endpoint).collect(),
                )),
            ),
        ])
    }
}

fn read_deprecation(tree: &OrderedValue, faults: &mut Faults) -> Option<Deprecation> {
    let mut members = ObjectReader::of("the deprecation", tree);
    members.require("date");
    let date = members.integer("date");
    let (link, sunset) = (members.text("link"), members.integer("sunset"));
    let complaints = members.finish();
    report(complaints, faults);
    Some(Deprecation {
        date: date?,
        link,
        sunset,
    })
}

fn read_endpoint(index: usize, tree: &OrderedValue, faults: &mut Faults) -> Endpoint {
    let mut members = ObjectReader::of("an endpoint", tree);
    // Stands in for a missing name or path, so that the rest of the endpoint can still be checked.
    let stand_in = format!("endpoint-{}", index + 1);
    let name = members
        .required_text("name")
        .unwrap_or_else(|| stand_in.clone());
    let method = members
        .required_text("method")
        .unwrap_or_else(|| "GET".to_owned());
    let path = members
        .required_text("path")
        .unwrap_or_else(|| format!("/{stand_in}"));
    members.require("outcomes");
    let outcomes = members.list("outcomes");
    let complaints = members.finish();
    faults.enter_endpoint(&name);
    report(complaints, faults);
    let outcomes = outcomes
        .iter()
        .enumerate()
        .filter_map(|(i, tree)| read_outcome(i, tree, faults))
        .collect();
    faults.leave_endpoint();
    Endpoint {
        name,
        method,
        path,
        outcomes,
    }
}

fn read_outcome(index: usize, tree: &OrderedValue, faults: &mut Faults) -> Option<Outcome> {
    let mut members = ObjectReader::of("an outcome", tree);
    let name = members
        .required_text("name")
        .unwrap_or_else(|| format!("outcome-{}", index + 1));
    members.require("status");
    let status = members.integer("status");
    let conditions = [
        read_conditions(members.map("fields"), MatchTarget::Field),
        read_conditions(members.map("request_fields"), MatchTarget::RequestField),
        read_conditions(members.map("headers"), MatchTarget::Header),
    ]
    .concat();
    let legacy = members.any("legacy");
    let complaints = members.finish();
    faults.enter_outcome(&name);
    report(complaints, faults);
    let legacy = legacy.and_then(|tree| read_shape(tree, faults));
    faults.leave_outcome();
    Some(Outcome {
        name,
        status: status?,
        conditions,
        legacy,
    })
}

fn read_conditions(
    members: &[(String, OrderedValue)],
    on: fn(String) -> MatchTarget,
) -> Vec<Condition> {
    let condition =
        |(name, values): &(String, OrderedValue)| read_condition(on(name.clone()), values);
    members.iter().map(condition).collect()
}

/// One value, or an array of those that are allowed.
fn read_condition(on: MatchTarget, values: &OrderedValue) -> Condition {
    let value = |tree: &OrderedValue| match tree {
        OrderedValue::Scalar(value) => value.clone(),
        // No scalar, which is complained of when the contract is built.
        other => serde_json::to_value(other).unwrap_or_default(),
    };
    let values = match values {
        OrderedValue::Array(items) => items.iter().map(value).collect(),
        single => vec![value(single)],
    };
    Condition { on, values }
}

fn read_shape(tree: &OrderedValue, faults: &mut Faults) -> Option<LegacyShape> {
    let mut members = ObjectReader::of("a legacy shape", tree);
    members.require("status");
    let status = members.integer("status");
    let (set, append) = (members.map("set_headers"), members.map("append_headers"));
    let remove = members.texts("remove_headers");
    let body = members.any("body");
    let allow_missing_required_header = members
        .flag("allow_missing_required_header")
        .unwrap_or_default();
    let mut complaints = members.finish();
    let body = body.map_or(BodyShape::AsIs, |tree| read_body(tree, &mut complaints));
    let (set, append) = (
        read_lines(set, &mut complaints),
        read_lines(append, &mut complaints),
    );
    report(complaints, faults);
    Some(LegacyShape {
        status: status?,
        set,
        append,
        remove,
        body,
        allow_missing_required_header,
    })
}

fn read_body(tree: &OrderedValue, complaints: &mut Vec<Complaint>) -> BodyShape {
    match tree {
        OrderedValue::Scalar(Value::String(word)) if word == "as_is" => return BodyShape::AsIs,
        OrderedValue::Scalar(Value::String(word)) if word == "empty" => return BodyShape::Empty,
        OrderedValue::Object(members) if members.len() == 1 && members[0].0 == "json" => {
            return BodyShape::Json(Template::from_tree(&members[0].1));
        }
        _ => {}
    }
    let expected = r#""as_is", "empty" or {"json": <template>}"#;
    complaints.push(Complaint::new(
        About::WrongType,
        format!("body: {tree}"),
        expected,
    ));
    BodyShape::AsIs
}

fn read_lines(
    headers: &[(String, OrderedValue)],
    complaints: &mut Vec<Complaint>,
) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, values) in headers {
        match crate::json::texts(values) {
            Some(values) => lines.extend(values.into_iter().map(|value| (name.clone(), value))),
            None => complaints.push(Complaint::new(
                About::WrongType,
                format!("{name}: {values}"),
                "a string or an array of strings",
            )),
        }
    }
    lines
}

fn report(complaints: Vec<Complaint>, faults: &mut Faults) {
    for complaint in complaints {
        let kind = match complaint.about {
            About::Unknown => FaultKind::UnknownMember,
            About::Repeated => FaultKind::RepeatedMember,
            About::Missing => FaultKind::MissingMember,
            About::WrongType => FaultKind::WrongType,
        };
        faults.add(kind, complaint.value, complaint.expected);
    }
}

fn text(value: &str) -> OrderedValue {
    OrderedValue::Scalar(value.into())
}

fn number(value: impl Into<Value>) -> OrderedValue {
    OrderedValue::Scalar(value.into())
}

fn write_deprecation(deprecation: &Deprecation) -> OrderedValue {
    OrderedValue::object([
        ("date", Some(number(deprecation.date))),
        ("link", deprecation.link.as_deref().map(text)),
        ("sunset", deprecation.sunset.map(number)),
    ])
}

fn write_endpoint(endpoint: &Endpoint) -> OrderedValue {
    OrderedValue::object([
        ("name", Some(text(&endpoint.name))),
        ("method", Some(text(&endpoint.method))),
        ("path", Some(text(&endpoint.path))),
        (
            "outcomes",
            Some(OrderedValue::Array(
                endpoint.outcomes.iter().map(write_outcome).collect(),
            )),
        ),
    ])
}

fn write_outcome(outcome: &Outcome) -> OrderedValue {
    let written =
        |named: fn(&MatchTarget) -> Option<&String>| write_conditions(&outcome.conditions, named);
    let fields = written(|part| match part {
        MatchTarget::Field(pointer) => Some(pointer),
        _ => None,
    });
    let request_fields = written(|part| match part {
        MatchTarget::RequestField(pointer) => Some(pointer),
        _ => None,
    });
    let headers = written(|part| match part {
        MatchTarget::Header(name) => Some(name),
        _ => None,
    });
    OrderedValue::object([
        ("name", Some(text(&outcome.name))),
        ("status", Some(number(outcome.status))),
        ("fields", fields),
        ("request_fields", request_fields),
        ("headers", headers),
        ("legacy", outcome.legacy.as_ref().map(write_shape)),
    ])
}

fn write_conditions(
    conditions: &[Condition],
    named: fn(&MatchTarget) -> Option<&String>,
) -> Option<OrderedValue> {
    let members: Vec<(String, OrderedValue)> = conditions
        .iter()
        .filter_map(|condition| {
            Some((
                named(&condition.on)?.clone(),
                write_values(&condition.values),
            ))
        })
        .collect();
    (!members.is_empty()).then_some(OrderedValue::Object(members))
}

fn write_values(values: &[Value]) -> OrderedValue {
    match values {
        [single] => single.clone().into(),
        several => OrderedValue::Array(several.iter().cloned().map(OrderedValue::from).collect()),
    }
}

fn write_shape(shape: &LegacyShape) -> OrderedValue {
    let body = match &shape.body {
        BodyShape::AsIs => None,
        BodyShape::Empty => Some(text("empty")),
        BodyShape::Json(template) => {
            Some(OrderedValue::object([("json", Some(template.to_tree()))]))
        }
    };
    let remove = OrderedValue::Array(shape.remove.iter().map(|name| text(name)).collect());
    OrderedValue::object([
        ("status", Some(number(shape.status))),
        ("set_headers", write_lines(&shape.set)),
        ("append_headers", write_lines(&shape.append)),
        (
            "remove_headers",
            (!shape.remove.is_empty()).then_some(remove),
        ),
        ("body", body),
        (
            "allow_missing_required_header",
            shape.allow_missing_required_header.then(|| number(true)),
        ),
    ])
}

/// Header lines by name; several of one name become an array.
fn write_lines(lines: &[(String, String)]) -> Option<OrderedValue> {
    let mut members: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in lines {
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.as_str().into()),
            None => members.push((name.clone(), vec![value.as_str().into()])),
        }
    }
    let members: Vec<(String, OrderedValue)> = members
        .into_iter()
        .map(|(name, values)| (name, write_values(&values)))
        .collect();
    (!members.is_empty()).then_some(OrderedValue::Object(members))
}
