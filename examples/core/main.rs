//! A Core API with a device flow, in memory: the first use of the crate.
//!
//! ```text
//! cargo run --example core -- --listen 127.0.0.1:8080 --compat on
//! ```
//!
//! The handlers under `app/` speak only the target contract. The first line on standard output is
//! `core listening on http://ADDR`; logs go to standard error (`RUST_LOG` chooses which). Ctrl-C
//! and SIGTERM let requests in flight finish, then stop.

mod app;
mod args;
mod signal;
mod system_clock;

use std::{
    error::Error,
    io::{IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use legacy_http_compat::{CompatFlag, Contract, caller::FingerprintKey};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{
    app::{AppState, Compat, secret::fresh_secret},
    args::Args,
    system_clock::SystemClock,
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
    let compat = compat(&args)?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let addr = listener.local_addr()?;
    // Before the announcement, so that whoever has read it may already signal.
    let stop = signal::stop()?;

    let generated = args.admin_token.is_none().then(|| fresh_secret("adm"));
    let state = state(&args, addr, generated.as_deref());
    let flag = state.flag();
    tracing::info!(%addr, flag = flag.name(), active = flag.is_active(), "core starts");
    announce(addr, generated.as_deref())?;
    app::serve(listener, app::app(state, compat), stop).await?;
    tracing::info!("core stopped");
    Ok(())
}

/// The contract in use, and a key for this process: nothing of who called outlives it.
fn compat(args: &Args) -> Result<Compat, Box<dyn Error>> {
    let contract = match args.contract_document()? {
        Some(document) => Contract::from_json(&document)?,
        None => Contract::device_flow(),
    };
    let key = FingerprintKey::new(rand::random());
    Ok(Compat { contract, key })
}

fn state(args: &Args, addr: SocketAddr, generated: Option<&str>) -> AppState {
    let flag = CompatFlag::new(app::FLAG_NAME, args.compat.is_on());
    let admin_token = args.admin_token.as_deref().or(generated);
    let settings = args.settings(addr, admin_token.unwrap_or_default());
    AppState::new(&settings, flag, Arc::new(SystemClock::new()))
}

/// Written at once, so that a reader who leaves after the first line does not break the second.
fn announce(addr: SocketAddr, generated: Option<&str>) -> std::io::Result<()> {
    let token = generated.map_or_else(String::new, |token| format!("admin token: {token}\n"));
    let lines = format!("core listening on http://{addr}\n{token}");
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
