//! The layer in an axum service, in four lines.
//!
//! ```sh
//! cargo run --example minimal
//! # An old client gets 401 AUTHORIZATION_PENDING; the handler says 200 with "status": "PENDING":
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! ```

use axum::{Json, Router, routing::post};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new().route("/api/v1/auth/clients/device/poll", post(poll));

    let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag);
    let app = router.layer(layer);

    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}

/// The handler, which implements only the target contract.
async fn poll() -> Json<Value> {
    Json(json!({"status": "PENDING", "interval": 5}))
}
