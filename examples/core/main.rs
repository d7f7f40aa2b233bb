//! A Core API with a device flow, in memory: the first use of the crate.
//!
//! ```text
//! cargo run --example core --features admin,hyper,prometheus -- --listen 127.0.0.1:8080 --compat on
//! ```
//!
//! The handlers under `app/` implement only the target contract. The first line on standard output is
//! `core listening on http://ADDR`; the address of the dashboard, generated tokens, and a temporary data directory
//! follow. Logs go to standard error, filtered by `RUST_LOG`. Ctrl-C and SIGTERM start a graceful shutdown: requests in
//! flight finish, event streams end, and the last snapshots are written.
//!
//! With feature `postgres`, `--store postgres://…` shares journal, flag, census and sessions with the other instances that have the same
//! store.
//!
//! `GET /` lists commands to try. `GET /metrics` is for Prometheus. `/rollout` is the dashboard and requires a token;
//! `/rollout/api` is the same as JSON. The flag belongs to a rollout, whose journal is in the data directory: a
//! transition requires the gates of the policy to pass, a rollback is always possible.

mod app;
mod args;
mod data;
mod signal;
#[cfg_attr(not(feature = "postgres"), path = "no_store.rs")]
mod store;

use std::{
    error::Error,
    fmt::Write as _,
    io::{IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use legacy_http_compat::{
    Contract,
    census::OpenCensusErrorKind,
    migration::{Migration, MigrationError},
    time::SystemClock,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{
    app::{
        AppState,
        admin::{ADMIN_PATH, AdminTokens},
        compat::{self, Compat},
        secret::fresh_secret,
    },
    args::{Args, public_url},
    data::DataDir,
    store::Shared,
};

/// The file name of the history in the data directory.
const HISTORY: &str = "history.snapshot";

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    log_to_stderr();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "core stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let contract = contract(&args)?;
    let policy = args.policy()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let addr = listener.local_addr()?;
    let data = DataDir::open(args.data.as_deref())?;
    let shared = args.store.open(&data)?;
    let compat = Compat {
        contract,
        key: shared.fingerprint_key(&data)?,
        policy,
        opening_phase: args.opening_phase(),
    };
    let migration = open(compat, &args, &data, &shared)?;
    // Before the announcement: a signal may arrive as soon as it is printed.
    let stop = signal::stop()?;

    let history = compat::history(&migration).file(data.path().join(HISTORY));
    let history = Arc::new(history.open()?);
    if let Some(worker) = migration.worker() {
        worker.add(history.clone());
    }
    let tokens = tokens(&args);
    let admin = tokens.admin(migration.rollout().clone(), history, shared.sessions())?;
    let clock = Arc::new(SystemClock::new());
    let state = AppState::new(&args.settings(addr), &migration, clock);
    tracing::info!(%addr, "core starts");
    announce(&announcement(addr, &args, &tokens, &data))?;
    let app = app::app(state, &migration, &admin, args.addresses());
    let stop = async move {
        stop.await;
        // Open event streams would keep the server running.
        admin.close();
    };
    app::serve(listener, app, stop).await?;
    // After the last request, so that the last snapshot includes it.
    migration.shutdown();
    tracing::info!("core stopped");
    Ok(())
}

/// Opens the migration on the data directory. A census snapshot that cannot be read is an error, unless its loss is
/// accepted.
fn open(compat: Compat, args: &Args, data: &DataDir, shared: &Shared) -> Result<Migration, String> {
    let migration = compat.open(|builder| {
        let builder = shared
            .configure(builder)
            .environment(&args.environment)
            .data_dir(data.path())
            .census(|census| census.snapshot_every(args.snapshot_every()));
        if args.accept_census_loss {
            builder.accept_census_loss()
        } else {
            builder
        }
    });
    let migration = migration.map_err(|error| match &error {
        MigrationError::Census(census) if census.kind() != OpenCensusErrorKind::InUse => {
            format!("{error}; --accept-census-loss starts without it")
        }
        _ => error.to_string(),
    })?;
    let (known, capacity) = (migration.census().known(), migration.census().capacity());
    tracing::info!(known, capacity, "census opened");
    Ok(migration)
}

fn contract(args: &Args) -> Result<Contract, Box<dyn Error>> {
    Ok(match args.contract_document()? {
        Some(document) => Contract::from_json(&document)?,
        None => Contract::device_flow(),
    })
}

/// The given tokens; generated ones for those not given.
fn tokens(args: &Args) -> AdminTokens {
    let or_fresh = |given: &Option<String>, prefix| {
        let given = given.clone();
        given.unwrap_or_else(|| fresh_secret(prefix))
    };
    AdminTokens {
        operator: or_fresh(&args.operator_token, "opr"),
        viewer: or_fresh(&args.viewer_token, "vwr"),
        pipeline: args.pipeline_token.clone(),
    }
}

/// The lines on standard output. A token that was given is not printed.
fn announcement(addr: SocketAddr, args: &Args, tokens: &AdminTokens, data: &DataDir) -> String {
    let mut lines = format!("core listening on http://{addr}\n");
    // Writing to a `String` cannot fail.
    let _ = write!(lines, "dashboard: {}{ADMIN_PATH}", public_url(addr));
    if args.operator_token.is_none() {
        let _ = write!(lines, "  operator token: {}", tokens.operator);
    }
    lines.push('\n');
    if args.viewer_token.is_none() {
        let _ = writeln!(lines, "viewer token: {}", tokens.viewer);
    }
    if data.is_temporary() {
        let _ = writeln!(lines, "data directory: {}", data.path().display());
    }
    lines
}

/// Writes all lines at once, so that a reader may close the pipe after the first.
fn announce(lines: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    out.flush()
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
