//! The layers around all routes: the id of a request, its limits, and what protects browsers.

use axum::{
    body::Body,
    extract::{Request, rejection::FormRejection},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{self, CONTENT_LENGTH},
};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use uuid::Uuid;

use super::problem::{Problem, ProblemKind};
use crate::rollout::names::CorrelationId;

const ID_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
static ID_HEADERS: [HeaderName; 2] = [ID_HEADER, HeaderName::from_static("x-request-id")];

/// The id of a request: sent by the client, or generated.
#[derive(Clone, Debug)]
pub(crate) struct Correlation(pub(crate) CorrelationId);

/// Gives each request its id, and the response the same.
pub(crate) async fn request_id(mut request: Request, next: Next) -> Response {
    let id = received_id(request.headers()).unwrap_or_else(generated_id);
    // Letters beyond ASCII are fine in a journal, but not in a header.
    let header = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(Correlation(id.clone()));
    let method = request.method().clone();
    let mut response = next.run(request).await;
    // Neither path nor query: a client may have put secrets into them.
    let status = response.status().as_u16();
    if response.status().is_server_error() {
        tracing::warn!(correlation_id = %id, http.request.method = %method, http.response.status_code = status, "admin request failed");
    } else {
        tracing::debug!(correlation_id = %id, http.request.method = %method, http.response.status_code = status, "admin request");
    }
    if let Ok(header) = header {
        response.headers_mut().insert(ID_HEADER, header);
    }
    response
}

fn received_id(headers: &HeaderMap) -> Option<CorrelationId> {
    ID_HEADERS.iter().find_map(|name| {
        let text = headers.get(name)?.to_str().ok()?;
        CorrelationId::new(text).ok()
    })
}

fn generated_id() -> CorrelationId {
    let id = Uuid::new_v4().to_string();
    CorrelationId::new(id).expect("a UUID is an id")
}

const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                              form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Marks a response that never changes under its address, and has nothing confidential (RFC 8246).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Immutable;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Sets the security headers, in place of any that are there.
pub(crate) async fn security_headers(mut response: Response) -> Response {
    let immutable = response.extensions().get::<Immutable>().is_some();
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if immutable {
        headers.insert(header::CACHE_CONTROL, IMMUTABLE);
    }
    response
}

/// Refuses requests that pages of another origin have sent, by the headers that browsers add. Other clients send none of
/// these headers and pass; they need a token.
pub(crate) fn same_origin_only() -> CsrfLayer<fn(ProtectionError) -> Response<Body>> {
    CsrfLayer::new().with_rejection_response(refuse as fn(ProtectionError) -> Response<Body>)
}

fn refuse(_: ProtectionError) -> Response<Body> {
    let detail = "The request was sent by a page of another origin. A proxy must forward `Host` and `Origin` unchanged.";
    Problem::new(ProblemKind::CrossOrigin, detail).into_response()
}

/// The most bytes of a body.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// The most bytes of a query.
const MAX_QUERY: usize = 2 * 1024;

/// Refuses what is too large before any of it is read. A body without a stated length is limited while it is read.
pub(crate) async fn request_limits(request: Request, next: Next) -> Response {
    if request.uri().query().map_or(0, str::len) > MAX_QUERY {
        let detail = format!("The query has more than {MAX_QUERY} bytes.");
        return Problem::new(ProblemKind::QueryTooLong, detail).into_response();
    }
    if stated_length(&request).is_some_and(|length| length > MAX_BODY as u64) {
        return body_too_large().into_response();
    }
    next.run(request).await
}

pub(crate) fn body_too_large() -> Problem {
    let detail = format!("The body has more than {MAX_BODY} bytes.");
    Problem::new(ProblemKind::BodyTooLarge, detail)
}

/// The problem of a form that cannot be read. The text of the rejection itself may repeat the body, which can hold a token.
pub(crate) fn rejected_form(rejection: &FormRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let detail =
                "The body must be a form with `Content-Type: application/x-www-form-urlencoded`.";
            Problem::new(ProblemKind::UnsupportedMediaType, detail)
        }
        _ => {
            let detail = "The body is not the form that this route expects.";
            Problem::new(ProblemKind::Malformed, detail)
        }
    }
}

fn stated_length(request: &Request) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}
