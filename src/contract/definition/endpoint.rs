//! An endpoint of a contract, and its outcomes.

use std::ops::Not;

use serde::{Serialize, Serializer};

use super::{
    condition::{Condition, MatchTarget, Matcher, by_member},
    shape::LegacyShape,
    statuses::Statuses,
};
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
    /// The member of the document is `rehearse`.
    #[serde(
        rename = "rehearse",
        serialize_with = "negated",
        skip_serializing_if = "<&bool>::not"
    )]
    pub(in crate::contract) is_never_rehearsed: bool,
    #[serde(serialize_with = "by_reference")]
    pub(in crate::contract) outcomes: Vec<Outcome>,
}

/// A named kind of response: its statuses, and optionally conditions on the response and on its request.
///
/// ```
/// use legacy_http_compat::contract::{LegacyShape, Outcome};
///
/// let denied = Outcome::new("DENIED", 200)
///     .field("/status", "DENIED")
///     .legacy(LegacyShape::new(403).json(serde_json::json!({"code": "ACCESS_DENIED"})));
/// assert!(denied.statuses().contains(200));
/// assert!(denied.legacy_shape().is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct Outcome {
    pub(in crate::contract) name: String,
    /// None where a document has none that can be read.
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) statuses: Option<Statuses>,
    #[serde(flatten, serialize_with = "by_member")]
    pub(crate) conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) legacy: Option<LegacyShape>,
    /// Whether the endpoint refers to an outcome of the contract, of which this is a copy once the contract is built.
    #[serde(skip)]
    pub(in crate::contract) is_shared: bool,
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
            is_never_rehearsed: false,
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

    /// Whether its legacy responses are [rehearsed](crate::LegacyHttpCompatLayer::rehearse_one_in) while the flag is off; they are
    /// unless this says otherwise.
    ///
    /// A rehearsal reads the target body and makes the legacy one, and keeps neither. Where a response that has a legacy shape
    /// contains a secret, switch it off.
    pub fn rehearse(mut self, rehearse: bool) -> Self {
        self.is_never_rehearsed = !rehearse;
        self
    }

    /// Adds an outcome after the others. A response counts as the first outcome that it matches.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcomes.push(outcome);
        self
    }

    /// Adds the outcome of this name that [the contract](crate::contract::ContractBuilder::outcome) has for several endpoints.
    pub fn shared_outcome(self, name: impl Into<String>) -> Self {
        self.outcome(Outcome::reference(name.into()))
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

    /// The outcomes in the order in which they are tried. Of a contract, shared ones are complete.
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
        let rehearse = reader.boolean("rehearse");
        reader.require("outcomes");
        let outcomes = reader.each("outcomes", Outcome::read_or_refer);
        reader.finish();
        Self {
            name,
            method: method.unwrap_or_else(|| "GET".to_owned()),
            path: path.unwrap_or_else(|| format!("/{stand_in}")),
            body_limit,
            is_never_rehearsed: rehearse == Some(false),
            outcomes,
        }
    }
}

impl Outcome {
    /// Every response of these statuses, unless conditions are added: `200`, `[400, 422]` or a class such as `"4xx"`.
    pub fn new(name: impl Into<String>, statuses: impl Into<Statuses>) -> Self {
        Self {
            name: name.into(),
            statuses: Some(statuses.into()),
            conditions: Vec::new(),
            legacy: None,
            is_shared: false,
        }
    }

