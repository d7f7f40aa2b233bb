//! The deployed clients of the Core API, old and new, as a pipeline runs them against a Core before it reports its checks.
//!
//! ```text
//! cargo run --example clients -- http://127.0.0.1:8080 client_compat
//! ```
//!
//! Each suite prints a line for each thing that a client did, and stops at the first that went wrong, with exit code 1.

mod client;
mod suites;
mod support;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::support::http_client::HttpClient;

/// Runs clients against a Core
#[derive(Parser)]
struct Args {
    /// The URL of the Core
    core: String,
    /// What to run
    suite: Suite,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Suite {
    /// The new desktop client
    UiRust,
    /// The new AGENT and MCP
    AgentMcp,
    /// The whole device flow, as a new AGENT sees it
    AuthDeviceIntegration,
    /// Old clients beside new ones; the flag must be on
    ClientCompat,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let core = HttpClient::new(args.core.trim_end_matches('/'));
    let outcome = match args.suite {
        Suite::UiRust => suites::ui_rust(&core).await,
        Suite::AgentMcp => suites::agent_mcp(&core).await,
        Suite::AuthDeviceIntegration => suites::auth_device_integration(&core).await,
        Suite::ClientCompat => suites::client_compat(&core).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::FAILURE
        }
    }
}
