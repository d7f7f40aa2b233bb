//! Instances of one service that share journal, flag and census through `PostgreSQL`: a cutover at one is applied by all, and
//! its gates go by the callers of all.
//!
//! ```sh
//! cargo run --example fleet --features postgres -- postgres://core@127.0.0.1/core a 127.0.0.1:8081
//! cargo run --example fleet --features postgres -- postgres://core@127.0.0.1/core b 127.0.0.1:8082
//! curl -i -X POST http://127.0.0.1:8082/api/v1/auth/clients/device/poll   # 401, the old response
//! curl -i -X POST http://127.0.0.1:8081/cutover
//! curl -i -X POST http://127.0.0.1:8082/api/v1/auth/clients/device/poll   # 200
//! ```
//!
//! `/cutover` has no gates and requires no authentication here; a real service mounts the admin service.

use std::{env, error::Error, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::post};
use legacy_http_compat::{
    Contract,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    migration::Migration,
    postgres::PostgresStore,
    rollout::{
        CommandContext, Phase, Rollout,
        names::{Actor, FlagName, InstanceId, Reason},
        policy::Policy,
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::spawn_blocking};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, name, address] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: fleet STORE INSTANCE ADDRESS")?;
    let migration = open(&url, &name)?;

    let app = Router::new()
        .route("/api/v1/auth/clients/device/poll", post(poll))
        .layer(migration.layer())
        .route("/cutover", post(cut_over))
        .with_state(migration.rollout().clone());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    // Hands over the rest of what was counted, and leaves.
    migration.shutdown();
    Ok(())
}

fn open(url: &str, name: &str) -> Result<Migration, Box<dyn Error>> {
    let flag = FlagName::new("features.auth.device_flow.compat_legacy_http")?;
    let store = PostgresStore::builder(url)?.migrate().open()?;
    // The same key in all instances, or their fingerprints differ.
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .version_header("x-client-version")
        .target_since("AGENT", "2.0")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))?;
    let migration = Migration::builder(Contract::device_flow(), detector)
        .flag_name(flag.as_str())
        .policy(Policy::permissive())
        .journal(Arc::new(store.journal(&flag)?))
        .instance(InstanceId::new(name)?, Arc::new(store.instances(&flag)))
        .census_store(Arc::new(store.census(&flag)))
        // So that a curl at one is soon seen at the other.
        .census_times_every(Duration::from_secs(2));
    Ok(migration.open()?)
}

async fn poll() -> Json<Value> {
    Json(json!({"status": "PENDING", "interval": 5}))
}

async fn cut_over(State(rollout): State<Arc<Rollout>>) -> Json<Value> {
    let actor = Actor::service("example").expect("a word is an id");
    let reason = Reason::new("ordered by a request").expect("a few words are a reason");
    let context = CommandContext::new(actor, reason);
    // Commands block while they write.
    let done = spawn_blocking(move || rollout.transition(Phase::Cutover, &context)).await;
    let done = done.map(|done| done.map_err(|refusal| refusal.to_string()));
    Json(json!({"cutover": matches!(done, Ok(Ok(_)))}))
}
