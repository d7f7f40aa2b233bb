//! The rows of a census, and the statements that read them.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_postgres::{Client, Row, types::Type};

use super::error::{StoreError, StoreErrorKind};
use crate::census::{
    caller_delta::CallerDelta,
    fleet::{
        Batch, Change, Followed, LoadedCaller, LoadedState, Member,
        store::{MemberState, from_bytes, to_bytes},
    },
};

/// How many changes are read by one statement.
const CHANGES: i64 = 64;

/// The callers of a batch, column by column.
#[derive(Default)]
pub(super) struct Columns {
    fingerprints: Vec<[u8; 16]>,
    pub(super) kinds: Vec<i32>,
    pub(super) flags: Vec<i32>,
    pub(super) pauses: Vec<i32>,
    pub(super) endpoints: Vec<i64>,
    pub(super) first_seen: Vec<i32>,
    pub(super) last_legacy: Vec<i32>,
    pub(super) last_dependent: Vec<i32>,
    pub(super) last_stranded: Vec<i32>,
    pub(super) first_target: Vec<i32>,
    pub(super) last_target: Vec<i32>,
    pub(super) responses: Vec<i64>,
    pub(super) dependent: Vec<i64>,
    pub(super) stranded: Vec<i64>,
    pub(super) versions: Vec<String>,
}

impl Columns {
    pub(super) fn of(callers: &[CallerDelta]) -> Self {
        let mut columns = Self::default();
        for caller in callers {
            columns.fingerprints.push(caller.fingerprint.to_be_bytes());
            columns.kinds.push(caller.kind.into());
            columns.flags.push(caller.flags.into());
            columns.pauses.push(caller.pause.into());
            columns.endpoints.push(caller.endpoints.cast_signed());
            columns.first_seen.push(tick(caller.first_seen));
            columns.last_legacy.push(tick(caller.last_legacy));
            columns.last_dependent.push(tick(caller.last_dependent));
            columns.last_stranded.push(tick(caller.last_stranded));
            columns.first_target.push(tick(caller.first_target));
            columns.last_target.push(tick(caller.last_target));
            columns.responses.push(number(caller.responses));
            columns.dependent.push(number(caller.dependent));
            columns.stranded.push(number(caller.stranded));
            columns.versions.push(caller.version.clone());
        }
        columns
    }

    pub(super) fn fingerprints(&self) -> Vec<&[u8]> {
        self.fingerprints.iter().map(<[u8; 16]>::as_slice).collect()
    }
}

/// Since when the rules of each kind are in force, up to the last kind whose rules came after the beginning.
pub(super) fn in_force_of(batch: &Batch) -> Vec<i32> {
    let last = batch.in_force.iter().map(|(kind, _)| *kind).max();
    let kinds = last.into_iter().flat_map(|last| 0..=last);
    kinds.map(|kind| tick(batch.in_force(kind))).collect()
}

/// What a batch has besides callers, as JSON.
pub(super) struct Counts {
    pub(super) responses: String,
    pub(super) failures: String,
    pub(super) intervals: String,
    pub(super) overflow: String,
}

/// What a batch has besides callers.
pub(super) fn counts_of(batch: &Batch) -> Counts {
    let responses = batch.responses.iter().map(|(second, kind, counts)| {
        let [
            all,
            dependent,
            anonymous,
            unplaced,
            stranded,
            stranded_anonymous,
            latent,
        ] = counts.to_array();
        json!([
            second,
            kind,
            all,
            dependent,
            anonymous,
            unplaced,
            stranded,
            stranded_anonymous,
            latent
        ])
    });
    let failures = batch.failures.iter();
    let failures = failures.map(|of| json!([of.hour, of.endpoint, of.worked, of.failed]));
    let intervals = batch.intervals.iter().map(|interval| {
        json!({
            "fed": interval.fed, "since": interval.from, "until": interval.to, "before": interval.before,
            "rules": interval.rules,
        })
    });
    let overflow = batch.overflow.iter();
    let overflow = overflow.map(|bucket| {
        json!([
            bucket.width,
            bucket.number,
            bucket.kind,
            hex::encode(to_bytes(bucket))
        ])
    });
    let text = |all: Vec<Value>| Value::from(all).to_string();
    Counts {
        responses: text(responses.collect()),
        failures: text(failures.collect()),
        intervals: text(intervals.collect()),
        overflow: text(overflow.collect()),
    }
}

/// What a statement says of the census besides its rows.
#[derive(Deserialize)]
struct Header {
    change: u64,
    now: u64,
    wall: u64,
    /// The last change that is not kept any more.
    pruned: u64,
    names: usize,
    members: Vec<MemberState>,
}

/// Reads the changes after one.
pub(super) async fn follow(
    client: &Client,
    flag: &str,
    after: i64,
) -> Result<Followed, StoreError> {
    let rows = client
        .query_typed(
            "with c as (select * from legacy_http_compat.census where flag = $1), \
            clock as (select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms) \
            select -1::int8 as number, 0::int8 as at, null::bytea as data, null::int4[] as refused, json_build_object( \
                'change', change, 'now', greatest(time, ms + shift) - base, 'wall', ms, \
                'pruned', pruned, \
                'names', (select count(*) from legacy_http_compat.census_name n where n.census = c.id), \
                'members', legacy_http_compat.census_members(c, $2))::text as header from c, clock \
            union all (select k.number, k.at, k.data, k.refused, null from legacy_http_compat.census_change k, c \
                where k.census = c.id and k.number > $2 order by k.number limit $3) order by number",
            &[(&flag, Type::TEXT), (&after, Type::INT8), (&CHANGES, Type::INT8)],
        )
        .await
        .map_err(StoreError::statement)?;
    let [header, changes @ ..] = &rows[..] else {
        return Err(StoreError::because(
            StoreErrorKind::Refused,
            "there is no census of the flag yet",
        ));
    };
    let header: Header = parsed(header.get(4))?;
    // A store that lost its last changes, as by a restore, is read anew.
    let is_whole = (header.pruned..=header.change).contains(&after.unsigned_abs());
    let read: Option<Vec<Change>> = changes.iter().map(change).collect();
    Ok(Followed {
        now: header.now,
        wall: header.wall,
        change: header.change,
        more: i64::try_from(changes.len()) == Ok(CHANGES),
        batches: read.filter(|_| is_whole),
        members: header.members,
        names: header.names,
    })
}

