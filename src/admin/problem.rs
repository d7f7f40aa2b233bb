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

/// What every type begins with. A URN, so that it means the same wherever the router is mounted; there is nothing to be
/// fetched behind it.
const TYPE_PREFIX: &str = "urn:legacy-http-compat:problem:";

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was not answered as it was meant.
///
/// The answer made of it carries it in its extensions, so that the dashboard can show it to people.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: ProblemKind,
    /// Boxed, so that a result is not as large as its rare error.
    told: Box<Told>,
}

#[derive(Clone, Debug)]
struct Told {
    detail: String,
    members: Map<String, Value>,
    headers: HeaderMap,
}

/// The problems that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// Neither a token nor a session.
    NoCredentials,
    /// A token that is none of ours.
    WrongToken,
    /// Too many of those from one peer.
    TooManyAttempts,
    /// A viewer wants what is an operator's.
    NotAllowed,
    /// A page of another site has sent this.
    CrossOrigin,
    NotFound,
    MethodNotAllowed,
    BodyTooLarge,
    QueryTooLong,
    UnsupportedMediaType,
    /// The body or the query cannot be read at all.
    Malformed,
    /// It can be read, and something in it is wrong.
    Invalid,
    /// There is no such step from the phase that holds.
    Impossible,
    GatesFailed,
    OverrideMismatch,
    NeedsIncident,
    /// The journal stands at another head than the one that was expected.
    Conflict,
    /// What is said cannot follow what is journaled.
    Unfitting,
    /// The journal cannot be read or written.
    JournalFailing,
    /// A rollback that took effect is not in the journal yet.
    RollbackUnrecorded,
    TooManyStreams,
    /// The service is being shut down.
    Closing,
    /// The rollout was built without what is asked for.
    NotConfigured,
    Internal,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let told = Told {
            detail: detail.into(),
            members: Map::new(),
            headers: HeaderMap::new(),
        };
        Self {
            kind,
            told: Box::new(told),
        }
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.told.members.insert(name.to_owned(), value.into());
        self
    }

    /// With a header on the answer.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.told.headers.insert(name, value);
        self
    }

    pub(crate) const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What is wrong, in a sentence for people.
    pub(crate) fn detail(&self) -> &str {
        &self.told.detail
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.told.members.get(name)
    }

    /// The headers that go with it, such as `Retry-After`.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.told.headers
    }

    fn document(&self) -> Value {
        let kind = self.kind;
        let mut document = json!({
            "type": kind.uri(),
            "title": kind.title(),
            "status": kind.status().as_u16(),
            "detail": self.told.detail,
        });
        if let Value::Object(document) = &mut document {
            document.extend(self.told.members.clone());
        }
        document
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.extend(self.told.headers.clone());
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        response.extensions_mut().insert(self);
        response
    }
}

impl ProblemKind {
    /// All that there are, for the tests that hold the documentation to them.
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
            Self::NoCredentials => (StatusCode::UNAUTHORIZED, "no-credentials", "A token or a session is needed"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "wrong-token", "The token is not known"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "Too many failed attempts"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not-allowed", "The role does not allow it"),
            Self::CrossOrigin => (StatusCode::FORBIDDEN, "cross-origin", "Another site may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is nothing here"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large"),
            Self::QueryTooLong => (StatusCode::URI_TOO_LONG, "query-too-long", "The query is too long"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The media type is not understood"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request cannot be read"),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Something in the request is wrong"),
            Self::Impossible => (StatusCode::CONFLICT, "impossible", "There is no such step"),
            Self::GatesFailed => (StatusCode::CONFLICT, "gates-failed", "Gates do not let pass"),
            Self::OverrideMismatch => (StatusCode::UNPROCESSABLE_ENTITY, "override-mismatch", "The override does not name the failing gates"),
            Self::NeedsIncident => (StatusCode::UNPROCESSABLE_ENTITY, "needs-incident", "The way back from cutover is a rollback"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "Something happened meanwhile"),
            Self::Unfitting => (StatusCode::CONFLICT, "unfitting", "It cannot follow what is journaled"),
            Self::JournalFailing => (StatusCode::SERVICE_UNAVAILABLE, "journal-failing", "The journal is failing"),
            Self::RollbackUnrecorded => (StatusCode::SERVICE_UNAVAILABLE, "rollback-unrecorded", "A rollback is not on record yet"),
            Self::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", "Too many event streams are open"),
            Self::Closing => (StatusCode::SERVICE_UNAVAILABLE, "closing", "The service is being shut down"),
            Self::NotConfigured => (StatusCode::NOT_FOUND, "not-configured", "The rollout was built without it"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The request could not be carried out"),
        }
    }
}
