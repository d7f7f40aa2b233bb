//! The draft of a contract.

use serde_json::Value;

use super::{
    deep_stack::on_deep_stack,
    document::{
        api_document::ApiDocument,
        operation::{Operation, Response, StatusKey},
    },
    proof::{
        possible::{Possible, PossibleBody},
        prover::{Prover, by_key, counterpart},
    },
    values::value_set::ValueSet,
};
use crate::json::OrderedValue;

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

struct EndpointDraft<'p, 'd> {
    prover: &'p Prover<'d>,
    old: &'p Operation<'d>,
    new: &'p Operation<'d>,
    /// The statuses that OLD documents and NEW does not, and that no outcome has been given yet.
    left: Vec<u16>,
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
                let test =
                    crate::openapi::values::narrowing::FieldTest::values(vec![value.clone()]);
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
            let pointer = format!("/{}", crate::diagnostics::escape_token(member));
            let condition = (pointer, scalar(value.clone()));
            members.push(("fields", OrderedValue::Object(vec![condition])));
        }
        if !possible.gaps(&self.prover.reader, self.old).is_empty() {
            self.differs = true;
            members.push(("legacy", self.legacy(name, possible)));
        }
        object(members)
    }

    /// The legacy shape: of the status left over whose fixed values are most like the outcome's name.
    fn legacy(&mut self, name: &str, possible: &Possible<'d>) -> OrderedValue {
        let promised = self.old.responses.as_deref().unwrap_or_default();
        let promised = promised.iter().filter_map(|promise| match promise.key {
            StatusKey::Status(status) => Some(status),
            _ => None,
        });
        let mut candidates = self.left.iter().copied().chain(promised);
        let alike = candidates.find(|status| self.mentions(*status, name));
        let same = self.old.response(possible.status).map(|_| possible.status);
        let guess = alike.or(same).or_else(|| self.left.first().copied());
        let Some(status) = guess else {
            return object([
                ("status", scalar(possible.status)),
                (
                    "TODO",
                    scalar("OLD has no response that could stand for it"),
                ),
            ]);
        };
        self.left.retain(|left| *left != status);
        let mut members = vec![("status", scalar(status))];
        let response = self.old.response(status);
        let lines = response
            .map(|response| self.header_lines(response))
            .unwrap_or_default();
        if !lines.is_empty() {
            members.push(("set_headers", OrderedValue::Object(lines)));
        }
        let schema =
            response.and_then(|response| response.content.iter().find_map(|(_, s)| s.clone()));
        if let Some(schema) = schema {
            let body = self.body(&ValueSet::Schema(schema), name, possible, "");
            members.push(("body", object([("json", body)])));
        }
        members.push(("TODO", scalar("the status and the body are guesses")));
        object(members)
    }

    /// Whether a fixed value of OLD's body of a status has the name in it.
    fn mentions(&self, status: u16, name: &str) -> bool {
        let response = self.old.response(status);
        let schema =
            response.and_then(|response| response.content.iter().find_map(|(_, s)| s.clone()));
        let Some(schema) = schema else {
            return false;
        };
        let set = ValueSet::Schema(schema);
        let alternatives = self.prover.reader.alternatives(&set);
        let alternatives = alternatives.unwrap_or_else(|_| [].into());
        let mut members = alternatives
            .iter()
            .filter_map(|alternative| alternative.members());
        members.any(|members| {
            members.named.values().any(|member| {
                let values = self.listed(&member.set).unwrap_or_default();
                values.iter().any(|value| resembles(value, name))
            })
        })
    }

    fn listed(&self, set: &ValueSet<'d>) -> Option<Vec<Value>> {
        let alternatives = self.prover.reader.alternatives(set).ok()?;
        let listed: Option<Vec<_>> = alternatives.iter().map(|part| part.kind.listed()).collect();
        Some(listed?.concat())
    }

    fn header_lines(&self, response: &Response<'d>) -> Vec<(String, OrderedValue)> {
        let required = response.headers.iter().filter(|header| header.required);
        let line = required.map(|header| {
            let schema = header.schema.clone().map(ValueSet::Schema);
            let listed = schema
                .and_then(|schema| self.listed(&schema))
                .unwrap_or_default();
            let text = listed.first().and_then(Value::as_str);
            // An array is a list of lines, and an object no line at all.
            let value = text.map_or_else(|| todo("a value for this header"), scalar);
            (header.name.clone(), value)
        });
        line.collect()
    }

    /// A body that OLD allows: its required members, fixed values as they are, others from the member of the same name.
    fn body(
        &self,
        set: &ValueSet<'d>,
        name: &str,
        possible: &Possible<'d>,
        at: &str,
    ) -> OrderedValue {
        let reader = &self.prover.reader;
        if let Some(values) = self.listed(set).filter(|values| !values.is_empty()) {
            let alike = values.iter().find(|value| resembles(value, name));
            return scalar(alike.unwrap_or(&values[0]).clone());
        }
        let from_target = |pointer: &str| {
            let PossibleBody::Values(target) = &possible.body else {
                return None;
            };
            let tokens = [pointer.trim_start_matches('/').to_owned()];
            let field = reader.field(target, &tokens).ok()?;
            let fits = !reader.is_empty(&field.set, 4) && reader.gaps(&field.set, set).is_empty();
            fits.then(|| object([("$field", scalar(pointer))]))
        };
        if let Some(field) = (at.matches('/').count() == 1)
            .then(|| from_target(at))
            .flatten()
        {
            return field;
        }
        let alternatives = reader.alternatives(set).unwrap_or_else(|_| [].into());
        match alternatives
            .first()
            .map(|alternative| (alternative.members(), alternative.kind.name()))
        {
            Some((Some(members), _)) => {
                let required = members.named.iter().filter(|(_, member)| member.required);
                let member = required.map(|(member, set)| {
                    let value = self.body(&set.set, name, possible, &format!("{at}/{member}"));
                    (member.clone(), value)
                });
                OrderedValue::Object(member.collect())
            }
            Some((None, kind)) => todo(&format!("{kind} for {at}")),
            None => todo(&format!("a value for {at}")),
        }
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

/// Whether a text has a word of the name in it.
fn resembles(value: &Value, name: &str) -> bool {
    let text = value.as_str().unwrap_or_default().to_uppercase();
    let mut words = name.split('_').filter(|word| word.len() > 3);
    // `EXPIRED` is in `EXPIRED_DEVICE_CODE`, and the stem of `DENIED` is not in any code: the whole word counts.
    words.any(|word| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|other| other == word)
    })
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

fn scalar(value: impl Into<Value>) -> OrderedValue {
    value.into().into()
}

fn todo(what: &str) -> OrderedValue {
    object([("$todo", scalar(what))])
}

fn object<'n>(members: impl IntoIterator<Item = (&'n str, OrderedValue)>) -> OrderedValue {
    let members = members.into_iter();
    OrderedValue::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
