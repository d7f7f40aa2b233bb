//! The response that old clients expect.

use std::ops::Not;

use serde::{Serialize, Serializer};

use super::template::Template;
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, Scalar, wrong_type},
};

/// A legacy response: status, header changes and body.
///
/// A new shape keeps the body: only status and headers differ from the target response. The body's bytes, the headers
/// that describe them (`Content-Type`, `Content-Encoding`, digests of the content) and trailers then stay.
///
/// ```
/// use legacy_http_compat::contract::{Placeholder, LegacyShape, Template};
///
/// let pending = LegacyShape::new(401)
///     .set_header("www-authenticate", "Bearer")
///     .json(Template::object([
///         ("code", Template::from("AUTHORIZATION_PENDING")),
///         ("retryable", Template::from(true)),
///         ("correlation_id", Placeholder::header(["x-correlation-id"]).default(Placeholder::uuid()).into()),
///     ]));
/// assert_eq!(pending.status(), 401);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct LegacyShape {
    /// As given, in range or not.
    pub(in crate::contract) status: i64,
    #[serde(rename = "set_headers", serialize_with = "by_name")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) set: Vec<(String, String)>,
    #[serde(rename = "append_headers", serialize_with = "by_name")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) append: Vec<(String, String)>,
    #[serde(rename = "remove_headers", skip_serializing_if = "Vec::is_empty")]
    pub(crate) remove: Vec<String>,
    #[serde(skip_serializing_if = "BodyShape::is_as_is")]
    pub(crate) body: BodyShape,
    #[serde(skip_serializing_if = "Not::not")]
    pub(in crate::contract) allow_missing_required_header: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BodyShape {
    AsIs,
    Empty,
    Json(Template),
}

impl LegacyShape {
    /// The target response's body with another status.
    pub fn new(status: u16) -> Self {
        Self {
            status: status.into(),
            set: Vec::new(),
            append: Vec::new(),
            remove: Vec::new(),
            body: BodyShape::AsIs,
            allow_missing_required_header: false,
        }
    }

    /// Sets a header, replacing all lines of that name.
    pub fn set_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Adds a header line and keeps those of the same name.
    pub fn append_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.append.push((name.into(), value.into()));
        self
    }

    /// Removes all header lines of that name.
    pub fn remove_header(mut self, name: impl Into<String>) -> Self {
        self.remove.push(name.into());
        self
    }

    /// A JSON body, as `application/json` unless the shape sets another `Content-Type`: one that ends in `+json`, `text/json`
    /// or `text/plain`.
    pub fn json(mut self, template: impl Into<Template>) -> Self {
        self.body = BodyShape::Json(template.into());
        self
    }

    /// No body, the only one that a 204 can have.
    pub fn empty(mut self) -> Self {
        self.body = BodyShape::Empty;
        self
    }

    /// Allows a status without the header that HTTP requires with it, such as a 401 without `WWW-Authenticate` (RFC 9110,
    /// section 11.6.1), for clients that need the exact old response.
    pub fn allow_missing_required_header(mut self) -> Self {
        self.allow_missing_required_header = true;
        self
    }

    /// The status that old clients get; 0 for one that is out of range.
    #[must_use]
    pub fn status(&self) -> u16 {
        u16::try_from(self.status).unwrap_or_default()
    }

    pub(super) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("status");
        let status = reader.integer("status");
        let set = reader.entries("set_headers", read_lines).concat();
        let append = reader.entries("append_headers", read_lines).concat();
        let remove = reader.string_list("remove_headers");
        let body = reader.nested("body", BodyShape::read);
        let allow_missing = reader.boolean("allow_missing_required_header");
        reader.finish();
        Some(Self {
            status: status?,
            set,
            append,
            remove,
            body: body.unwrap_or(BodyShape::AsIs),
            allow_missing_required_header: allow_missing.unwrap_or_default(),
        })
    }
}

impl BodyShape {
    fn is_as_is(&self) -> bool {
        *self == Self::AsIs
    }

    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        match tree {
            OrderedValue::Scalar(word) if word == "as_is" => return Self::AsIs,
            OrderedValue::Scalar(word) if word == "empty" => return Self::Empty,
            OrderedValue::Object(members) if members.len() == 1 && members[0].0 == "json" => {
                return Self::Json(Template::from_tree(&members[0].1));
            }
            _ => {}
        }
        let expected = r#""as_is", "empty" or {"json": <template>}"#;
        diagnostics.add(FaultCode::WrongType, tree.to_string(), expected);
        Self::AsIs
    }
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
    if values.is_empty() {
        diagnostics.add(FaultCode::InvalidHeader, "[]", "at least one value");
    }
    let line = |value| (name.to_owned(), value);
    Some(values.into_iter().map(line).collect())
}

/// Writes header lines by name; several of one name become an array.
fn by_name<S: Serializer>(lines: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut members: Vec<(&str, Vec<OrderedValue>)> = Vec::new();
    for (name, value) in lines {
        let value = OrderedValue::Scalar(Scalar::String(value.clone()));
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => members.push((name, vec![value])),
        }
    }
    let members = members.iter();
    serializer.collect_map(members.map(|(name, values)| (name, one_or_all(values))))
}

/// A single value as it is, several as an array.
pub(super) fn one_or_all(values: &[OrderedValue]) -> OrderedValue {
    match values {
        [single] => single.clone(),
        several => OrderedValue::Array(several.to_vec()),
    }
}
