//! The middleware as its user sees it: one module for each theme.

mod body;
mod caching;
mod contract;
mod dependence;
mod events;
mod filled;
mod flag;
mod headers;
mod legacy_bodies;
mod placeholders;
#[cfg(any(feature = "axum", feature = "http-body-util"))]
mod same_body;
mod service;
mod shapes;
mod stress;
mod way_back;

use std::sync::Arc;

use http::Request;
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer, LiveContract};

use crate::{
    exchange::{self, request},
    observed::{self, Notes},
    scripted,
};

/// A layer whose flag is on.
fn on(contract: impl Into<LiveContract>) -> (LegacyHttpCompatLayer, CompatFlag, Notes) {
    let (flag, notes) = (CompatFlag::new("compat", true), Notes::default());
    let layer =
        LegacyHttpCompatLayer::new(contract, flag.reader()).observer(Arc::new(notes.clone()));
    (layer, flag, notes)
}

fn device_flow() -> (LegacyHttpCompatLayer, CompatFlag, Notes) {
    on(Contract::device_flow())
}

/// A contract of one endpoint, `GET /orders/{id}`, with these outcomes.
fn orders(outcomes: &serde_json::Value) -> Contract {
    let endpoint = serde_json::json!({
        "name": "order", "method": "GET", "path": "/orders/{id}", "outcomes": outcomes,
    });
    Contract::from_json(&serde_json::json!({"endpoints": [endpoint]}).to_string()).unwrap()
}

fn order() -> Request<()> {
    request("GET", "/orders/7")
}

fn poll() -> Request<()> {
    request("POST", "/api/v1/auth/clients/device/poll")
}

const PENDING: &str = r#"{"status":"PENDING","interval":5}"#;
const APPROVED: &str =
    r#"{"status":"APPROVED","client_id":"c","client_kind":"AGENT","secret_key":"s"}"#;
