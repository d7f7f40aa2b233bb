//! The outermost layer: correlation ids, error bodies, and no caching.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header::CACHE_CONTROL},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

use super::error::ApiError;

const MAX_LEN: usize = 128;

/// Renders the body of an error, and adds `Cache-Control: no-store`, because some responses carry a secret.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let correlation_id = correlation_id(request.headers());
    let mut response = next.run(request).await;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.render(response, &correlation_id),
        None => response,
    }
}

/// The id that the request carries, if it is usable, or else a new one.
fn correlation_id(headers: &HeaderMap) -> String {
    ["x-correlation-id", "x-request-id"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .find(|id| is_usable(id))
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

fn is_usable(id: &str) -> bool {
    (1..=MAX_LEN).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
