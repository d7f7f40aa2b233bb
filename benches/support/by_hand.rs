//! What one would write without the crate: an axum middleware for a single rewrite.

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The hand-written alternative: collects the body into a `Value` and responds with `Json`.
pub(crate) async fn rewrite_by_hand(request: Request, next: Next) -> Response {
    let target = request
        .headers()
        .get("x-status-driven")
        .is_some_and(|value| value == "1");
    let id = request.headers().get("x-correlation-id").cloned();
    let id = id
        .as_ref()
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let (head, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, 128 * 1024).await.unwrap_or_default();
    let Ok(response) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(head, body.into());
    };
    if target || response["status"] != "PENDING" {
        return (head.status, Json(response)).into_response();
    }
    let mut legacy = json!({
        "code": "AUTHORIZATION_PENDING",
        "message": "The user has not decided yet.",
        "retryable": true,
        "correlation_id": id,
    });
    if let Some(interval) = response.get("interval") {
        legacy["details"] = json!({"interval": interval});
    }
    (
        StatusCode::UNAUTHORIZED,
        [(WWW_AUTHENTICATE, "Bearer")],
        Json(legacy),
    )
        .into_response()
}
