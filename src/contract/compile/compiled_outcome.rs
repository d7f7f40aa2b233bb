//! A compiled outcome, and whether a response matches it.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Number, Value};

use super::{compiled_shape::CompiledShape, headers};
use crate::{
    contract::definition::endpoint::{Condition, MatchTarget},
    diagnostics::{Diagnostics, FaultCode},
    json::{Field, FieldScanner, Fields},
};

/// An outcome, prepared to be matched with responses of its status.
#[derive(Debug)]
pub(crate) struct CompiledOutcome {
    pub(crate) name: Box<str>,
    pub(crate) legacy: Option<CompiledShape>,
    pub(super) conditions: Conditions,
}

/// The outcome of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The outcome at this index of the endpoint.
    Outcome(usize),
    /// None of them.
    Other,
    /// Undecided, because a condition could not be evaluated.
    Undetermined(MissingInput),
}

/// What a condition could not be evaluated without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingInput {
    /// A field of the response.
    Body,
    /// A field of the request.
    Request,
}

#[derive(Debug, Default)]
pub(super) struct Conditions {
    fields: Vec<FieldCondition>,
    request_fields: Vec<FieldCondition>,
    headers: Vec<(HeaderName, Vec<HeaderValue>)>,
}

/// The slot of a field and the values of which it must be one.
type FieldCondition = (usize, Vec<Value>);

/// The fields that the conditions of an endpoint's outcomes read, of the response and of the request.
pub(super) struct RequestedFields<'s> {
    pub(super) fields: &'s mut FieldScanner,
    pub(super) request_fields: &'s mut FieldScanner,
}

/// Whether a response fulfils the conditions of one outcome.
pub(super) enum ConditionResult {
    Fulfilled,
    Failed,
    Undecided(MissingInput),
}

impl Conditions {
    pub(super) fn compile(
        conditions: &[Condition],
        mut requested: RequestedFields<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut compiled = Self::default();
        for (index, condition) in conditions.iter().enumerate() {
            let (member, name) = condition.on.place();
            diagnostics.enter(member);
            diagnostics.enter(name);
            let mut earlier = conditions[..index].iter();
            if earlier.any(|earlier| earlier.on == condition.on) {
                let expected = "one condition on each field and header";
                diagnostics.add(FaultCode::InvalidCondition, values(condition), expected);
            }
            compiled.add(condition, &mut requested, diagnostics);
            diagnostics.leave();
            diagnostics.leave();
        }
        compiled
    }

    fn add(
        &mut self,
        condition: &Condition,
        requested: &mut RequestedFields<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        if condition.values.is_empty() {
            let expected = "at least one value";
            diagnostics.add(FaultCode::InvalidCondition, values(condition), expected);
        }
        match &condition.on {
            MatchTarget::Field(pointer) => {
                if let Some(slot) = requested.fields.add(pointer, diagnostics) {
                    self.fields.push((slot, scalars(condition, diagnostics)));
                }
            }
            MatchTarget::RequestField(pointer) => {
                if let Some(slot) = requested.request_fields.add(pointer, diagnostics) {
                    self.request_fields
                        .push((slot, scalars(condition, diagnostics)));
                }
            }
            MatchTarget::Header(name) => {
                if let Some(name) = headers::header_name(name, diagnostics) {
                    self.headers
                        .push((name, header_values(condition, diagnostics)));
                }
            }
        }
    }

