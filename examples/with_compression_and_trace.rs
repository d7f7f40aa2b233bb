//! The order of layers: trace, compression, compatibility, handlers.
//!
//! - Inside compression, because an encoded body cannot be read.
//! - Inside the trace, whose span learns what became of the response: the field `legacy_http_compat` is `rewritten`, or the reason
//!   why not.
//!
//! ```sh
//! cargo run --example with_compression_and_trace
//! curl -i --compressed -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! ```

use std::time::Duration;

use axum::{Json, Router, extract::Request, http::Response, routing::post};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::{compression::CompressionLayer, trace::TraceLayer};
use tracing::{Span, field::Empty, info, info_span};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let router = Router::new().route("/api/v1/auth/clients/device/poll", post(poll));

    let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_response(responded);
    // The first layer is the outermost.
    let layers = ServiceBuilder::new()
        .layer(trace)
        .layer(CompressionLayer::new())
        .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag));
    let app = router.layer(layers);

    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}

/// A span with the names of OpenTelemetry's conventions for HTTP.
fn span(request: &Request) -> Span {
    info_span!(
        "request",
        http.request.method = %request.method(),
        url.path = request.uri().path(),
        http.response.status_code = Empty,
        legacy_http_compat = Empty,
    )
}

fn responded<B>(response: &Response<B>, _: Duration, span: &Span) {
    span.record("http.response.status_code", response.status().as_u16());
    info!("responded");
}

/// Large enough to be compressed.
async fn poll() -> Json<Value> {
    Json(
        json!({"status": "PENDING", "interval": 5, "message": "Waiting for the user. ".repeat(20)}),
    )
}
