//! Errors as problem details (RFC 9457).

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, HeaderName},
};
use serde_json::{Map, Value, json};

use crate::diagnostics::Fault;

/// The prefix of every type: a URN, which means the same wherever the router is mounted and is not meant to be fetched.
const TYPE_PREFIX: &str = "urn:legacy-http-compat:problem:";

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request did not succeed.
///
/// Its response carries it in the extensions, so that the dashboard can show it as a page.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: ProblemKind,
    /// Boxed, so that a result is not as large as its rare error.
    body: Box<ProblemBody>,
}

#[derive(Clone, Debug)]
struct ProblemBody {
    detail: String,
    members: Map<String, Value>,
    headers: HeaderMap,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// Neither a token nor a session.
    NoCredentials,
    /// An unknown token.
    WrongToken,
    /// Too many failed attempts from one network.
    TooManyAttempts,
    /// The role of the principal is too low.
    NotAllowed,
    /// Sent by a page of another origin.
    CrossOrigin,
    NotFound,
    MethodNotAllowed,
    BodyTooLarge,
    QueryTooLong,
    UnsupportedMediaType,
    /// The body or the query cannot be parsed.
    Malformed,
    /// It was parsed and has faults.
    Invalid,
    /// The current phase has no such transition.
    Impossible,
    GatesFailed,
    OverrideMismatch,
    NeedsIncident,
    /// The head of the journal is not the expected one.
    Conflict,
    /// The event cannot follow what is journaled.
    Unfitting,
    /// The journal cannot be read or written.
    JournalFailing,
    /// A rollback has taken effect but is not journaled yet.
    RollbackUnrecorded,
    TooManyStreams,
    /// The service is shutting down.
    Closing,
    /// The rollout was built without the requested part.
    NotConfigured,
    Internal,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let body = ProblemBody {
            detail: detail.into(),
            members: Map::new(),
            headers: HeaderMap::new(),
        };
        Self {
            kind,
            body: Box::new(body),
        }
    }

    /// The problem of a body or a query with faults.
    pub(crate) fn invalid(faults: &[Fault]) -> Self {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let members = faults.iter().map(|fault| {
            json!({
                "code": fault.code().as_str(),
                "place": fault.place(),
                "value": fault.value(),
                "expected": fault.expected(),
            })
        });
        Self::new(ProblemKind::Invalid, lines.join("; "))
            .with("faults", members.collect::<Vec<Value>>())
    }

    /// The problem of a part that the rollout or the service was built without.
    pub(crate) fn not_configured(part: &str) -> Self {
        let detail = format!("The service was built without {part}.");
        Self::new(ProblemKind::NotConfigured, detail)
    }

    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the response.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.body.headers.insert(name, value);
        self
    }

    pub(crate) const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The explanation, a sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.body.detail
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.body.members.get(name)
    }

    /// The headers of the response, such as `Retry-After`.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.body.headers
    }

    fn document(&self) -> Value {
        let kind = self.kind;
        let mut document = json!({
            "type": kind.uri(),
            "title": kind.title(),
            "status": kind.status().as_u16(),
            "detail": self.body.detail,
        });
        if let Value::Object(document) = &mut document {
            document.extend(self.body.members.clone());
        }
        document
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.extend(self.body.headers.clone());
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        response.extensions_mut().insert(self);
        response
    }
}

impl ProblemKind {
    /// All kinds, for the tests that compare them with the documentation.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 24] = [
        Self::NoCredentials,
        Self::WrongToken,
        Self::TooManyAttempts,
        Self::NotAllowed,
        Self::CrossOrigin,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::QueryTooLong,
        Self::UnsupportedMediaType,
        Self::Malformed,
        Self::Invalid,
        Self::Impossible,
        Self::GatesFailed,
        Self::OverrideMismatch,
        Self::NeedsIncident,
        Self::Conflict,
        Self::Unfitting,
        Self::JournalFailing,
        Self::RollbackUnrecorded,
        Self::TooManyStreams,
        Self::Closing,
        Self::NotConfigured,
        Self::Internal,
    ];

    pub(crate) const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The last part of its type, such as `gates-failed`.
    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }

    pub(crate) fn uri(self) -> String {
        format!("{TYPE_PREFIX}{}", self.name())
    }

    #[rustfmt::skip]
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoCredentials => (StatusCode::UNAUTHORIZED, "no-credentials", "Authentication required"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "Unknown token"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "Too many failed attempts"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not-allowed", "Not allowed for this role"),
            Self::CrossOrigin => (StatusCode::FORBIDDEN, "cross-origin", "Cross-origin request refused"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large"),
            Self::QueryTooLong => (StatusCode::URI_TOO_LONG, "query-too-long", "Query too long"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid request"),
            Self::Impossible => (StatusCode::CONFLICT, "impossible", "Impossible transition"),
            Self::GatesFailed => (StatusCode::CONFLICT, "gates-failed", "Gates failed"),
            Self::OverrideMismatch => (StatusCode::UNPROCESSABLE_ENTITY, "override-mismatch", "Override does not match the failing gates"),
            Self::NeedsIncident => (StatusCode::UNPROCESSABLE_ENTITY, "needs-incident", "A rollback needs an incident"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "Concurrent modification"),
            Self::Unfitting => (StatusCode::CONFLICT, "unfitting", "Contradicts the journal"),
            Self::JournalFailing => (StatusCode::SERVICE_UNAVAILABLE, "journal-failing", "Journal failing"),
            Self::RollbackUnrecorded => (StatusCode::SERVICE_UNAVAILABLE, "rollback-unrecorded", "Rollback not journaled yet"),
            Self::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", "Too many event streams"),
            Self::Closing => (StatusCode::SERVICE_UNAVAILABLE, "closing", "Shutting down"),
            Self::NotConfigured => (StatusCode::NOT_FOUND, "not-configured", "Not configured"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }
}
