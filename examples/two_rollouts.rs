//! Two rollouts in one process, with one `/metrics`: what each measures carries the name of its flag.
//!
//! ```sh
//! cargo run --example two_rollouts --features rollout,prometheus -- 127.0.0.1:8082
//! curl -i -X POST -H 'x-client-id: a' http://127.0.0.1:8082/jobs/poll     # 202, the old status
//! curl -i -X POST http://127.0.0.1:8082/flags/jobs/cutover
//! curl -i -X POST -H 'x-client-id: a' http://127.0.0.1:8082/jobs/poll     # 200; this caller is stranded
//! curl -s http://127.0.0.1:8082/metrics | grep 'flag="jobs"'
//! ```
//!
//! Everything lives in memory, and `/flags` requires no authentication here; a real service does.

use std::{error::Error, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use legacy_http_compat::{
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    contract::{Contract, Endpoint, LegacyShape, Outcome},
    metrics::prometheus::PrometheusCollector,
    migration::Migration,
    rollout::{
        CommandContext, Phase,
        names::{Actor, Reason},
        policy::Policy,
    },
};
use prometheus_client::{encoding::text, registry::Registry};
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Migrations = Arc<Vec<Migration>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8082");
    let migrations = vec![migration("jobs")?, migration("reports")?];
    let mut app = Router::new();
    for (name, migration) in ["jobs", "reports"].into_iter().zip(&migrations) {
        let poll = post(async || Json(json!({"status": "PENDING"})));
        let routes = Router::new().route(&format!("/{name}/poll"), poll);
        app = app.merge(routes.layer(migration.layer()));
    }
    let app = app
        .route("/metrics", get(metrics))
        .route("/flags/{flag}/cutover", post(cut_over))
        .with_state(Arc::new(migrations));
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// An API whose poll responded 202 while something was pending, and responds 200 now.
fn migration(name: &'static str) -> Result<Migration, Box<dyn Error>> {
    let pending = Outcome::new("PENDING", 200)
        .field("/status", "PENDING")
        .legacy(LegacyShape::new(202));
    let poll = Endpoint::post(format!("{name}_poll"), format!("/{name}/poll"));
    let contract = Contract::builder()
        .endpoint(poll.outcome(pending))
        .build()?;
    let detector = SignalDetector::builder(["APP"])
        .kind_header("x-client-kind")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))?;
    let migration = Migration::builder(contract, detector).flag_name(name);
    Ok(migration.policy(Policy::permissive()).open()?)
}

/// One collector reads both.
async fn metrics(State(migrations): State<Migrations>) -> Result<String, StatusCode> {
    let collector = migrations
        .iter()
        .fold(PrometheusCollector::new(), |collector, migration| {
            collector
                .source(migration.metrics().clone())
                .source(migration.census().clone())
                .source(migration.rollout().reader())
                .source(migration.rollout().clone())
        });
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut shown = String::new();
    let encoded = text::encode(&mut shown, &registry);
    encoded.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(shown)
}

async fn cut_over(State(migrations): State<Migrations>, Path(flag): Path<String>) -> Json<Value> {
    let rollouts = migrations.iter().map(Migration::rollout);
    let mut rollouts = rollouts.filter(|rollout| rollout.status().state.flag_name.as_str() == flag);
    let Some(rollout) = rollouts.next().cloned() else {
        return Json(json!({"error": "no such flag"}));
    };
    // Commands block while they write.
    let done = tokio::task::spawn_blocking(move || {
        let actor = Actor::service("example").expect("a word is an id");
        let reason = Reason::new("ordered by a request").expect("a few words are a reason");
        rollout.transition(Phase::Cutover, &CommandContext::new(actor, reason))
    });
    match done.await {
        Ok(Ok(_)) => Json(json!({"phase": "cutover"})),
        Ok(Err(refusal)) => Json(json!({"error": refusal.to_string()})),
        Err(error) => Json(json!({"error": error.to_string()})),
    }
}
