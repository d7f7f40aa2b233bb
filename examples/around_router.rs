//! The layer around a whole axum router, where it is called in place for each request instead of being cloned for each route.
//!
//! ```sh
//! cargo run --example around_router
//! # An old client gets 401 AUTHORIZATION_PENDING; the handler says 200 with "status": "PENDING":
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! # What is not in the contract passes unchanged:
//! curl -i http://127.0.0.1:8081/healthz
//! ```

use axum::{
    Json, Router, ServiceExt,
    body::Body,
    extract::Request,
    routing::{get, post},
};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::map_response_body::MapResponseBodyLayer;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new()
        .route("/api/v1/auth/clients/device/poll", post(poll))
        .route("/healthz", get(async || "well"));

    let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
    let app = ServiceBuilder::new()
        // `axum::serve` needs axum's body.
        .layer(MapResponseBodyLayer::new(Body::new))
        .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag))
        .service(router);

    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await
}

async fn poll() -> Json<Value> {
    Json(json!({"status": "PENDING", "interval": 5}))
}
