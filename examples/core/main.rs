//! A Core API with a device flow, in memory: the first use of the crate.
//!
//! ```text
//! cargo run --example core -- --listen 127.0.0.1:8080 --compat on
//! ```
//!
//! The handlers under `app/` speak only the target contract. The first line on standard output is
//! `core listening on http://ADDR`; an admin token that was generated and a data directory that was
//! made for this run follow, each on its line. Logs go to standard error (`RUST_LOG` chooses which).
//! Ctrl-C and SIGTERM let requests in flight finish, write the last snapshot of the census, and stop.
//!
//! `GET /metrics` is for Prometheus; `GET /admin/census?window=24h`, `GET /admin/rollout` and `PUT /admin/compat`
//! (`{"active": false, "actor": "mara", "reason": "all are upgraded"}`) are for whoever has the admin token. The switch
//! belongs to the rollout, whose journal is in the data directory: setting it enables, cuts over or, with an `incident`,
//! rolls back, if the gates of the policy let pass.

mod app;
mod args;
mod data;
mod signal;
mod watching;

use std::{
    error::Error,
    fmt::Write as _,
    io::{IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use legacy_http_compat::{Contract, LiveContract, clock::SystemClock};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{
    app::{AppState, Compat, Opening, secret::fresh_secret},
    args::Args,
    data::DataDir,
};

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
    let opening = opening(&args)?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let addr = listener.local_addr()?;
    let data = DataDir::open(args.data.as_deref())?;
    let detector = app::detector(&data.fingerprint_key()?);
    let compat = Compat {
        contract: opening.contract.clone(),
        detector,
    };
    let watch = watching::open(&args, &data, &compat.detector)?;
    let rollout = Arc::new(watching::roll_out(opening, &data, &watch)?);
    // Before the announcement, so that whoever has read it may already signal.
    let stop = signal::stop()?;

    let generated = args.admin_token.is_none().then(|| fresh_secret("adm"));
    let keeper = watching::keep(&watch, &rollout)?;
    let admin_token = args.admin_token.as_deref().or(generated.as_deref());
    let settings = args.settings(addr, admin_token.unwrap_or_default());
    let state = AppState::new(&settings, rollout, watch, Arc::new(SystemClock::new()));
    tracing::info!(%addr, "core starts");
    announce(addr, generated.as_deref(), &data)?;
    app::serve(listener, app::app(state, compat, args.addresses()), stop).await?;
    // After the last request, so that the last snapshot knows them all.
    keeper.shutdown();
    tracing::info!("core stopped");
    Ok(())
}

fn opening(args: &Args) -> Result<Opening, Box<dyn Error>> {
    Ok(Opening {
        policy: args.policy()?,
        phase: args.opening_phase(),
        contract: LiveContract::new(contract(args)?),
        clock: Arc::new(SystemClock::new()),
    })
}

fn contract(args: &Args) -> Result<Contract, Box<dyn Error>> {
    Ok(match args.contract_document()? {
        Some(document) => Contract::from_json(&document)?,
        None => Contract::device_flow(),
    })
}

/// Written at once, so that a reader who leaves after the first line does not break the others.
fn announce(addr: SocketAddr, generated: Option<&str>, data: &DataDir) -> std::io::Result<()> {
    let mut lines = format!("core listening on http://{addr}\n");
    // Writing to a `String` cannot fail.
    if let Some(token) = generated {
        let _ = writeln!(lines, "admin token: {token}");
    }
    if data.is_temporary() {
        let _ = writeln!(lines, "data directory: {}", data.path().display());
    }
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
