//! The Core example as a process, for the fleet.

use std::{path::Path, time::Duration};

use legacy_http_compat::clock::{Clock, SystemClock};
use tokio::time::{Instant, sleep};

use crate::support::{
    http_client::HttpClient,
    process::Core,
    seen::census,
    server::{ADMIN_TOKEN, KEY},
};

/// A snapshot that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A Core that saves its census every so many seconds into `data`, under the key of the servers in tests.
pub(crate) fn start(data: &Path, snapshot_every: &str) -> Core {
    let key = format!("{:032x}", u128::from_be_bytes(KEY));
    let args = [
        ["--data", data.to_str().expect("UTF-8")],
        ["--snapshot-every", snapshot_every],
        ["--admin-token", ADMIN_TOKEN],
        ["--attempts-per-minute", "100000"],
    ];
    Core::start_with(args.as_flattened(), &[("CORE_FINGERPRINT_KEY", &key)])
}

/// Waits, in real time, for a snapshot that knows all that was answered before.
pub(crate) async fn await_snapshot(core: &HttpClient) {
    let (now, give_up) = (unix_ms(), Instant::now() + PATIENCE);
    // Strictly later, and twice the interval of a second: a snapshot that had begun already is not enough.
    while census(core, "5m").await["snapshot"]["last_success_unix_ms"].as_u64() <= Some(now + 1_000)
    {
        assert!(Instant::now() < give_up, "no snapshot was written");
        sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn unix_ms() -> u64 {
    SystemClock::new().unix_ms()
}
