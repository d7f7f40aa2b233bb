//! The table of instances in the database.

use std::{fmt, sync::Arc, time::Duration};

use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

use super::{error::StoreError, session, shared::Shared};
use crate::{
    caller::KeyCheck,
    flag::FlagState,
    rollout::{
        event::Head,
        fleet::{ClockOffset, Instance, InstanceReport, Instances, InstancesError, Lease},
        journal::{Fork, JournalSync},
        names::{FlagName, InstanceId},
    },
    time::Timestamp,
};

/// The instances that share the journal of one flag, in a [`PostgresStore`](super::PostgresStore).
///
/// The key of the fingerprints belongs to an epoch of the census. An instance with another key is refused as long as one of
/// the latest epoch is live; [`begin_epoch`](Self::begin_epoch) lets the next one begin while those with the key before
/// are drained.
pub struct PostgresInstances {
    shared: Arc<Shared>,
    flag: FlagName,
}

/// What a statement returns: an instance is refused by these, or not.
enum Joined {
    Yes,
    OtherKey(InstanceId, KeyCheck),
    Replaced,
}

impl PostgresInstances {
    pub(super) fn new(shared: Arc<Shared>, flag: &FlagName) -> Self {
        let flag = flag.clone();
        Self { shared, flag }
    }

    /// All instances that have not left, live or not.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    pub fn list(&self, patience: Duration) -> Result<Vec<Instance>, InstancesError> {
        let flag = self.flag.clone();
        let listed = self.shared.call(
            patience,
            |live| async move { list(&live.client, &flag).await },
        );
        listed.map_err(InstancesError::unreachable)
    }

    /// Begins a new epoch of the census, to which the next instance with a new fingerprint key gives its own. Those of earlier
    /// epochs go on with theirs. Returns its number.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    pub fn begin_epoch(&self, patience: Duration) -> Result<u64, InstancesError> {
        let flag = self.flag.clone();
        let begun = self.shared.call(patience, |live| async move {
            // One without a key is not used yet.
            let row = live
                .client
                .query_typed_one(
                    "with latest as ( \
                        select number, key_check from legacy_http_compat.epoch where flag = $1 order by number desc limit 1 \
                    ), added as ( \
                        insert into legacy_http_compat.epoch (flag, number) \
                        select $1, number + 1 from latest where key_check is not null returning number \
                    ) select coalesce((select number from added), (select number from latest), 0)",
                    &[(&flag.as_str(), Type::TEXT)],
                )
                .await
                .map_err(StoreError::statement)?;
            Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
        });
        begun.map_err(InstancesError::unreachable)
    }
}

impl Instances for PostgresInstances {
    fn register(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        self.put(report, patience, true)
    }

    fn report(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        self.put(report, patience, false)
    }

    fn leave(&self, instance: &InstanceId, patience: Duration) -> Result<(), InstancesError> {
        let (flag, instance) = (self.flag.clone(), instance.clone());
        let left = self.shared.call(patience, |live| async move {
            let of: [(&(dyn ToSql + Sync), Type); 2] =
                [(&flag.as_str(), Type::TEXT), (&instance.as_str(), Type::TEXT)];
            live.client
                .execute_typed(
                    "with gone as (delete from legacy_http_compat.instance where flag = $1 and name = $2) \
                    delete from legacy_http_compat.lease where flag = $1 and holder = $2",
                    &of,
                )
                .await
                .map_err(StoreError::statement)
        });
        left.map(drop).map_err(InstancesError::unreachable)
    }

    fn lease(
        &self,
        name: &str,
        instance: &InstanceId,
        patience: Duration,
    ) -> Result<Lease, InstancesError> {
        let (flag, work) = (self.flag.clone(), name.to_owned());
        let holder = instance.clone();
        let held = self.shared.call(patience, |live| async move {
            lease(&live.client, &flag, &work, &holder).await
        });
        let holder = held.map_err(InstancesError::unreachable)?;
        Ok(match holder {
            Some(holder) if holder != *instance => Lease::HeldBy(holder),
            _ => Lease::Held,
        })
    }
}

