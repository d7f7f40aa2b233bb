//! The response that old clients expect.

use super::template::Template;

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
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct LegacyShape {
    /// As given, in range or not.
    pub(in crate::contract) status: i64,
    pub(in crate::contract) set: Vec<(String, String)>,
    pub(in crate::contract) append: Vec<(String, String)>,
    pub(in crate::contract) remove: Vec<String>,
    pub(in crate::contract) body: BodyShape,
    pub(in crate::contract) allow_missing_required_header: bool,
}

#[derive(Clone, Debug, PartialEq)]
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

    /// A JSON body, as `application/json` unless the shape sets another `Content-Type`.
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
}
