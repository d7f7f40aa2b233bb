//! A contract as a JSON document.

use serde_json::Value;

use super::{
    deprecation::Deprecation,
    endpoint::Endpoint,
    outcome::{Condition, MatchTarget, Outcome},
    shape::{BodyShape, LegacyShape},
    template::Template,
};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, wrong_type},
};

/// What a contract says, checked or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Definition {
    pub(crate) base_path: String,
    pub(crate) deprecation: Option<Deprecation>,
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Definition {
    /// Reads all of a document that can be read and reports the faults of the rest.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("endpoints");
        let definition = Self {
            base_path: reader.string("base_path").unwrap_or_default(),
            deprecation: reader.nested("deprecation", read_deprecation).flatten(),
            endpoints: reader.each("endpoints", read_endpoint),
        };
        reader.finish();
        definition
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

fn read_deprecation(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Deprecation> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    reader.require("date");
    let date = reader.integer("date");
    let (link, sunset) = (reader.string("link"), reader.integer("sunset"));
    reader.finish();
    Some(Deprecation {
        date: date?,
        link,
        sunset,
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an element is read even where parts of it are missing"
)]
fn read_endpoint(
    index: usize,
    tree: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Option<Endpoint> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    // Stands in for a missing name or path, so that the rest of the endpoint can still be checked.
    let stand_in = format!("endpoint-{}", index + 1);
    let name = reader
        .required_string("name")
        .unwrap_or_else(|| stand_in.clone());
    reader.diagnostics.describe("endpoint", &name);
    let method = reader
        .required_string("method")
        .unwrap_or_else(|| "GET".to_owned());
    let path = reader
        .required_string("path")
        .unwrap_or_else(|| format!("/{stand_in}"));
    reader.require("outcomes");
    let outcomes = reader.each("outcomes", read_outcome);
    reader.finish();
    Some(Endpoint {
        name,
        method,
        path,
        outcomes,
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an element is read even where parts of it are missing"
)]
fn read_outcome(
    index: usize,
    tree: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Option<Outcome> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    let name = reader
        .required_string("name")
        .unwrap_or_else(|| format!("outcome-{}", index + 1));
    reader.diagnostics.describe("outcome", &name);
    reader.require("status");
    let status = reader.integer("status");
    let conditions = [
        read_conditions(&mut reader, "fields", MatchTarget::Field),
        read_conditions(&mut reader, "request_fields", MatchTarget::RequestField),
        read_conditions(&mut reader, "headers", MatchTarget::Header),
    ]
    .concat();
    let legacy = reader.nested("legacy", read_shape).flatten();
    reader.finish();
    Some(Outcome {
        name,
        status,
        conditions,
        legacy,
    })
}

fn read_conditions(
    reader: &mut ObjectReader<'_, '_>,
    member: &'static str,
    on: fn(String) -> MatchTarget,
) -> Vec<Condition> {
    reader.entries(member, |name, values, _| {
        Some(read_condition(on(name.to_owned()), values))
    })
}

/// One value, or an array of those that are allowed.
fn read_condition(on: MatchTarget, values: &OrderedValue) -> Condition {
    let value = |tree: &OrderedValue| match tree {
        OrderedValue::Scalar(value) => value.clone(),
        // Not a scalar, which is a fault when the contract is built.
        other => serde_json::to_value(other).unwrap_or_default(),
    };
    let values = match values {
        OrderedValue::Array(items) => items.iter().map(value).collect(),
        single => vec![value(single)],
    };
    Condition { on, values }
}

fn read_shape(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<LegacyShape> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    reader.require("status");
    let status = reader.integer("status");
    let set = reader.entries("set_headers", read_lines).concat();
    let append = reader.entries("append_headers", read_lines).concat();
    let remove = reader.string_list("remove_headers");
    let body = reader.nested("body", read_body);
    let allow_missing_required_header = reader
        .boolean("allow_missing_required_header")
        .unwrap_or_default();
    reader.finish();
    Some(LegacyShape {
        status: status?,
        set,
        append,
        remove,
        body: body.unwrap_or(BodyShape::AsIs),
        allow_missing_required_header,
    })
}

fn read_body(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> BodyShape {
    match tree {
        OrderedValue::Scalar(Value::String(word)) if word == "as_is" => return BodyShape::AsIs,
        OrderedValue::Scalar(Value::String(word)) if word == "empty" => return BodyShape::Empty,
        OrderedValue::Object(members) if members.len() == 1 && members[0].0 == "json" => {
            return BodyShape::Json(Template::from_tree(&members[0].1));
        }
        _ => {}
    }
    let expected = r#""as_is", "empty" or {"json": <template>}"#;
    diagnostics.add(FaultCode::WrongType, tree.to_string(), expected);
    BodyShape::AsIs
}

/// The lines of one header.
fn read_lines(
    name: &str,
    values: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(String, String)>> {
    let Some(values) = values.string_list() else {
        wrong_type(values, "a string or an array of strings", diagnostics);
        return None;
    };
    let line = |value| (name.to_owned(), value);
    Some(values.into_iter().map(line).collect())
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
        ("status", outcome.status.map(number)),
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
