//! A flag without a rollout that follows a flag service through `open-feature`, which has no events: the worker polls it.
//!
//! ```sh
//! echo '{"features.auth.device_flow.compat_legacy_http": true}' >flags.json
//! cargo run --example openfeature -- flags.json
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll   # 401, the old response
//! echo '{"features.auth.device_flow.compat_legacy_http": false}' >flags.json
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll   # 200
//! rm flags.json   # The flag stays where it is.
//! ```

mod file_provider;
mod openfeature_flag;

use std::{env, error::Error, sync::Arc, time::Duration};

use axum::{Json, Router, routing::post};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    flag::PolledFlag,
    worker::{BackgroundWorker, Tick},
};
use open_feature::OpenFeature;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Handle};

use crate::{file_provider::FileProvider, openfeature_flag::OpenFeatureFlag};

const FLAG: &str = "features.auth.device_flow.compat_legacy_http";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("which file has the flags?")?;
    let mut openfeature = OpenFeature::singleton_mut().await;
    openfeature.set_provider(FileProvider::new(file)).await;

    // On until the first poll, and for as long as the provider says nothing.
    let flag = CompatFlag::on(FLAG);
    let source = OpenFeatureFlag {
        key: FLAG,
        client: openfeature.create_client(),
        runtime: Handle::current(),
    };
    drop(openfeature);
    let polled: Arc<dyn Tick> = Arc::new(PolledFlag::new(flag.clone(), source));
    let worker = BackgroundWorker::start(Duration::from_secs(1), [polled])?;

    let app = Router::new()
        .route("/api/v1/auth/clients/device/poll", post(poll))
        .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag));
    let address = env::args().nth(2);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    worker.shutdown();
    Ok(())
}

async fn poll() -> Json<Value> {
    Json(json!({"status": "PENDING", "interval": 5}))
}
