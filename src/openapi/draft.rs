//! The draft of a contract.

use serde_json::Value;

use super::{
    deep_stack::on_deep_stack,
    document::{
        api_document::ApiDocument,
        operation::{Operation, StatusKey},
    },
    proof::{
        possible::{Possible, PossibleBody},
        prover::{Prover, by_key, counterpart},
    },
    values::{narrowing::FieldTest, value_set::ValueSet},
};
use crate::{diagnostics::escape_token, json::OrderedValue};

/// Drafts a contract document from two versions of an API: an endpoint for each operation of which OLD does not allow all
/// responses as they are, its outcomes distinguished by enumerations and fixed values, and legacy bodies with the members that
/// OLD requires.
///
/// What cannot be known is a guess or a gap, and marked: by a member `TODO`, or by `{"$todo": …}` in a body.
/// `contract check` refuses a document that still has one.
///
/// ```
/// use legacy_http_compat::{Contract, openapi::{ApiDocument, draft}};
///
/// let api = |states: &str| ApiDocument::from_text(&format!(r"
/// openapi: 3.1.0
/// paths:
///   /orders/{{id}}:
///     get:
///       operationId: order
///       responses:
///         '200':
///           description: the order
///           content:
///             application/json:
///               schema: {{type: object, required: [state], properties: {{state: {{enum: {states}}}}}}}
/// "));
/// let text = draft(&api("[OPEN]")?, &api("[OPEN, ARCHIVED]")?);
/// assert!(text.contains(r#""fields": {
///             "/state": "ARCHIVED"
///           }"#), "{text}");
/// assert!(Contract::from_json(&text).unwrap_err().to_string().contains("TODO"));
/// # Ok::<(), legacy_http_compat::openapi::ReadError>(())
/// ```
///
/// # Panics
///
/// If the system cannot start a thread.
#[must_use]
pub fn draft(old: &ApiDocument, new: &ApiDocument) -> String {
    on_deep_stack(|| drafted(old, new))
}

fn drafted(old: &ApiDocument, new: &ApiDocument) -> String {
    let prover = Prover::new(old, new);
    let old_by_key = by_key(&prover.old);
    let mut endpoints = Vec::new();
    let mut dropped = Vec::new();
    for new in &prover.new {
        let Some(old) = counterpart(new, &old_by_key).map(|old| &prover.old[old]) else {
            continue;
        };
        let mut endpoint = EndpointDraft {
            prover: &prover,
            old,
            new,
            left: promises_left(old, new),
            differs: false,
        };
        let outcomes = endpoint.outcomes();
        if endpoint.differs {
            endpoints.push(object([
                ("name", scalar(endpoint_name(new))),
                ("method", scalar(new.method.as_str())),
                ("path", scalar(new.path.as_str())),
                ("outcomes", OrderedValue::Array(outcomes)),
            ]));
        }
        dropped.extend(endpoint.left.iter().map(|status| {
            object([
                ("operation", scalar(new.name())),
                ("status", scalar(*status)),
                ("TODO", scalar("`reason`, or an outcome that gives it")),
            ])
        }));
    }
    let mut members = vec![("endpoints", OrderedValue::Array(endpoints))];
    if !dropped.is_empty() {
        members.push(("dropped", OrderedValue::Array(dropped)));
    }
    let text = serde_json::to_string_pretty(&object(members));
    text.expect("string keys and no failing parts") + "\n"
}

/// The endpoint of an operation.
pub(super) struct EndpointDraft<'p, 'd> {
    pub(super) prover: &'p Prover<'d>,
    pub(super) old: &'p Operation<'d>,
    new: &'p Operation<'d>,
    /// The statuses that OLD documents and NEW does not, and that no outcome has been given yet.
    pub(super) left: Vec<u16>,
    /// Whether any outcome needs a legacy shape.
    differs: bool,
}