    pub(super) fn needs_body(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether the fields of the request leave the outcome possible.
    pub(super) fn allow(&self, request: &Fields<'_>) -> bool {
        let result = fields_result(&self.request_fields, Some(request), MissingInput::Request);
        !matches!(result, ConditionResult::Failed)
    }

    /// Evaluates the headers first; the `fields` of the response, which may not be known yet, and those of the `request`
    /// only if the headers match. One failed condition decides.
    pub(super) fn result(
        &self,
        headers: &HeaderMap,
        fields: Option<&Fields<'_>>,
        request: &Fields<'_>,
    ) -> ConditionResult {
        let mut lines = self.headers.iter();
        if !lines.all(|(name, values)| has_line(headers, name, values)) {
            return ConditionResult::Failed;
        }
        let request = fields_result(&self.request_fields, Some(request), MissingInput::Request);
        let response = fields_result(&self.fields, fields, MissingInput::Body);
        match (response, request) {
            (ConditionResult::Failed, _) | (_, ConditionResult::Failed) => ConditionResult::Failed,
            (ConditionResult::Fulfilled, result) | (result, _) => result,
        }
    }
}

fn fields_result(
    conditions: &[FieldCondition],
    fields: Option<&Fields<'_>>,
    missing: MissingInput,
) -> ConditionResult {
    let mut result = ConditionResult::Fulfilled;
    for (slot, values) in conditions {
        match fields.map_or(Field::Unknown, |fields| fields.get(*slot)) {
            Field::Unknown => result = ConditionResult::Undecided(missing),
            Field::Present(json) if values.iter().any(|value| is_written_as(value, json)) => {}
            Field::Present(_) | Field::Absent => return ConditionResult::Failed,
        }
    }
    result
}

/// Whether the JSON text is this scalar.
fn is_written_as(scalar: &Value, json: &str) -> bool {
    match scalar {
        Value::Number(number) => {
            serde_json::from_str(json).is_ok_and(|other| same_number(number, &other))
        }
        Value::String(text) => {
            let quoted = json.strip_prefix('"');
            match quoted.and_then(|json| json.strip_suffix('"')) {
                Some(plain) if !plain.contains('\\') => plain == text,
                Some(_) => serde_json::from_str::<String>(json).is_ok_and(|other| other == *text),
                None => false,
            }
        }
        Value::Bool(true) => json == "true",
        Value::Bool(false) => json == "false",
        Value::Null => json == "null",
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Numbers are equal by value, however they are written. Whole numbers are compared exactly.
pub(super) fn same_number(one: &Number, other: &Number) -> bool {
    let (Some(one), Some(other)) = (one.as_i128(), other.as_i128()) else {
        return one.as_f64() == other.as_f64();
    };
    one == other
}

fn has_line(headers: &HeaderMap, name: &HeaderName, values: &[HeaderValue]) -> bool {
    headers
        .get_all(name)
        .iter()
        .any(|line| values.contains(line))
}

fn scalars(condition: &Condition, diagnostics: &mut Diagnostics) -> Vec<Value> {
    for value in &condition.values {
        if value.is_array() || value.is_object() {
            let expected = "a string, a number, true, false or null, or an array of these";
            diagnostics.add(FaultCode::InvalidCondition, values(condition), expected);
        }
    }
    condition.values.clone()
}

fn header_values(condition: &Condition, diagnostics: &mut Diagnostics) -> Vec<HeaderValue> {
    let mut lines = Vec::new();
    for value in &condition.values {
        if let Some(text) = value.as_str() {
            lines.extend(headers::header_value(text, diagnostics));
        } else {
            let expected = "a string, or an array of strings";
            diagnostics.add(FaultCode::InvalidCondition, values(condition), expected);
        }
    }
    lines
}

fn values(condition: &Condition) -> String {
    Value::from(condition.values.clone()).to_string()
}

/// Conditions on the body of a status without a body can never hold.
pub(super) fn check_body_conditions(
    status: StatusCode,
    conditions: &Conditions,
    diagnostics: &mut Diagnostics,
) {
    let bodiless = status.is_informational() || matches!(status.as_u16(), 204 | 205 | 304);
    if bodiless && conditions.needs_body() {
        let expected = "conditions on headers only: a response of this status has no body";
        let value = format!("status {}", status.as_u16());
        diagnostics.add_at("/fields", FaultCode::InvalidCondition, value, expected);
    }
}
