//! The metrics in an OpenTelemetry SDK, here with an exporter to standard output in place of OTLP.
//!
//! ```sh
//! cargo run --example opentelemetry --features opentelemetry
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! # Ctrl-C exports for the last time: legacy_http_compat_responses, legacy_http_compat_flag_on, …
//! ```

use std::{error::Error, sync::Arc};

use axum::{Json, Router, routing::post};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    metrics::{Metrics, Sources},
    opentelemetry::ObservableInstruments,
};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_stdout::MetricExporter;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Once a minute.
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(MetricExporter::default())
        .build();

    let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
    let metrics = Arc::new(Metrics::new());
    let layer =
        LegacyHttpCompatLayer::new(Contract::device_flow(), &flag).observer(metrics.clone());
    let sources = Sources::new().source(metrics).source(flag.reader());
    let instruments = ObservableInstruments::new(sources).register(&provider.meter("my-service"));

    let app = Router::new()
        .route("/api/v1/auth/clients/device/poll", post(poll))
        .layer(layer);
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() })
        .await?;

    // Exports once more, so the instruments are dropped after it.
    provider.shutdown()?;
    drop(instruments);
    Ok(())
}

async fn poll() -> Json<Value> {
    Json(json!({"status": "PENDING", "interval": 5}))
}
