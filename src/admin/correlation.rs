//! What ties a request to its log lines and to what it journals.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::rollout::names::CorrelationId;

const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
static NAMES: [HeaderName; 2] = [HEADER, HeaderName::from_static("x-request-id")];

/// The id that a request came with, or one that was made up for it.
#[derive(Clone, Debug)]
pub(crate) struct Correlation(pub(crate) CorrelationId);

/// Gives each request its id, and each answer that of its request.
pub(crate) async fn correlate(mut request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(made_up);
    // Letters of other scripts are fine in a journal, and not in a header.
    let header = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(Correlation(id.clone()));
    let method = request.method().clone();
    let mut response = next.run(request).await;
    // Not the path and not the query: somebody may have put there what does not belong into a log.
    let status = response.status();
    if status.is_server_error() {
        tracing::warn!(correlation_id = %id, %method, %status, "an admin request failed");
    } else {
        tracing::debug!(correlation_id = %id, %method, %status, "an admin request was answered");
    }
    if let Ok(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    response
}

fn given(headers: &HeaderMap) -> Option<CorrelationId> {
    NAMES.iter().find_map(|name| {
        let text = headers.get(name)?.to_str().ok()?;
        CorrelationId::new(text).ok()
    })
}

fn made_up() -> CorrelationId {
    let id = Uuid::new_v4().to_string();
    CorrelationId::new(id).expect("a UUID is an id")
}