impl PostgresInstances {
    fn put(
        &self,
        report: &InstanceReport,
        patience: Duration,
        registers: bool,
    ) -> Result<Vec<Instance>, InstancesError> {
        let (flag, row) = (self.flag.clone(), report.clone());
        let put = self.shared.call(patience, move |live| async move {
            // Either clock may have been set since.
            live.set_clock(session::read_clock(&live.client).await?);
            let mut row = row;
            row.clock = row.clock.or(Some(live.clock().offset_of_this()));
            match put(&live.client, &flag, &row, registers).await? {
                Joined::Yes => Ok(Ok(list(&live.client, &flag).await?)),
                refused => Ok(Err(refused)),
            }
        });
        match put.map_err(InstancesError::unreachable)? {
            Ok(all) => Ok(all),
            Err(Joined::OtherKey(instance, found)) => Err(InstancesError::OtherKey {
                instance,
                found,
                own: report.key_check.unwrap_or(found),
            }),
            Err(_) => Err(InstancesError::Replaced(report.instance.clone())),
        }
    }
}

/// Adds or replaces the row of an instance, in one statement. The lock that joining an epoch takes is held to its end.
async fn put(
    client: &Client,
    flag: &FlagName,
    report: &InstanceReport,
    registers: bool,
) -> Result<Joined, StoreError> {
    let served = report.served.as_ref();
    let served = served.and_then(|served| serde_json::to_string(served).ok());
    let row = client
        .query_typed_one(
            "with joined as materialized ( \
                select epoch, other_instance, other_key \
                from legacy_http_compat.join_epoch($1, $2, case when $12 then $9 end, make_interval(secs => $13)) \
            ), put as ( \
                insert into legacy_http_compat.instance as i (flag, name, started, version, applied, flag_state, sync, served, \
                    key_check, epoch, clock_offset, clock_uncertainty) \
                select $1, $2, $3, $4, $5, $6, $7, $8, $9, epoch, $10, $11 from joined where other_instance is null \
                on conflict (flag, name) do update set started = excluded.started, version = excluded.version, \
                    seen = clock_timestamp(), applied = excluded.applied, flag_state = excluded.flag_state, \
                    sync = excluded.sync, served = excluded.served, key_check = excluded.key_check, \
                    epoch = case when $12 then excluded.epoch else i.epoch end, \
                    clock_offset = excluded.clock_offset, clock_uncertainty = excluded.clock_uncertainty \
                where $12 or i.started <= excluded.started \
                returning 1 \
            ), forgotten as ( \
                delete from legacy_http_compat.instance \
                where flag = $1 and name <> $2 and seen <= clock_timestamp() - make_interval(secs => $14) \
            ) select other_instance, other_key, exists (select from put) from joined",
            &[
                (&flag.as_str(), Type::TEXT),
                (&report.instance.as_str(), Type::TEXT),
                (&signed(report.started.unix_ms()), Type::INT8),
                (&report.version, Type::TEXT),
                (&report.applied.to_string(), Type::TEXT),
                (&report.flag.as_str(), Type::TEXT),
                (&sync_text(report.sync), Type::TEXT),
                (&served, Type::TEXT),
                (&report.key_check.map(key_number), Type::INT8),
                (&report.clock.map(|clock| clock.offset_ms), Type::INT8),
                (&report.clock.map(|clock| signed(clock.uncertainty_ms)), Type::INT8),
                (&registers, Type::BOOL),
                (&Instance::LEASE.as_secs_f64(), Type::FLOAT8),
                (&Instance::FORGOTTEN.as_secs_f64(), Type::FLOAT8),
            ],
        )
        .await
        .map_err(StoreError::statement)?;
    let other: Option<&str> = row.get(0);
    if let Some(other) = other.and_then(|name| InstanceId::new(name).ok()) {
        let found = row.get::<_, Option<i64>>(1).unwrap_or(0);
        return Ok(Joined::OtherKey(
            other,
            KeyCheck::from_u64(found.cast_unsigned()),
        ));
    }
    Ok(if row.get(2) {
        Joined::Yes
    } else {
        Joined::Replaced
    })
}