    /// Only responses whose JSON field at `pointer` (RFC 6901) matches: is this scalar, or what a [`Matcher`] says. Numbers are
    /// compared exactly, by value: `1` is `1.0`, and 2^64 is not 2^64 + 1.
    ///
    /// Holds of JSON bodies only, also where the matcher is [`Matcher::absent`].
    pub fn field(self, pointer: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::Field(pointer.into()), value)
    }

    /// Only responses whose JSON field at `pointer` (RFC 6901) is one of these.
    pub fn field_in<M: Into<Matcher>>(
        self,
        pointer: impl Into<String>,
        values: impl IntoIterator<Item = M>,
    ) -> Self {
        self.field(pointer, Matcher::one_of(values))
    }

    /// Only responses that have a header line of this name with exactly this value, or what a [`Matcher`] says.
    pub fn header(self, name: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::Header(name.into()), value)
    }

    /// Only responses that have a header line of this name with exactly one of these values.
    pub fn header_in<M: Into<Matcher>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = M>,
    ) -> Self {
        self.header(name, Matcher::one_of(values))
    }

    /// Only responses to requests whose JSON field at `pointer` (RFC 6901) matches. Holds of JSON bodies only.
    ///
    /// Needs a [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer) inside: where the field was not
    /// read when the response is decided, the response is `undetermined`.
    pub fn request_field(self, pointer: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::RequestField(pointer.into()), value)
    }

    /// Only responses to requests whose JSON field at `pointer` (RFC 6901) is one of these.
    pub fn request_field_in<M: Into<Matcher>>(
        self,
        pointer: impl Into<String>,
        values: impl IntoIterator<Item = M>,
    ) -> Self {
        self.request_field(pointer, Matcher::one_of(values))
    }

    /// Only responses to requests whose body is `application/x-www-form-urlencoded` with a matching field of this name.
    ///
    /// Needs a [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer) inside: where the body was not read
    /// to its end when the response is decided, the response is `undetermined`.
    pub fn request_form_field(self, name: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::RequestFormField(name.into()), value)
    }

    /// Only responses to requests with a matching header line of this name.
    ///
    /// Responses to `GET` then vary by it, see the [guide](crate::guide::contract).
    pub fn request_header(self, name: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::RequestHeader(name.into()), value)
    }

    /// Only responses to requests with a matching parameter of this name in the query, decoded as
    /// `application/x-www-form-urlencoded`.
    pub fn query_parameter(self, name: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::QueryParameter(name.into()), value)
    }

    /// Only responses to requests whose parameter of this name in the endpoint's path, percent-decoded, matches.
    pub fn path_parameter(self, name: impl Into<String>, value: impl Into<Matcher>) -> Self {
        self.when(MatchTarget::PathParameter(name.into()), value)
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

    /// The statuses of the target responses; none of a reference whose contract is not built.
    pub fn statuses(&self) -> &Statuses {
        static NONE: Statuses = Statuses(Vec::new());
        self.statuses.as_ref().unwrap_or(&NONE)
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
        let statuses = reader.nested("status", Statuses::read).flatten();
        let mut conditions = Vec::new();
        for (member, on) in MatchTarget::MEMBERS {
            conditions.extend(reader.entries(member, |name, tree, _| {
                Some(Condition::read(on(name.to_owned()), tree))
            }));
        }
        let legacy = reader.nested("legacy", LegacyShape::read).flatten();
        reader.finish();
        Self {
            name,
            statuses,
            conditions,
            legacy,
            is_shared: false,
        }
    }

    /// An outcome of an endpoint: its own, or the name of one of the contract.
    fn read_or_refer(index: usize, tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        match tree.as_str() {
            Some(name) => Self::reference(name.to_owned()),
            None => Self::read(index, tree, diagnostics),
        }
    }

    fn reference(name: String) -> Self {
        Self {
            name,
            statuses: None,
            conditions: Vec::new(),
            legacy: None,
            is_shared: true,
        }
    }

    /// Whether it has conditions on fields of the response's body.
    pub(crate) fn reads_fields(&self) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.on.is_field())
    }

    fn when(mut self, on: MatchTarget, matcher: impl Into<Matcher>) -> Self {
        let matcher = matcher.into();
        self.conditions.push(Condition { on, matcher });
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn negated<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!value)
}

/// Writes shared outcomes as their names.
fn by_reference<S: Serializer>(outcomes: &[Outcome], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Entry<'o> {
        Shared(&'o str),
        Own(&'o Outcome),
    }
    serializer.collect_seq(outcomes.iter().map(|outcome| {
        if outcome.is_shared {
            Entry::Shared(&outcome.name)
        } else {
            Entry::Own(outcome)
        }
    }))
}
