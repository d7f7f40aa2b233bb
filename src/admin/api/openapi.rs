//! `GET /openapi.json`: what the API is, for programs.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

/// The `OpenAPI` 3.1 document.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) async fn show() -> impl IntoResponse + use<> {
    let response: Response = ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response();
    response
}
