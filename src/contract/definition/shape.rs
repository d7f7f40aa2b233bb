//! The response that old clients expect.

use std::ops::Not;

use serde::{Serialize, Serializer};

use serde_json::Value;

use super::{
    body_shape::BodyShape,
    edit::BodyEdit,
    legacy_fn::LegacyFn,
    template::{Node, Template},
};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, wrong_type},
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
    pub(crate) set: Vec<HeaderLine>,
    #[serde(rename = "append_headers", serialize_with = "by_name")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) append: Vec<HeaderLine>,
    #[serde(rename = "remove_headers", skip_serializing_if = "Vec::is_empty")]
    pub(crate) remove: Vec<String>,
    #[serde(skip_serializing_if = "BodyShape::is_as_is")]
    pub(crate) body: BodyShape,
    #[serde(skip_serializing_if = "Not::not")]
    pub(in crate::contract) allow_missing_required_header: bool,
}

/// A header's name and its value: a text or a placeholder.
pub(in crate::contract) type HeaderLine = (String, Template);

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
    ///
    /// The value is a text, or a [`Placeholder`](super::template::Placeholder) with a string, number or boolean; one that
    /// no header can have is absent. If it is to be omitted, the header stays as it is.
    ///
    /// ```
    /// use legacy_http_compat::contract::{LegacyShape, Placeholder};
    ///
    /// let shape = LegacyShape::new(429)
    ///     .set_header("retry-after", Placeholder::field("/interval").default("5"))
    ///     .set_header("x-page", Placeholder::text([Placeholder::query("page"), Placeholder::link("next")]).omit_if_absent());
    /// ```
    pub fn set_header(mut self, name: impl Into<String>, value: impl Into<Template>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Adds a header line and keeps those of the same name.
    pub fn append_header(mut self, name: impl Into<String>, value: impl Into<Template>) -> Self {
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

    /// The target response's JSON body with changes, under its own media type.
    pub fn edit(mut self, edit: BodyEdit) -> Self {
        self.body = BodyShape::Edit(edit);
        self
    }

    /// A text, as `text/plain; charset=utf-8` unless the shape sets another `Content-Type`. Nothing escapes what placeholders
    /// insert: with one, the media type must not be one that a browser runs.
    pub fn text(mut self, text: impl Into<Template>) -> Self {
        self.body = BodyShape::Text(text.into());
        self
    }

    /// A form, as `application/x-www-form-urlencoded`: strings, numbers, booleans and placeholders with these.
    ///
    /// ```
    /// use legacy_http_compat::contract::{LegacyShape, Placeholder, Template};
    ///
    /// let shape = LegacyShape::new(200).form([
    ///     ("error", Template::from("slow_down")),
    ///     ("interval", Placeholder::field("/interval").into()),
    /// ]);
    /// ```
    pub fn form<N: Into<String>, T: Into<Template>>(
        mut self,
        members: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        self.body = BodyShape::Form(Template::object(members));
        self
    }

    /// A JSON body that a function makes of the target body, for what no template can say.
    ///
    /// The target body is read whole, up to the [limit](crate::LegacyHttpCompatLayer::body_limit), and parsed. Where the
    /// function returns `None`, panics, or returns what is no JSON, the response is not rewritten. It runs while the
    /// response is being sent: it must not block.
    ///
    /// Functions exist only in Rust. In the contract's document and its digest stands the name, which is 1 to 64 letters,
    /// digits, `_`, `-` and `.`: give a function that does something else another name.
    ///
    /// ```
    /// use legacy_http_compat::contract::LegacyShape;
    /// use serde_json::json;
    ///
    /// let shape = LegacyShape::new(400).with_fn("first_error-1", |target| {
    ///     let errors = target["errors"].as_array()?;
    ///     Some(json!({"error": errors.first()?["code"], "more": errors.len() - 1}))
    /// });
    /// ```
    pub fn with_fn<T: Serialize>(
        mut self,
        name: impl Into<String>,
        body: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        self.body = BodyShape::Fn(LegacyFn::new(name.into(), body));
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

/// The lines of one header.
fn read_lines(
    name: &str,
    values: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<HeaderLine>> {
    let lines = match values {
        OrderedValue::Array(lines) => lines.as_slice(),
        single => std::slice::from_ref(single),
    };
    if lines.is_empty() {
        diagnostics.add(FaultCode::InvalidHeader, "[]", "at least one value");
    }
    let is_line =
        |line: &OrderedValue| line.as_str().is_some() || matches!(line, OrderedValue::Object(_));
    if !lines.iter().all(is_line) {
        let expected = "a string, a placeholder or an array of these";
        wrong_type(values, expected, diagnostics);
        return None;
    }
    let line = |line| (name.to_owned(), Template::from_tree(line));
    Some(lines.iter().map(line).collect())
}

/// Writes header lines by name; several of one name become an array.
fn by_name<S: Serializer>(lines: &[HeaderLine], serializer: S) -> Result<S::Ok, S::Error> {
    let mut members: Vec<(&str, Vec<Node>)> = Vec::new();
    for (name, value) in lines {
        let value = value.0.clone();
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => members.push((name, vec![value])),
        }
    }
    let one_or_all = |values: Vec<Node>| match <[Node; 1]>::try_from(values) {
        Ok([single]) => single,
        Err(several) => Node::Array(several),
    };
    let members = members.into_iter();
    serializer.collect_map(members.map(|(name, values)| (name, one_or_all(values))))
}

/// A single value as it is, several as an array.
pub(in crate::contract) fn one_or_all(values: &[OrderedValue]) -> OrderedValue {
    match values {
        [single] => single.clone(),
        several => OrderedValue::Array(several.to_vec()),
    }
}
