//! The census of one flag in the database.

use std::{fmt, sync::Arc, time::Duration};

use tokio_postgres::types::Type;

use super::{
    census_rows::{Columns, caller, counts_of, follow, in_force_of, load_state},
    error::{StoreError, StoreErrorKind},
    shared::Shared,
};
use crate::{
    caller::KeyCheck,
    census::fleet::{
        Batch, CensusStore, CensusStoreError, Followed, Joined, Loaded, Member, Merged, Names,
        Sweep,
        store::{Changed, to_bytes},
    },
    rollout::names::FlagName,
    time::timeline::ORIGIN,
};

/// The census that all instances of one flag share, in a [`PostgresStore`](super::PostgresStore).
///
/// A batch is merged by one statement, a call of a function of the schema, which holds the lock of the flag's row until it is
/// committed: so changes are seen in their order. Callers beyond the capacity are estimated.
pub struct PostgresCensus {
    shared: Arc<Shared>,
    flag: FlagName,
    capacity: i64,
}

/// How many callers are read by one statement.
const PAGE: i64 = 5_000;

/// How long reading one page may take.
const PAGE_PATIENCE: Duration = Duration::from_secs(10);

impl PostgresCensus {
    pub(super) fn new(shared: Arc<Shared>, flag: &FlagName) -> Self {
        Self {
            shared,
            flag: flag.clone(),
            capacity: 1_000_000,
        }
    }

    /// How many callers it has places for; a million by default, which take about 300 MB. The same in all instances.
    #[must_use]
    pub fn capacity(mut self, callers: usize) -> Self {
        self.capacity = i64::try_from(callers).unwrap_or(i64::MAX);
        self
    }

    fn own(&self) -> String {
        self.flag.as_str().to_owned()
    }
}

impl CensusStore for PostgresCensus {
    fn join(
        &self,
        member: &Member,
        key: Option<KeyCheck>,
        patience: Duration,
    ) -> Result<Joined, CensusStoreError> {
        let (flag, member) = (self.own(), member.clone());
        let name = member.name.clone();
        let joined = self.shared.call(patience, move |live| async move {
            let row = live
                .client
                .query_typed_one(
                    "select verdict, other_key, now from legacy_http_compat.census_join($1, $2, $3, $4, $5)",
                    &[
                        (&flag, Type::TEXT),
                        (&member.name, Type::TEXT),
                        (&signed(member.started), Type::INT8),
                        (&key.map(|key| key.as_u64().cast_signed()), Type::INT8),
                        (&signed(ORIGIN), Type::INT8),
                    ],
                )
                .await
                .map_err(StoreError::statement)?;
            Ok((row.get::<_, String>(0), row.get::<_, Option<i64>>(1), row.get::<_, i64>(2)))
        });
        let (verdict, found, now) = joined.map_err(CensusStoreError::unreachable)?;
        let check = |key: i64| KeyCheck::from_u64(key.cast_unsigned());
        match (&*verdict, found) {
            ("joined", _) => Ok(Joined { now: unsigned(now) }),
            ("other_key", found) => {
                let found = check(found.unwrap_or(0));
                Err(CensusStoreError::OtherKey {
                    found,
                    own: key.unwrap_or(KeyCheck::from_u64(0)),
                })
            }
            _ => Err(CensusStoreError::Replaced(name)),
        }
    }

    fn name(&self, names: &Names, patience: Duration) -> Result<Names, CensusStoreError> {
        let (flag, names) = (self.own(), names.clone());
        let all = self.shared.call(patience, move |live| async move {
            let row = live
                .client
                .query_typed_one(
                    "select legacy_http_compat.census_names($1, $2, $3)",
                    &[
                        (&flag, Type::TEXT),
                        (&names.kinds, Type::TEXT_ARRAY),
                        (&names.endpoints, Type::TEXT_ARRAY),
                    ],
                )
                .await
                .map_err(StoreError::statement)?;
            serde_json::from_str(row.get(0)).map_err(|_| StoreError::new(StoreErrorKind::Broken))
        });
        all.map_err(CensusStoreError::unreachable)
    }

