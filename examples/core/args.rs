//! The command line.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Parser, ValueEnum, value_parser};
use legacy_http_compat::rollout::{Phase, policy::Policy};

use crate::{
    app::{AddressSource, Settings, address::ProxyHeader},
    store::StoreArgs,
};

const DAY: u64 = 24 * 60 * 60;

/// A Core API with a device flow, in memory.
#[derive(Parser)]
#[command(
    name = "core",
    after_help = "CORE_FINGERPRINT_KEY (32 hexadecimal digits) is the secret key of the clients' fingerprints. Without it, a \
                  key is generated on first use and stored in the data directory."
)]
pub(crate) struct Args {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Name of the environment, shown beside the flag
    #[arg(
        long,
        value_name = "NAME",
        env = "CORE_ENVIRONMENT",
        default_value = "development"
    )]
    pub(crate) environment: String,

    /// Whether old clients get legacy responses in a new rollout [default: by the policy]
    #[arg(long, value_enum)]
    compat: Option<Switch>,

    /// The rollout's policy (JSON); replaces the journaled one, and the change is journaled [default: the journaled policy,
    /// at first that of the plan, `examples/core/policy.json`]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Seconds a client must wait between two polls of one device code
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = value_parser!(u64).range(..=DAY))]
    interval: u64,

    /// Seconds until a device code expires
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = value_parser!(u64).range(1..=DAY))]
    expires_in: u64,

    /// Start and token requests allowed per peer and minute
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = value_parser!(u32).range(1..))]
    attempts_per_minute: u32,

    /// Token for operators of the dashboard and its API; generated and printed if absent
    #[arg(long, value_name = "TOKEN", env = "CORE_OPERATOR_TOKEN", hide_env_values = true, value_parser = token)]
    pub(crate) operator_token: Option<String>,

    /// Token for viewers; generated and printed if absent
    #[arg(long, value_name = "TOKEN", env = "CORE_VIEWER_TOKEN", hide_env_values = true, value_parser = token)]
    pub(crate) viewer_token: Option<String>,

    /// Token for the pipeline that reports the checks; without one, no pipeline can report
    #[arg(long, value_name = "TOKEN", env = "CORE_PIPELINE_TOKEN", hide_env_values = true, value_parser = token)]
    pub(crate) pipeline_token: Option<String>,

    /// A contract document (JSON) instead of the built-in device flow
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,

    /// Directory for the persistent files; a temporary one, printed, if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Seconds between two snapshots of the census
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=DAY))]
    snapshot_every: u64,

    /// Start even if the census snapshot cannot be read; the loss is recorded
    #[arg(long)]
    pub(crate) accept_census_loss: bool,

    /// Take the client's address from this header, set by the proxy in front
    #[arg(long, value_name = "HEADER", value_enum)]
    behind_proxy: Option<ProxyHeader>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// The flag, as the command line spells it.
#[derive(Clone, Copy, ValueEnum)]
enum Switch {
    /// Old clients get legacy responses
    On,
    /// All clients get target responses
    Off,
}

impl Args {
    /// The settings of an application that listens on `addr`.
    pub(crate) fn settings(&self, addr: SocketAddr) -> Settings {
        Settings {
            public_url: public_url(addr),
            interval: Duration::from_secs(self.interval),
            expires_in: Duration::from_secs(self.expires_in),
            attempts_per_minute: self.attempts_per_minute,
        }
    }

    /// The source of the clients' addresses.
    pub(crate) fn addresses(&self) -> AddressSource {
        self.behind_proxy
            .map_or(AddressSource::Peer, AddressSource::Header)
    }

    pub(crate) fn snapshot_every(&self) -> Duration {
        Duration::from_secs(self.snapshot_every)
    }

    /// The text of the contract document, if one is given.
    pub(crate) fn contract_document(&self) -> Result<Option<String>, String> {
        let path = self.contract.as_ref();
        path.map(|path| read("contract", path)).transpose()
    }

    /// The policy, if one is given.
    pub(crate) fn policy(&self) -> Result<Option<Policy>, String> {
        let Some(path) = &self.policy else {
            return Ok(None);
        };
        let policy = Policy::from_json(&read("policy", path)?);
        let faults = |error| format!("the policy {} is invalid\n{error}", path.display());
        policy.map(Some).map_err(faults)
    }

    /// The opening phase, if the command line sets it.
    pub(crate) fn opening_phase(&self) -> Option<Phase> {
        self.compat.map(|compat| match compat {
            Switch::On => Phase::Compat,
            Switch::Off => Phase::Observe,
        })
    }
}

fn read(what: &str, path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path);
    text.map_err(|error| format!("cannot read the {what} {}: {error}", path.display()))
}

/// The URL under which a browser on this machine reaches `addr`.
pub(crate) fn public_url(addr: SocketAddr) -> String {
    format!("http://{}", reachable(addr))
}

/// The loopback address in place of a wildcard, which a browser cannot open.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}

/// A token that cannot be guessed. A right token is never locked out, so its length is its protection.
fn token(text: &str) -> Result<String, String> {
    let characters = text.chars().count();
    if characters < 32 {
        return Err(format!(
            "has {characters} characters; a token has at least 32"
        ));
    }
    Ok(text.to_owned())
}
