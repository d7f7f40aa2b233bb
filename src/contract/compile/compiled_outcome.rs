//! A compiled outcome, and whether a response matches it.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{compiled_shape::CompiledShape, headers, pointer};
use crate::{
    contract::definition::endpoint::{Condition, MatchTarget},
    diagnostics::{Diagnostics, FaultCode},
    json::{Field, FieldScanner, Fields, OrderedValue, Scalar},
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
    Undetermined {
        /// Whether an outcome that is still possible has a legacy shape.
        may_be_legacy: bool,
    },
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
    pub(super) fields: Vec<FieldCondition>,
    request_fields: Vec<FieldCondition>,
    headers: Vec<(HeaderName, Vec<HeaderValue>)>,
}

/// The slot of a field and the values of which it must be one.
type FieldCondition = (usize, Vec<Scalar>);

/// The fields that the conditions of an endpoint's outcomes read, of the response and of the request.
pub(super) struct RequestedFields<'s> {
    pub(super) fields: &'s mut FieldScanner,
    pub(super) request_fields: &'s mut FieldScanner,
}

/// Whether a response fulfils the conditions of one outcome.
pub(super) enum ConditionResult {
    Fulfilled,
    Failed,
    Undecided,
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
            if earlier.any(|earlier| earlier.on.is_same(&condition.on)) {
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
        if let MatchTarget::Field(pointer) | MatchTarget::RequestField(pointer) = &condition.on {
            pointer::check(pointer, diagnostics);
        }
        match &condition.on {
            MatchTarget::Field(pointer) => {
                if let Some(slot) = requested.fields.add(pointer, diagnostics) {
                    self.fields.push((slot, scalars(condition, diagnostics)));
                }
            }
            MatchTarget::RequestField(pointer) => {
                let slot = requested.request_fields.add(pointer, diagnostics);
                if let Some(slot) = slot {
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

    /// Whether any is on a header of the response or on its request.
    pub(super) fn read_head(&self) -> bool {
        !(self.headers.is_empty() && self.request_fields.is_empty())
    }

    /// Evaluates those on headers, and on fields of the `request`, which may be unknown. One failed condition decides.
    pub(super) fn by_head(&self, headers: &HeaderMap, request: Fields<'_>) -> ConditionResult {
        let mut lines = self.headers.iter();
        if !lines.all(|(name, values)| has_line(headers, name, values)) {
            return ConditionResult::Failed;
        }
        let mut result = ConditionResult::Fulfilled;
        for (slot, values) in &self.request_fields {
            match request.get(*slot) {
                Field::Unknown => result = ConditionResult::Undecided,
                Field::Present(json) if values.iter().any(|value| value.is_written_as(json)) => {}
                Field::Present(_) | Field::Absent => return ConditionResult::Failed,
            }
        }
        result
    }
}

fn has_line(headers: &HeaderMap, name: &HeaderName, values: &[HeaderValue]) -> bool {
    headers
        .get_all(name)
        .iter()
        .any(|line| values.contains(line))
}

fn scalars(condition: &Condition, diagnostics: &mut Diagnostics) -> Vec<Scalar> {
    let mut scalars = Vec::new();
    for value in &condition.values {
        if let OrderedValue::Scalar(scalar) = value {
            scalars.push(scalar.clone());
        } else {
            let expected = "a string, a number, true, false or null, or an array of these";
            diagnostics.add(FaultCode::InvalidCondition, values(condition), expected);
        }
    }
    scalars
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
    OrderedValue::Array(condition.values.clone()).to_string()
}
