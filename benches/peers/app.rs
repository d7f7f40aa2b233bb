//! Our own setups: a handler that responds to a poll, and what stands in front of it.

use std::{error::Error, net::Ipv4Addr};

use axum::{
    Json, Router,
    middleware::from_fn,
    routing::{get, post},
};
use legacy_http_compat::{
    Contract,
    middleware::{LegacyHttpCompat, SameBody},
    migration::{Migration, MigrationError},
    rollout::{Phase, policy::Policy},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::Layer;

use crate::{
    setup::Setup,
    support::{POLL, by_hand::rewrite_by_hand, detector},
};

#[derive(Deserialize)]
struct Poll {
    device_code: String,
}

#[derive(Serialize)]
struct Pending {
    status: &'static str,
    interval: u32,
}

/// The whole of a rollout in memory: detector, census, metrics, journal.
pub(crate) fn migration() -> Result<Migration, MigrationError> {
    Migration::builder(Contract::device_flow(), detector())
        .flag_name("compat")
        .policy(Policy::permissive())
        .opening_phase(Phase::Compat)
        .open()
}

pub(crate) fn router(setup: Setup, migration: &Migration) -> Router {
    let router = Router::new()
        .route(POLL, post(poll))
        .route("/healthz", get(async || "up"));
    match setup {
        Setup::InRouter => router.layer(migration.layer().same_body()),
        Setup::ByHand => router.layer(from_fn(rewrite_by_hand)),
        _ => router,
    }
}

pub(crate) fn around(migration: &Migration) -> LegacyHttpCompat<Router, SameBody> {
    let layer = migration.layer().same_body();
    layer.layer(router(Setup::Around, migration))
}

/// Serves on one thread, as the peers do.
pub(crate) fn serve(setup: Setup, port: u16) -> Result<(), Box<dyn Error>> {
    let migration = migration()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        match setup {
            Setup::Around => {
                axum::serve(listener, tower::make::Shared::new(around(&migration))).await
            }
            _ => axum::serve(listener, router(setup, &migration)).await,
        }
    })?;
    Ok(())
}

async fn poll(Json(request): Json<Poll>) -> Json<Pending> {
    debug_assert!(!request.device_code.is_empty());
    Json(Pending {
        status: "PENDING",
        interval: 5,
    })
}
