//! A load by `wrk`, and what it reports.

use std::{error::Error, process::Command, time::Duration};

use serde::Deserialize;

use crate::{process::here, support::POLL};

const CONNECTIONS: &str = "32";

/// The line that `wrk.lua` prints.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) micros: u64,
    /// Latency in microseconds.
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    /// Connections and requests that failed.
    pub(crate) broken: u64,
    /// Responses with an error status.
    pub(crate) rewritten: u64,
}

impl Load {
    /// One thread of `wrk` against a port of this machine.
    pub(crate) fn run(port: u16, duration: Duration) -> Result<Self, Box<dyn Error>> {
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", CONNECTIONS, "--duration"])
            .arg(format!("{}s", duration.as_secs()))
            .arg("--script")
            .arg(here().join("wrk.lua"))
            .arg(format!("http://127.0.0.1:{port}{POLL}"))
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let line = text.lines().find(|line| line.starts_with('{'));
        let load: Self = serde_json::from_str(line.ok_or("wrk printed no figures")?)?;
        if load.broken > 0 {
            return Err(format!("{} requests failed", load.broken).into());
        }
        Ok(load)
    }
}