impl<'d> EndpointDraft<'_, 'd> {
    fn outcomes(&mut self) -> Vec<OrderedValue> {
        let responses = self.new.responses.as_deref().unwrap_or_default();
        let mut outcomes = Vec::new();
        for response in responses {
            if let StatusKey::Status(status) = response.key {
                let possible = Possible::documented(response, status).into_iter().next();
                outcomes.extend(
                    possible
                        .into_iter()
                        .flat_map(|possible| self.of_status(&possible)),
                );
            }
        }
        outcomes
    }

    /// The outcomes of one status: one for each value of the member that tells them apart.
    fn of_status(&mut self, possible: &Possible<'d>) -> Vec<OrderedValue> {
        let status = possible.status;
        let differs = !possible.gaps(&self.prover.reader, self.old).is_empty();
        let parts = match &possible.body {
            PossibleBody::Values(set) if differs => self.parts(set),
            _ => None,
        };
        let Some((member, parts)) = parts else {
            return vec![self.outcome(&format!("STATUS_{status}"), None, possible)];
        };
        let outcome = |(value, set): (Value, ValueSet<'d>)| {
            let part = Possible {
                body: PossibleBody::Values(set),
                ..possible.clone()
            };
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned);
            self.outcome(&label(&text), Some((&member, &value)), &part)
        };
        parts.into_iter().map(outcome).collect()
    }

    /// The first member that all objects have, with listed values, and the part of each value.
    fn parts(&self, set: &ValueSet<'d>) -> Option<(String, Vec<(Value, ValueSet<'d>)>)> {
        let reader = &self.prover.reader;
        let alternatives = reader.alternatives(set).ok()?;
        let members = alternatives.first()?.members()?;
        members.named.keys().find_map(|name| {
            let pointer = std::slice::from_ref(name);
            let field = reader.field(set, pointer).ok()?;
            let listed = reader.alternatives(&field.set).ok()?;
            let listed: Option<Vec<_>> = listed.iter().map(|part| part.kind.listed()).collect();
            let mut values = listed?.concat();
            values.dedup();
            if field.can_be_absent || values.len() < 2 {
                return None;
            }
            let part = |value: Value| {
                let test = FieldTest::values(vec![value.clone()]);
                let part = reader.where_field(set, pointer, &test, true).ok()?;
                Some((value, part))
            };
            let parts: Option<Vec<_>> = values.into_iter().map(part).collect();
            Some((name.clone(), parts?))
        })
    }

    fn outcome(
        &mut self,
        name: &str,
        field: Option<(&str, &Value)>,
        possible: &Possible<'d>,
    ) -> OrderedValue {
        let mut members = vec![("name", scalar(name)), ("status", scalar(possible.status))];
        if let Some((member, value)) = field {
            let pointer = format!("/{}", escape_token(member));
            let condition = (pointer, scalar(value.clone()));
            members.push(("fields", OrderedValue::Object(vec![condition])));
        }
        if !possible.gaps(&self.prover.reader, self.old).is_empty() {
            self.differs = true;
            members.push(("legacy", self.legacy(name, possible)));
        }
        object(members)
    }
}

/// The statuses that OLD documents and NEW does not.
fn promises_left(old: &Operation<'_>, new: &Operation<'_>) -> Vec<u16> {
    let promises = old.responses.as_deref().unwrap_or_default().iter();
    let statuses = promises.filter_map(|promise| match promise.key {
        StatusKey::Status(status) => Some(status),
        _ => None,
    });
    statuses
        .filter(|status| new.response(*status).is_none())
        .collect()
}

fn endpoint_name(operation: &Operation<'_>) -> String {
    let id = operation.place.text("operationId");
    let id = id.map_or_else(|| operation.name(), ToOwned::to_owned);
    label(&id).to_lowercase()
}

/// A name that an outcome can have.
fn label(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let label: String = text.chars().map(plain).take(64).collect();
    let label = label.trim_matches('_').to_uppercase();
    if label.is_empty() {
        "EMPTY".to_owned()
    } else {
        label
    }
}

pub(super) fn scalar(value: impl Into<Value>) -> OrderedValue {
    value.into().into()
}

pub(super) fn object<'n>(
    members: impl IntoIterator<Item = (&'n str, OrderedValue)>,
) -> OrderedValue {
    let members = members.into_iter();
    OrderedValue::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
