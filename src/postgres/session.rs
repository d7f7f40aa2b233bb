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

/// The server's clock as seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerClock {
    /// How far it is ahead, in milliseconds.
    pub(super) offset_ms: i64,
    /// By how much that may be wrong: half the time that the measurement took.
    pub(super) uncertainty_ms: i64,
}

impl ServerClock {
    /// How far the clock of this process is ahead of it.
    pub(super) const fn offset_of_this(self) -> ClockOffset {
        ClockOffset {
            offset_ms: -self.offset_ms,
            uncertainty_ms: self.uncertainty_ms.unsigned_abs(),
        }
    }

    /// Its reading now, in milliseconds since the Unix epoch.
    pub(super) fn now_ms(self) -> i64 {
        unix_ms() + self.offset_ms
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
    let (sent, sent_ms) = (Instant::now(), unix_ms());
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
    let round_trip = sent.elapsed();
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
    let half = millis(round_trip / 2);
    Ok(ServerClock {
        offset_ms: row.get::<_, i64>(4) - sent_ms - half,
        uncertainty_ms: half + 1,
    })
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
