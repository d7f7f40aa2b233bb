//! An outcome of an endpoint.

use serde_json::Value;

use super::shape::LegacyShape;

/// A named kind of response: a status, and optionally conditions on JSON fields and headers.
///
/// ```
/// use legacy_http_compat::contract::{LegacyShape, Outcome};
///
/// let denied = Outcome::new("DENIED", 200)
///     .field("/status", "DENIED")
///     .legacy(LegacyShape::new(403).json(serde_json::json!({"code": "ACCESS_DENIED"})));
/// assert_eq!(denied.status(), 200);
/// assert!(denied.legacy_shape().is_some());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome {
    pub(in crate::contract) name: String,
    /// As given, in range or not; none where a document has none that can be read.
    pub(in crate::contract) status: Option<i64>,
    pub(in crate::contract) conditions: Vec<Condition>,
    pub(in crate::contract) legacy: Option<LegacyShape>,
}

/// What one part of a response must be: one of a set of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) on: MatchTarget,
    pub(crate) values: Vec<Value>,
}

/// The part of a response, or of its request, that a condition is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MatchTarget {
    /// A field of the response's JSON body, by JSON pointer.
    Field(String),
    /// A field of the request's JSON body, by JSON pointer.
    RequestField(String),
    /// A response header, by name.
    Header(String),
}

impl Outcome {
    /// Every response of this status, unless conditions are added.
    pub fn new(name: impl Into<String>, status: u16) -> Self {
        Self {
            name: name.into(),
            status: Some(status.into()),
            conditions: Vec::new(),
            legacy: None,
        }
    }

    /// Only responses whose JSON field at `pointer` (RFC 6901) is this scalar. Numbers are equal by value: `1` is `1.0`.
    pub fn field(self, pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        self.field_in(pointer, [value])
    }

    /// Only responses whose JSON field at `pointer` (RFC 6901) is one of these scalars.
    pub fn field_in<V: Into<Value>>(
        self,
        pointer: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.when(MatchTarget::Field(pointer.into()), values)
    }

    /// Only responses to requests whose JSON field at `pointer` (RFC 6901) is this scalar.
    ///
    /// Needs a [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer) inside: where the field was not
    /// read when the response is decided, the response is `undetermined`.
    pub fn request_field(self, pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        self.request_field_in(pointer, [value])
    }

    /// Only responses to requests whose JSON field at `pointer` (RFC 6901) is one of these scalars.
    pub fn request_field_in<V: Into<Value>>(
        self,
        pointer: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.when(MatchTarget::RequestField(pointer.into()), values)
    }

    /// Only responses that have a header line of this name with exactly this value.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.header_in(name, [value])
    }

    /// Only responses that have a header line of this name with exactly one of these values.
    pub fn header_in<V: Into<String>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.when(
            MatchTarget::Header(name.into()),
            values.into_iter().map(Into::into),
        )
    }

    /// The response that old clients expect in place of this one.
    pub fn legacy(mut self, shape: LegacyShape) -> Self {
        self.legacy = Some(shape);
        self
    }

    /// The name, which is also a label in metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The status of the target response; 0 for one that is out of range.
    #[must_use]
    pub fn status(&self) -> u16 {
        let status = self.status.and_then(|status| u16::try_from(status).ok());
        status.unwrap_or_default()
    }

    /// The response that old clients expect, where it differs.
    #[must_use]
    pub fn legacy_shape(&self) -> Option<&LegacyShape> {
        self.legacy.as_ref()
    }

    fn when<V: Into<Value>>(
        mut self,
        on: MatchTarget,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions.push(Condition { on, values });
        self
    }
}