/// Takes or renews a lease. Returns its holder, if that is another.
async fn lease(
    client: &Client,
    flag: &FlagName,
    work: &str,
    instance: &InstanceId,
) -> Result<Option<InstanceId>, StoreError> {
    let row = client
        .query_typed_one(
            "with taken as ( \
                insert into legacy_http_compat.lease as l (flag, work, holder, until) \
                values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4)) \
                on conflict (flag, work) do update set holder = excluded.holder, until = excluded.until \
                    where l.holder = excluded.holder or l.until <= clock_timestamp() \
                returning holder \
            ) select coalesce((select holder from taken), \
                (select holder from legacy_http_compat.lease where flag = $1 and work = $2), '')",
            &[
                (&flag.as_str(), Type::TEXT),
                (&work, Type::TEXT),
                (&instance.as_str(), Type::TEXT),
                (&Instance::LEASE.as_secs_f64(), Type::FLOAT8),
            ],
        )
        .await
        .map_err(StoreError::statement)?;
    let holder: &str = row.get(0);
    if holder == instance.as_str() {
        return Ok(None);
    }
    // Two at once on an empty table: the second does not see the row of the first yet, but has not taken it.
    let unknown = || InstanceId::new("unknown").ok();
    Ok(InstanceId::new(holder).ok().or_else(unknown))
}

async fn list(client: &Client, flag: &FlagName) -> Result<Vec<Instance>, StoreError> {
    let rows = client
        .query_typed(
            "select name, started, version, applied, flag_state, sync, served, key_check, clock_offset, clock_uncertainty, \
                (extract(epoch from seen) * 1000)::int8, \
                greatest(0, (extract(epoch from clock_timestamp() - seen) * 1000)::int8) \
            from legacy_http_compat.instance where flag = $1 order by name",
            &[(&flag.as_str(), Type::TEXT)],
        )
        .await
        .map_err(StoreError::statement)?;
    Ok(rows.iter().filter_map(instance).collect())
}

/// The instance of a row; `None` if a later version wrote what this one cannot read.
fn instance(row: &Row) -> Option<Instance> {
    let name = InstanceId::new(row.get::<_, &str>(0)).ok()?;
    let started = moment(row.get(1));
    let mut report = InstanceReport::new(name, started, FlagState::find(row.get(4))?);
    report.version = row.get(2);
    report.applied = row.get::<_, &str>(3).parse().ok()?;
    report.sync = sync(row.get(5))?;
    let served: Option<&str> = row.get(6);
    report.served = served.and_then(|served| serde_json::from_str(served).ok());
    let key: Option<i64> = row.get(7);
    report.key_check = key.map(|key| KeyCheck::from_u64(key.cast_unsigned()));
    let clock: Option<(i64, i64)> = Option::zip(row.get(8), row.get(9));
    report.clock = clock.map(|(offset_ms, uncertainty)| ClockOffset {
        offset_ms,
        uncertainty_ms: uncertainty.unsigned_abs(),
    });
    let silent = Duration::from_millis(row.get::<_, i64>(11).unsigned_abs());
    Some(Instance::new(report, moment(row.get(10)), silent))
}

/// `current`, `stale` with the time since in milliseconds, or `forked` with both heads.
fn sync_text(sync: JournalSync) -> String {
    match sync {
        JournalSync::Current => "current".to_owned(),
        JournalSync::Stale { since: None } => "stale".to_owned(),
        JournalSync::Stale { since: Some(since) } => format!("stale {}", since.unix_ms()),
        JournalSync::Forked(Fork { known, found }) => format!("forked {known} {found}"),
    }
}

fn sync(text: &str) -> Option<JournalSync> {
    let mut words = text.split(' ');
    Some(match (words.next()?, words.next(), words.next()) {
        ("current", ..) => JournalSync::Current,
        ("stale", since, _) => JournalSync::Stale {
            since: since
                .and_then(|ms| ms.parse().ok())
                .map(Timestamp::from_unix_ms),
        },
        ("forked", Some(known), Some(found)) => JournalSync::Forked(Fork {
            known: known.parse::<Head>().ok()?,
            found: found.parse::<Head>().ok()?,
        }),
        _ => return None,
    })
}

fn key_number(key: KeyCheck) -> i64 {
    key.as_u64().cast_signed()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn moment(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms.unsigned_abs())
}

impl fmt::Debug for PostgresInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInstances")
            .field("flag", &self.flag)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_journal_relates_to_its_store_reads_back() {
        let head: Head = format!("7:{}", "0a".repeat(32)).parse().unwrap();
        let since = Some(Timestamp::from_unix_ms(1_000));
        let fork = Fork {
            known: head,
            found: Head::NONE,
        };
        for state in [
            JournalSync::Current,
            JournalSync::Stale { since: None },
            JournalSync::Stale { since },
            JournalSync::Forked(fork),
        ] {
            assert_eq!(sync(&sync_text(state)), Some(state));
        }
        assert_eq!(sync("lost"), None);
    }
}
