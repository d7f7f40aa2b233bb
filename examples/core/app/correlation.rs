//! Correlation ids, error bodies, and no caching.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

use super::error::ApiError;

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LEN: usize = 128;

/// Gives each request its correlation id as `X-Correlation-Id`: the one it carries, if that is usable, or else a new one.
pub(crate) async fn settle(mut request: Request, next: Next) -> Response {
    let correlation_id = correlation_id(request.headers());
    request.headers_mut().insert(CORRELATION_ID, correlation_id);
    next.run(request).await
}

/// Renders the body of an error, and adds `X-Correlation-Id`, and `Cache-Control: no-store`, because some responses carry a
/// secret.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let correlation_id = correlation_id(request.headers());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let shown = correlation_id.to_str().unwrap_or_default();
        response = error.render(response, shown);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CORRELATION_ID, correlation_id);
    response
}

fn correlation_id(headers: &HeaderMap) -> HeaderValue {
    let sent = [CORRELATION_ID, REQUEST_ID].map(|name| headers.get(name));
    let usable = sent.into_iter().flatten().find(|id| is_usable(id));
    usable.cloned().unwrap_or_else(fresh)
}

fn fresh() -> HeaderValue {
    let id = Uuid::new_v4().to_string();
    HeaderValue::try_from(id).expect("a UUID is visible ASCII")
}

fn is_usable(id: &HeaderValue) -> bool {
    (1..=MAX_LEN).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}
