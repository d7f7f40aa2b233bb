//! An endpoint of a contract, and its outcomes.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::shape::{LegacyShape, one_or_all};
use crate::{
    diagnostics::Diagnostics,
    json::{ObjectReader, OrderedValue},
};

/// A method and path pattern with a name, and its outcomes.
///
/// The path is in [matchit] syntax: `{id}` matches one segment, `{*rest}` everything that follows. It is matched against
/// the path as the layer sees it, without decoding; a static path takes precedence over a parameter. Faults of an
/// endpoint are reported when the contract is built.
///
/// [matchit]: https://docs.rs/matchit/0.8
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct Endpoint {
    pub(in crate::contract) name: String,
    pub(in crate::contract) method: String,
    pub(in crate::contract) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) body_limit: Option<usize>,
    pub(in crate::contract) outcomes: Vec<Outcome>,
}

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
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct Outcome {
    pub(in crate::contract) name: String,
    /// As given, in range or not; none where a document has none that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) status: Option<i64>,
    #[serde(flatten, serialize_with = "by_member")]
    pub(in crate::contract) conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) legacy: Option<LegacyShape>,
}

/// What one part of a response must be: one of a set of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) on: MatchTarget,
    /// Anything but a scalar is a fault when the contract is built.
    pub(crate) values: Vec<OrderedValue>,
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

impl Endpoint {
    /// An endpoint; `method` is a [`http::Method`] or its name, which is case-sensitive: `PATCH`, not `patch`.
    pub fn new(name: impl Into<String>, method: impl AsRef<str>, path: impl Into<String>) -> Self {
        let method = method.as_ref().to_owned();
        Self {
            name: name.into(),
            method,
            path: path.into(),
            body_limit: None,
            outcomes: Vec::new(),
        }
    }

    /// An endpoint for `GET`.
    pub fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::GET, path)
    }

    /// An endpoint for `POST`.
    pub fn post(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::POST, path)
    }

    /// An endpoint for `PUT`.
    pub fn put(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::PUT, path)
    }

    /// An endpoint for `DELETE`.
    pub fn delete(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::DELETE, path)
    }

    /// How many bytes of a body of this endpoint are peeked at, in place of the
    /// [limit of the layer](crate::LegacyHttpCompatLayer::body_limit).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Adds an outcome after the others. A response counts as the first outcome that it matches.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcomes.push(outcome);
        self
    }

    /// The name, which is also a label in metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path pattern without the contract's base path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The outcomes in the order in which they are tried.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    pub(super) fn read(index: usize, tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        // Stands in for a missing name or path, so that the rest of the endpoint can still be checked.
        let stand_in = format!("endpoint-{}", index + 1);
        let name = reader.required_string("name");
        let name = name.unwrap_or_else(|| stand_in.clone());
        reader.diagnostics.describe("endpoint", &name);
        let method = reader.required_string("method");
        let path = reader.required_string("path");
        let body_limit = reader.unsigned("body_limit");
        reader.require("outcomes");
        let outcomes = reader.each("outcomes", Outcome::read);
        reader.finish();
        Self {
            name,
            method: method.unwrap_or_else(|| "GET".to_owned()),
            path: path.unwrap_or_else(|| format!("/{stand_in}")),
            body_limit,
            outcomes,
        }
    }
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

    /// Only responses whose JSON field at `pointer` (RFC 6901) is this scalar. Numbers are compared exactly, by value:
    /// `1` is `1.0`, and 2^64 is not 2^64 + 1.
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

    pub(super) fn read(index: usize, tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        let name = reader.required_string("name");
        let name = name.unwrap_or_else(|| format!("outcome-{}", index + 1));
        reader.diagnostics.describe("outcome", &name);
        reader.require("status");
        let status = reader.integer("status");
        let mut conditions = |member, on: fn(String) -> MatchTarget| {
            reader.entries(member, |name, values, _| {
                Some(Condition::read(on(name.to_owned()), values))
            })
        };
        let conditions = [
            conditions("fields", MatchTarget::Field),
            conditions("request_fields", MatchTarget::RequestField),
            conditions("headers", MatchTarget::Header),
        ]
        .concat();
        let legacy = reader.nested("legacy", LegacyShape::read).flatten();
        reader.finish();
        Self {
            name,
            status,
            conditions,
            legacy,
        }
    }

    /// Whether it has conditions on fields of the response's body.
    pub(in crate::contract) fn reads_fields(&self) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.on.is_field())
    }

    fn when<V: Into<Value>>(
        mut self,
        on: MatchTarget,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|value| value.into().into())
            .collect();
        self.conditions.push(Condition { on, values });
        self
    }
}

impl Condition {
    /// One value, or an array of those that are allowed.
    fn read(on: MatchTarget, values: &OrderedValue) -> Self {
        let values = match values {
            OrderedValue::Array(items) => items.clone(),
            single => vec![single.clone()],
        };
        Self { on, values }
    }
}

impl MatchTarget {
    /// Whether it is a field of the response's body.
    pub(in crate::contract) fn is_field(&self) -> bool {
        matches!(self, Self::Field(_))
    }

    /// Whether both are the same part; names of headers are, in whatever case.
    pub(in crate::contract) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one), Self::Header(other)) => one.eq_ignore_ascii_case(other),
            _ => self == other,
        }
    }

    /// Where a document has the condition: in which member of the outcome, and its own name there.
    pub(in crate::contract) fn place(&self) -> (&'static str, &str) {
        match self {
            Self::Field(pointer) => ("fields", pointer),
            Self::RequestField(pointer) => ("request_fields", pointer),
            Self::Header(name) => ("headers", name),
        }
    }
}

/// Writes conditions into the members of the outcome that they are in.
fn by_member<S: Serializer>(conditions: &[Condition], serializer: S) -> Result<S::Ok, S::Error> {
    let members = ["fields", "request_fields", "headers"].map(|member| {
        let written = conditions.iter().filter_map(|condition| {
            let (place, name) = condition.on.place();
            (place == member).then(|| (name.to_owned(), one_or_all(&condition.values)))
        });
        (member, written.collect::<Vec<_>>())
    });
    let present = members
        .into_iter()
        .filter(|(_, written)| !written.is_empty());
    serializer.collect_map(present.map(|(member, written)| (member, OrderedValue::Object(written))))
}
