//! What the pages are shown with: one style sheet, one script, one icon, from this crate alone.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header::CONTENT_TYPE};

pub(crate) async fn style() -> Response {
    serve(
        "text/css; charset=utf-8",
        include_str!("assets/dashboard.css"),
    )
}

pub(crate) async fn script() -> Response {
    serve(
        "text/javascript; charset=utf-8",
        include_str!("assets/dashboard.js"),
    )
}

pub(crate) async fn icon() -> Response {
    serve("image/svg+xml", include_str!("assets/icon.svg"))
}

fn serve(media: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(media))], text).into_response()
}
