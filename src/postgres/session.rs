//! What every connection must satisfy before it is used.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio_postgres::{Client, types::Type};

use super::{
    error::{StoreError, StoreErrorKind},
    migrations::{self, Schema},
};
use crate::rollout::fleet::ClockOffset;

/// The oldest server: as `server_version_num`.
const OLDEST_SERVER: i32 = 15_00_00;

/// The server's clock as seen from here, by the monotonic clock: setting the wall clock of this process changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerClock {
    /// What it showed, in milliseconds since the Unix epoch.
    read_ms: i64,
    /// When it did.
    at: Instant,
    /// By how much that may be wrong: half the time that the measurement took.
    pub(super) uncertainty_ms: i64,
}

impl ServerClock {
    /// A clock that showed this in the response to a statement which was sent then.
    pub(super) fn new(read_ms: i64, sent: Instant) -> Self {
        let half = sent.elapsed() / 2;
        Self {
            read_ms,
            at: sent + half,
            uncertainty_ms: millis(half) + 1,
        }
    }

    /// How far the wall clock of this process is ahead of it.
    pub(super) fn offset_of_this(self) -> ClockOffset {
        ClockOffset {
            offset_ms: unix_ms() - self.now_ms(),
            uncertainty_ms: self.uncertainty_ms.unsigned_abs(),
        }
    }

    /// Its reading now, in milliseconds since the Unix epoch.
    pub(super) fn now_ms(self) -> i64 {
        self.read_ms + millis(self.at.elapsed())
    }
}

/// Checks a new connection, and reads the server's clock.
pub(super) async fn check(client: &Client) -> Result<ServerClock, StoreError> {
    let clock = check_settings(client).await?;
    match migrations::schema(client).await? {
        Schema::Usable => Ok(clock),
        Schema::Unusable(kind) => Err(StoreError::new(kind)),
    }
}

/// Checks what concerns the server and the session.
pub(super) async fn check_settings(client: &Client) -> Result<ServerClock, StoreError> {
    let sent = Instant::now();
    let row = client
        .query_typed_one(
            "select current_setting('server_version_num')::int4, current_setting('server_version'), \
                current_setting('synchronous_commit'), \
                pg_is_in_recovery() or current_setting('transaction_read_only')::bool, \
                (extract(epoch from clock_timestamp()) * 1000)::int8",
            &[],
        )
        .await
        .map_err(StoreError::statement)?;
    let clock = ServerClock::new(row.get(4), sent);
    if row.get::<_, i32>(0) < OLDEST_SERVER {
        let found = row.get(1);
        return Err(StoreError::new(StoreErrorKind::ServerVersion { found }));
    }
    if row.get::<_, &str>(2) == "off" {
        return Err(StoreError::new(StoreErrorKind::SynchronousCommitOff));
    }
    if row.get(3) {
        return Err(StoreError::new(StoreErrorKind::ReadOnly));
    }
    Ok(clock)
}

/// Reads the server's clock once more, which may have been set.
pub(super) async fn read_clock(client: &Client) -> Result<ServerClock, StoreError> {
    let sent = Instant::now();
    let row = client
        .query_typed_one(
            "select (extract(epoch from clock_timestamp()) * 1000)::int8",
            &[],
        )
        .await
        .map_err(StoreError::statement)?;
    Ok(ServerClock::new(row.get(0), sent))
}

/// Whether a role may do more with the journal than read and append.
pub(super) async fn may_rewrite(client: &Client) -> Result<bool, StoreError> {
    let row = client
        .query_typed_one(
            "select has_table_privilege($1, 'update, delete, truncate')",
            &[(&"legacy_http_compat.journal", Type::TEXT)],
        )
        .await
        .map_err(StoreError::statement)?;
    Ok(row.get(0))
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn unix_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_of_this_process_that_is_off_is_shown_and_moves_nothing() {
        let ahead = ServerClock::new(unix_ms() - 3_600_000, Instant::now());
        let offset = ahead.offset_of_this();
        assert!(
            (3_600_000..3_601_000).contains(&offset.offset_ms),
            "{offset:?}"
        );
        let now = ahead.now_ms() - (unix_ms() - 3_600_000);
        assert!((-1_000..=1_000).contains(&now), "{now}");
    }
}
