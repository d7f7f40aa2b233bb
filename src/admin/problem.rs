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

use crate::{diagnostics::Fault, words::words};

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

words! {
    /// The kinds of problems, by the last part of their types.
    pub(crate) enum ProblemKind {
        /// Neither a token nor a session.
        NoCredentials = "no-credentials",
        /// An unknown token.
        WrongToken = "wrong-token",
        /// Too many failed attempts from one network.
        TooManyAttempts = "too-many-attempts",
        /// The role of the principal is too low.
        NotAllowed = "not-allowed",
        /// Sent by a page of another origin.
        CrossOrigin = "cross-origin",
        NotFound = "not-found",
        MethodNotAllowed = "method-not-allowed",
        BodyTooLarge = "body-too-large",
        QueryTooLong = "query-too-long",
        UnsupportedMediaType = "unsupported-media-type",
        /// The body or the query cannot be parsed.
        Malformed = "malformed",
        /// It was parsed and has faults.
        Invalid = "invalid",
        /// The current phase has no such transition.
        Impossible = "impossible",
        /// The flag does not go off while a rollback has no post-analysis.
        PostAnalysesDue = "post-analyses-due",
        GatesFailed = "gates-failed",
        OverrideMismatch = "override-mismatch",
        NeedsIncident = "needs-incident",
        /// The policy comes from the program alone.
        PolicyPinned = "policy-pinned",
        /// A policy that is loosened names what it loosens.
        PolicyLoosened = "policy-loosened",
        /// The last decision is not the expected one.
        Conflict = "conflict",
        /// The event cannot follow what is journaled.
        Unfitting = "unfitting",
        /// The journal cannot be read or written.
        JournalFailing = "journal-failing",
        /// The policy does not allow a brownout at that time.
        BrownoutNotAllowed = "brownout-not-allowed",
        /// The flag is off for a brownout, which ends before a cutover.
        BrownoutRunning = "brownout-running",
        /// A rollback or the end of a brownout has taken effect but is not journaled yet.
        RollbackUnrecorded = "rollback-unrecorded",
        TooManyStreams = "too-many-streams",
        /// The service is shutting down.
        Closing = "closing",
        /// The rollout was built without the requested part.
        NotConfigured = "not-configured",
        Internal = "internal",
    }
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

    /// The most faults that a problem lists.
    const MAX_FAULTS: usize = 64;

    /// The problem of a body or a query with faults. The first ones are listed, and how many there are.
    pub(crate) fn invalid(faults: &[Fault]) -> Self {
        let count = faults.len();
        let faults = &faults[..count.min(Self::MAX_FAULTS)];
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
            .with("fault_count", count)
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
    pub(crate) const fn status(self) -> StatusCode {
        self.status_and_title().0
    }

    pub(crate) const fn title(self) -> &'static str {
        self.status_and_title().1
    }

    pub(crate) fn uri(self) -> String {
        format!("{TYPE_PREFIX}{self}")
    }

    #[rustfmt::skip]
    const fn status_and_title(self) -> (StatusCode, &'static str) {
        match self {
            Self::NoCredentials => (StatusCode::UNAUTHORIZED, "Authentication required"),
            Self::WrongToken => (StatusCode::UNAUTHORIZED, "Unknown token"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "Too many failed attempts"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "Not allowed for this role"),
            Self::CrossOrigin => (StatusCode::FORBIDDEN, "Cross-origin request refused"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Body too large"),
            Self::QueryTooLong => (StatusCode::URI_TOO_LONG, "Query too long"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "Malformed request"),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid request"),
            Self::Impossible => (StatusCode::CONFLICT, "Impossible transition"),
            Self::PostAnalysesDue => (StatusCode::CONFLICT, "Post-analyses are not filed"),
            Self::GatesFailed => (StatusCode::CONFLICT, "Gates failed"),
            Self::OverrideMismatch => (StatusCode::UNPROCESSABLE_ENTITY, "Override does not match the failing gates"),
            Self::NeedsIncident => (StatusCode::UNPROCESSABLE_ENTITY, "A rollback needs an incident"),
            Self::PolicyPinned => (StatusCode::CONFLICT, "The policy is pinned"),
            Self::PolicyLoosened => (StatusCode::UNPROCESSABLE_ENTITY, "The policy is loosened"),
            Self::Conflict => (StatusCode::CONFLICT, "Concurrent modification"),
            Self::Unfitting => (StatusCode::CONFLICT, "Contradicts the journal"),
            Self::JournalFailing => (StatusCode::SERVICE_UNAVAILABLE, "Journal failing"),
            Self::BrownoutNotAllowed => (StatusCode::UNPROCESSABLE_ENTITY, "The policy does not allow the brownout"),
            Self::BrownoutRunning => (StatusCode::CONFLICT, "A brownout is running"),
            Self::RollbackUnrecorded => (StatusCode::SERVICE_UNAVAILABLE, "Rollback not journaled yet"),
            Self::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "Too many event streams"),
            Self::Closing => (StatusCode::SERVICE_UNAVAILABLE, "Shutting down"),
            Self::NotConfigured => (StatusCode::NOT_FOUND, "Not configured"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
        }
    }
}
