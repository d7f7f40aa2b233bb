//! The command line.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, ValueEnum, builder::NonEmptyStringValueParser, value_parser};

use crate::app::{AddressSource, Settings, address::ProxyHeader};

const DAY: u64 = 24 * 60 * 60;

/// A Core API with a device flow, in memory.
#[derive(Parser)]
#[command(
    name = "core",
    after_help = "CORE_FINGERPRINT_KEY (32 hexadecimal digits) is the secret under which clients get their pseudonyms; \
                  without it one is made on first use and kept in the data directory."
)]
pub(crate) struct Args {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Whether old clients get the answers they expect when the server starts
    #[arg(long, value_enum, default_value = "on")]
    pub(crate) compat: Switch,

    /// Seconds a client must wait between two polls of one device code
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = value_parser!(u64).range(..=DAY))]
    interval: u64,

    /// Seconds until a device code expires
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = value_parser!(u64).range(1..=DAY))]
    expires_in: u64,

    /// Start and token requests of one peer in a minute; more are refused
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = value_parser!(u32).range(1..))]
    attempts_per_minute: u32,

    /// Token for the admin endpoints; generated and printed if absent
    #[arg(long, value_name = "TOKEN", env = "CORE_ADMIN_TOKEN", hide_env_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) admin_token: Option<String>,

    /// A contract document (JSON) in place of the shipped one
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,

    /// Directory for what outlives the process; a fresh temporary one, printed, if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Seconds between two snapshots of the census
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=DAY))]
    snapshot_every: u64,

    /// Start even if the census of earlier runs cannot be read; the loss is recorded
    #[arg(long)]
    pub(crate) accept_census_loss: bool,

    /// Take the client's address from this header, which the proxy in front sets
    #[arg(long, value_name = "HEADER", value_enum)]
    behind_proxy: Option<ProxyHeader>,
}

/// A switch as the command line spells it.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Switch {
    /// Old clients get legacy answers
    On,
    /// Everyone gets target answers
    Off,
}

impl Args {
    /// What the application needs of the command line, served from `addr`.
    pub(crate) fn settings(&self, addr: SocketAddr, admin_token: &str) -> Settings {
        Settings {
            public_url: format!("http://{}", reachable(addr)),
            interval: Duration::from_secs(self.interval),
            expires_in: Duration::from_secs(self.expires_in),
            attempts_per_minute: self.attempts_per_minute,
            admin_token: admin_token.to_owned(),
        }
    }

    /// Who names the clients' addresses.
    pub(crate) fn addresses(&self) -> AddressSource {
        self.behind_proxy
            .map_or(AddressSource::Peer, AddressSource::Header)
    }

    pub(crate) fn snapshot_every(&self) -> Duration {
        Duration::from_secs(self.snapshot_every)
    }

    /// The text of the contract document, where one is given.
    pub(crate) fn contract_document(&self) -> Result<Option<String>, String> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path).map_err(|error: io::Error| {
                format!("cannot read the contract {}: {error}", path.display())
            })
        };
        self.contract.as_ref().map(read).transpose()
    }
}

impl Switch {
    pub(crate) fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// A wildcard address is one to listen on, not one to open in a browser.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}
