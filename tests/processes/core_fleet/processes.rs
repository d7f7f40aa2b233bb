//! The Core example as a process, for the fleet.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use legacy_http_compat::migration::Migration;
use legacy_http_compat::time::{Clock, SystemClock};
use tokio::time::{Instant, sleep};

use super::support::{
    process::Core,
    server::{KEY, OPERATOR_TOKEN},
};

/// A snapshot that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A Core that saves its census every so many seconds into `data`, under the key of the servers in tests.
pub(crate) fn start(data: &Path, snapshot_every: &str) -> Core {
    let key = format!("{:032x}", u128::from_be_bytes(KEY));
    let args = [
        ["--data", data.to_str().expect("UTF-8")],
        ["--snapshot-every", snapshot_every],
        ["--operator-token", OPERATOR_TOKEN],
        ["--attempts-per-minute", "100000"],
    ];
    Core::start_with(args.as_flattened(), &[("CORE_FINGERPRINT_KEY", &key)])
}

/// Waits, in real time, for a snapshot that knows all that was answered before.
pub(crate) async fn await_snapshot(data: &Path) {
    let (now, give_up) = (SystemTime::now(), Instant::now() + PATIENCE);
    // Later by more than the interval of a second: a snapshot that had begun already is not enough.
    while written(data) <= now + Duration::from_secs(1) {
        assert!(Instant::now() < give_up, "no snapshot was written");
        sleep(Duration::from_millis(50)).await;
    }
}

fn written(data: &Path) -> SystemTime {
    let snapshot =
        fs::metadata(data.join(Migration::SNAPSHOT)).and_then(|snapshot| snapshot.modified());
    snapshot.unwrap_or(SystemTime::UNIX_EPOCH)
}

pub(crate) fn unix_ms() -> u64 {
    SystemClock::new().unix_ms()
}
