//! The answer that old clients expect.

use super::template::Template;

/// An old answer: status, header changes and body.
///
/// Starts out with the body "as it is": only status and headers differ from the target answer. The body's bytes, the
/// headers that describe them (`Content-Type`, `Content-Encoding`, digests of the content) and trailers then stay.
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
    /// As it was given, which may be no status at all.
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
    /// The target answer's body under another status.
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

    /// Puts a header in place of all lines of that name.
    pub fn set_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Adds a header line and leaves those of the same name.
    pub fn append_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.append.push((name.into(), value.into()));
        self
    }

    /// Takes all header lines of that name away.
    pub fn remove_header(mut self, name: impl Into<String>) -> Self {
        self.remove.push(name.into());
        self
    }

    /// A JSON body, as `application/json` unless a header of the shape says otherwise.
    pub fn json(mut self, template: impl Into<Template>) -> Self {
        self.body = BodyShape::Json(template.into());
        self
    }

    /// No body. The only one for a 204.
    pub fn empty(mut self) -> Self {
        self.body = BodyShape::Empty;
        self
    }

    /// Allows a status without the header that HTTP requires with it, such as a 401 without `WWW-Authenticate` (RFC 9110,
    /// section 11.6.1), for clients that must get the exact old bytes.
    pub fn allow_missing_required_header(mut self) -> Self {
        self.allow_missing_required_header = true;
        self
    }

    /// The status that old clients get; 0 for one that does not even fit.
    #[must_use]
    pub fn status(&self) -> u16 {
        u16::try_from(self.status).unwrap_or_default()
    }
}