    fn merge(&self, batch: &Batch, patience: Duration) -> Result<Merged, CensusStoreError> {
        let (flag, capacity) = (self.own(), self.capacity);
        let (member, number, leaves) = (batch.member.clone(), signed(batch.number), batch.leaves);
        let name = member.name.clone();
        let columns = Columns::of(&batch.callers);
        let counts = counts_of(batch);
        let in_force = in_force_of(batch);
        let data = to_bytes(&Changed::Batch(Box::new(batch.clone())));
        let merged = self.shared.call(patience, move |live| async move {
            let fingerprints = columns.fingerprints();
            let row = live
                .client
                .query_typed_one(
                    "select verdict, now, refused from legacy_http_compat.census_merge($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
                        $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24::jsonb, $25::jsonb, $26::jsonb, $27::jsonb)",
                    &[
                        (&flag, Type::TEXT),
                        (&member.name, Type::TEXT),
                        (&signed(member.started), Type::INT8),
                        (&number, Type::INT8),
                        (&leaves, Type::BOOL),
                        (&capacity, Type::INT8),
                        (&data, Type::BYTEA),
                        (&fingerprints, Type::BYTEA_ARRAY),
                        (&columns.kinds, Type::INT4_ARRAY),
                        (&columns.flags, Type::INT4_ARRAY),
                        (&columns.pauses, Type::INT4_ARRAY),
                        (&columns.endpoints, Type::INT8_ARRAY),
                        (&columns.first_seen, Type::INT4_ARRAY),
                        (&columns.last_legacy, Type::INT4_ARRAY),
                        (&columns.last_dependent, Type::INT4_ARRAY),
                        (&columns.last_stranded, Type::INT4_ARRAY),
                        (&columns.first_target, Type::INT4_ARRAY),
                        (&columns.last_target, Type::INT4_ARRAY),
                        (&columns.responses, Type::INT8_ARRAY),
                        (&columns.dependent, Type::INT8_ARRAY),
                        (&columns.stranded, Type::INT8_ARRAY),
                        (&columns.versions, Type::TEXT_ARRAY),
                        (&in_force, Type::INT4_ARRAY),
                        (&counts.responses, Type::TEXT),
                        (&counts.failures, Type::TEXT),
                        (&counts.intervals, Type::TEXT),
                        (&counts.overflow, Type::TEXT),
                    ],
                )
                .await
                .map_err(StoreError::statement)?;
            Ok((row.get::<_, String>(0), row.get::<_, Option<Vec<i32>>>(2)))
        });
        let (verdict, refused) = merged.map_err(CensusStoreError::unreachable)?;
        match &*verdict {
            "merged" => Ok(Merged {
                refused: refused
                    .unwrap_or_default()
                    .into_iter()
                    .map(i32::cast_unsigned)
                    .collect(),
            }),
            "replaced" => Err(CensusStoreError::Replaced(name)),
            _ => Err(CensusStoreError::WrittenOff(name)),
        }
    }

    fn follow(&self, after: u64, patience: Duration) -> Result<Followed, CensusStoreError> {
        let flag = self.own();
        let followed = self.shared.call(patience, move |live| async move {
            follow(&live.client, &flag, signed(after)).await
        });
        followed.map_err(CensusStoreError::unreachable)
    }

    fn load(
        &self,
        take: &mut dyn FnMut(Loaded),
        patience: Duration,
    ) -> Result<(), CensusStoreError> {
        let flag = self.own();
        let state = self.shared.call(patience, move |live| async move {
            load_state(&live.client, &flag).await
        });
        let state = state.map_err(CensusStoreError::unreachable)?;
        take(Loaded::State(Box::new(
            state.ok_or(CensusStoreError::Empty)?,
        )));
        let mut last: (Vec<u8>, i16) = (Vec::new(), -1);
        loop {
            let (flag, after) = (self.own(), last.clone());
            let page = self.shared.call(PAGE_PATIENCE.min(patience), move |live| async move {
                let rows = live
                    .client
                    .query_typed(
                        "select fingerprint, kind, flags, pause, endpoints, first_seen, last_legacy, last_dependent, \
                            last_stranded, first_target, last_target, responses, dependent, stranded, version, change \
                        from legacy_http_compat.census_caller \
                        where census = (select id from legacy_http_compat.census where flag = $1) \
                            and (fingerprint, kind) > ($2, $3) order by fingerprint, kind limit $4",
                        &[(&flag, Type::TEXT), (&after.0, Type::BYTEA), (&after.1, Type::INT2), (&PAGE, Type::INT8)],
                    )
                    .await
                    .map_err(StoreError::statement)?;
                Ok(rows)
            });
            let rows = page.map_err(CensusStoreError::unreachable)?;
            let Some(end) = rows.last() else {
                return Ok(());
            };
            last = (end.get(0), end.get(1));
            take(Loaded::Callers(rows.iter().filter_map(caller).collect()));
        }
    }

    fn sweep(&self, sweep: &Sweep, patience: Duration) -> Result<(), CensusStoreError> {
        let flag = self.own();
        let data = to_bytes(&Changed::Swept(sweep.clone()));
        let sweep = sweep.clone();
        let swept = self.shared.call(patience, move |live| async move {
            let callers = &sweep.callers;
            let fingerprints: Vec<[u8; 16]> = callers
                .iter()
                .map(|caller| caller.0.to_be_bytes())
                .collect();
            let fingerprints: Vec<&[u8]> = fingerprints.iter().map(<[u8; 16]>::as_slice).collect();
            let kinds: Vec<i32> = callers.iter().map(|caller| caller.1.into()).collect();
            let depended: Vec<bool> = callers.iter().map(|caller| caller.2).collect();
            let dropped: Vec<bool> = callers.iter().map(|caller| caller.3).collect();
            live.client
                .query_typed_one(
                    "select legacy_http_compat.census_sweep($1, $2, $3, $4, $5, $6, $7)",
                    &[
                        (&flag, Type::TEXT),
                        (&data, Type::BYTEA),
                        (&fingerprints, Type::BYTEA_ARRAY),
                        (&kinds, Type::INT4_ARRAY),
                        (&depended, Type::BOOL_ARRAY),
                        (&dropped, Type::BOOL_ARRAY),
                        (&signed(sweep.known), Type::INT8),
                    ],
                )
                .await
                .map(drop)
                .map_err(StoreError::statement)
        });
        swept.map_err(CensusStoreError::unreachable)
    }

    fn write_off(&self, instance: &str, patience: Duration) -> Result<u64, CensusStoreError> {
        let (flag, instance) = (self.own(), instance.to_owned());
        let ended = self.shared.call(patience, move |live| async move {
            let row = live
                .client
                .query_typed_one(
                    "select legacy_http_compat.census_write_off($1, $2)",
                    &[(&flag, Type::TEXT), (&instance, Type::TEXT)],
                )
                .await
                .map_err(StoreError::statement)?;
            Ok(unsigned(row.get(0)))
        });
        ended.map_err(CensusStoreError::unreachable)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl fmt::Debug for PostgresCensus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresCensus")
            .field("flag", &self.flag)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