/// Reads all but the callers; `None` if there is no census of the flag yet.
pub(super) async fn load_state(
    client: &Client,
    flag: &str,
) -> Result<Option<LoadedState>, StoreError> {
    let row = client
        .query_typed_opt(
            "with c as (select * from legacy_http_compat.census where flag = $1), \
            clock as (select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms) \
            select json_build_object('change', change, 'now', greatest(time, ms + shift) - base, 'wall', ms, 'began', began - base, \
                'names', legacy_http_compat.census_all_names(c.id)::json, 'members', legacy_http_compat.census_members(c, -1), \
                'intervals', (select coalesce(json_agg(json_build_array( \
                    json_build_object('name', i.name, 'started', i.started), \
                    json_build_object('fed', i.fed, 'from', i.since, 'to', i.until, 'before', i.before, 'rules', i.rules))), '[]') \
                    from (select * from legacy_http_compat.census_interval i where i.census = c.id order by i.until desc limit $2) i), \
                'responses', (select coalesce(json_agg(json_build_object('width', r.width, 'number', r.number, 'kind', r.kind, \
                    'responses', json_build_object('all', r.counts[1], 'dependent', r.counts[2], 'dependent_anonymous', r.counts[3], \
                    'dependent_unplaced', r.counts[4], 'stranded', r.counts[5], 'stranded_anonymous', r.counts[6], \
                    'latent_anonymous', r.counts[7])) order by r.number), '[]') \
                    from legacy_http_compat.census_responses r where r.census = c.id), \
                'failures', (select coalesce(json_agg(json_build_object('hour', f.hour, 'endpoint', f.endpoint, 'worked', f.worked, \
                    'failed', f.failed)), '[]') from legacy_http_compat.census_failures f where f.census = c.id), \
                'forgotten', (select coalesce(json_agg(json_build_array(g.kind, g.callers, g.dependents, g.dropped)), '[]') \
                    from legacy_http_compat.census_forgotten g where g.census = c.id))::text, \
            (select coalesce(json_agg(json_build_array(json_build_object('name', o.name, 'started', o.started), \
                encode(o.data, 'hex'))), '[]')::text from legacy_http_compat.census_overflow o where o.census = c.id) \
            from c, clock",
            &[(&flag, Type::TEXT), (&INTERVALS, Type::INT8)],
        )
        .await
        .map_err(StoreError::statement)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut state: LoadedState = parsed(row.get(0))?;
    let overflow: Vec<(Member, String)> = parsed(row.get(1))?;
    for (member, data) in overflow {
        let data = hex::decode(data).unwrap_or_default();
        // One that a later version wrote cannot be read, but its callers may depend.
        let bucket = from_bytes(&data).ok_or_else(|| {
            StoreError::because(
                StoreErrorKind::Refused,
                "a later version of this crate wrote an estimate",
            )
        })?;
        state.overflow.push((member, bucket));
    }
    Ok(Some(state))
}

/// The most intervals that are read: the latest. What is older counts as not watched.
const INTERVALS: i64 = 20_000;

/// A change; `None` if a later version wrote it.
fn change(row: &Row) -> Option<Change> {
    let refused: Vec<i32> = row.get(3);
    Some(Change {
        number: row.get::<_, i64>(0).unsigned_abs(),
        at: row.get::<_, i64>(1).unsigned_abs(),
        what: from_bytes(row.get(2))?,
        refused: refused.into_iter().map(i32::cast_unsigned).collect(),
    })
}

/// A caller with the change that last touched it.
pub(super) fn caller(row: &Row) -> Option<LoadedCaller> {
    let fingerprint: &[u8] = row.get(0);
    let time = |at: usize| row.get::<_, i32>(at).cast_unsigned() ^ BIAS;
    let count = |at: usize| row.get::<_, i64>(at).unsigned_abs();
    let caller = CallerDelta {
        fingerprint: u128::from_be_bytes(fingerprint.try_into().ok()?),
        kind: u8::try_from(row.get::<_, i16>(1)).ok()?,
        flags: u8::try_from(row.get::<_, i16>(2)).ok()?,
        pause: u16::try_from(row.get::<_, i32>(3)).unwrap_or(u16::MAX),
        endpoints: row.get::<_, i64>(4).cast_unsigned(),
        first_seen: time(5),
        last_legacy: time(6),
        last_dependent: time(7),
        last_stranded: time(8),
        first_target: time(9),
        last_target: time(10),
        responses: count(11),
        dependent: count(12),
        stranded: count(13),
        version: row.get(14),
    };
    Some(LoadedCaller {
        caller,
        change: count(15),
    })
}

/// Ticks are stored less by this, so that four bytes last as long as here.
const BIAS: u32 = 1 << 31;

/// A tick as it is stored, in the same order.
const fn tick(tick: u32) -> i32 {
    (tick ^ BIAS).cast_signed()
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::because(StoreErrorKind::Broken, error.to_string()))
}
