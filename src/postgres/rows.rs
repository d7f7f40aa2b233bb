//! The statements on the journal.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, types::Type};

use super::{
    error::StoreError,
    link::Live,
    mirror::{Mirror, Row},
    session::{self, ServerClock, millis},
};
use crate::rollout::{
    event::{EventHash, Head},
    journal::AttemptId,
};

/// The channel on which appended events are announced.
pub(super) const CHANNEL: &str = "legacy_http_compat";

/// How many rows are read at a time.
pub(super) const BATCH: i64 = 256;

/// By how much later than its patience says a statement may reach the server.
const LATE: Duration = Duration::from_secs(1);

/// A line to append after a head.
pub(super) struct NewLine {
    pub(super) flag: String,
    pub(super) expected: Head,
    pub(super) head: Head,
    pub(super) attempt: AttemptId,
    pub(super) line: Vec<u8>,
    pub(super) patience: Duration,
}

/// What became of a line.
pub(super) enum Appended {
    /// It is in the journal.
    Now,
    /// It was in the journal already, with this sequence number.
    Before(u64),
    /// The head is another.
    Conflict,
}

impl NewLine {
    /// Appends, unless that was done before or the head is another.
    pub(super) async fn append(&self, live: &Live) -> Result<Appended, StoreError> {
        let (begun, clock) = (Instant::now(), live.clock());
        if self.add(live, (begun, clock)).await? {
            return Ok(Appended::Now);
        }
        if let Some(before) = self.find(&live.client).await? {
            return Ok(Appended::Before(before));
        }
        // It may have come too late by a clock that was set since it was read.
        let read = session::read_clock(&live.client).await?;
        live.set_clock(read);
        let late = read.now_ms() > clock.now_ms() + millis(LATE);
        if late && self.add(live, (begun, read)).await? {
            return Ok(Appended::Now);
        }
        Ok(Appended::Conflict)
    }

    /// Appends in one statement: nothing can come between the comparison and the row, since of two transactions that add
    /// the same sequence number the primary key lets only one through. A statement that the network delivers late has no
    /// effect.
    async fn add(
        &self,
        live: &Live,
        (begun, clock): (Instant, ServerClock),
    ) -> Result<bool, StoreError> {
        let start = clock.now_ms() - millis(begun.elapsed());
        let deadline = start + clock.uncertainty_ms + millis(self.patience + LATE);
        let added = live
            .client
            .query_typed(
                "with added as ( \
                    insert into legacy_http_compat.journal (flag, seq, hash, attempt, line) \
                    select $1, $2 + 1, $4, $5::uuid, $6 \
                    where clock_timestamp() < to_timestamp($7 / 1000.0) \
                        and $2 = coalesce((select max(seq) from legacy_http_compat.journal where flag = $1), 0) \
                        and ($2 = 0 or $3 = (select hash from legacy_http_compat.journal where flag = $1 and seq = $2)) \
                    on conflict do nothing returning seq \
                ) select pg_notify($8, $9) from added",
                &[
                    (&self.flag, Type::TEXT),
                    (&number(self.expected.seq), Type::INT8),
                    (&&self.expected.hash.as_bytes()[..], Type::BYTEA),
                    (&&self.head.hash.as_bytes()[..], Type::BYTEA),
                    (&self.attempt.to_string(), Type::TEXT),
                    (&self.line, Type::BYTEA),
                    (&deadline, Type::INT8),
                    (&CHANNEL, Type::TEXT),
                    (&format!("{} {}", self.head.seq, self.flag), Type::TEXT),
                ],
            )
            .await
            .map_err(StoreError::statement)?;
        Ok(!added.is_empty())
    }

    /// The sequence number of the attempt's event.
    async fn find(&self, client: &Client) -> Result<Option<u64>, StoreError> {
        let found = client
            .query_typed_opt(
                "select seq from legacy_http_compat.journal where attempt = $1::uuid and flag = $2",
                &[
                    (&self.attempt.to_string(), Type::TEXT),
                    (&self.flag, Type::TEXT),
                ],
            )
            .await
            .map_err(StoreError::statement)?;
        Ok(found.map(|row| unsigned(row.get(0))))
    }
}

/// Announces something to all that listen.
pub(super) async fn announce(client: &Client, what: &str) -> Result<(), StoreError> {
    client
        .query_typed(
            "select pg_notify($1, $2)",
            &[(&CHANNEL, Type::TEXT), (&what, Type::TEXT)],
        )
        .await
        .map(drop)
        .map_err(StoreError::statement)
}

/// Rows from a sequence number on, in order, at most [`BATCH`].
pub(super) async fn rows(client: &Client, flag: &str, from: u64) -> Result<Vec<Row>, StoreError> {
    let rows = client
        .query_typed(
            "select seq, hash, line from legacy_http_compat.journal where flag = $1 and seq >= $2 order by seq limit $3",
            &[
                (&flag, Type::TEXT),
                (&number(from), Type::INT8),
                (&BATCH, Type::INT8),
            ],
        )
        .await
        .map_err(StoreError::statement)?;
    let rows = rows.into_iter().map(|row| Row {
        seq: unsigned(row.get(0)),
        hash: hash(row.get(1)),
        line: row.get(2),
    });
    Ok(rows.collect())
}

/// The head of a journal.
pub(super) async fn head(client: &Client, flag: &str) -> Result<Head, StoreError> {
    let row = client
        .query_typed_opt(
            "select seq, hash from legacy_http_compat.journal where flag = $1 order by seq desc limit 1",
            &[(&flag, Type::TEXT)],
        )
        .await
        .map_err(StoreError::statement)?;
    Ok(row.map_or(Head::NONE, |row| Head {
        seq: unsigned(row.get(0)),
        hash: hash(row.get(1)),
    }))
}

/// Reads what follows the copy, and checks that its last event is still there. Returns whether there may be more.
pub(super) async fn catch_up(live: &Live, flag: &str, mirror: &Mirror) -> Result<bool, StoreError> {
    let known = mirror.head();
    let rows = rows(&live.client, flag, known.seq).await?;
    let last = if rows.is_empty() {
        head(&live.client, flag).await?
    } else {
        Head::NONE
    };
    let taken = mirror.take(known, &rows, last);
    taken.map_err(|fault| StoreError::journal(fault.into()))?;
    // Either the batch was full, or an event was appended from here meanwhile.
    Ok(rows.len() as u64 == BATCH.unsigned_abs())
}

/// Compares all lines with the copy, by one hash that the server computes.
pub(super) async fn audit(live: &Live, flag: &str, mirror: &Mirror) -> Result<(), StoreError> {
    let (head, digest) = mirror.digest();
    let row = live
        .client
        .query_typed_one(
            "select sha256(coalesce(string_agg(line, ''::bytea order by seq), ''::bytea)) \
                from legacy_http_compat.journal where flag = $1 and seq <= $2",
            &[(&flag, Type::TEXT), (&number(head.seq), Type::INT8)],
        )
        .await
        .map_err(StoreError::statement)?;
    if row.get::<_, &[u8]>(0) == digest {
        return Ok(());
    }
    if let Some(line) = first_difference(live, flag, mirror, head.seq).await? {
        mirror.found_changed(line);
    }
    Ok(())
}

/// The first line that is not as in the copy.
async fn first_difference(
    live: &Live,
    flag: &str,
    mirror: &Mirror,
    until: u64,
) -> Result<Option<u64>, StoreError> {
    let mut previous = Head::NONE;
    while previous.seq < until {
        let found = rows(&live.client, flag, previous.seq + 1).await?;
        for seq in previous.seq + 1..=until.min(previous.seq + BATCH.unsigned_abs()) {
            let row = usize::try_from(seq - previous.seq - 1).ok();
            let row = row.and_then(|index| found.get(index));
            let known = mirror.event(seq).map(|event| event.head());
            let same = row.zip(known).is_some_and(|(row, known)| {
                let before = mirror
                    .event(seq - 1)
                    .map_or(Head::NONE, |event| event.head());
                row.decode(before).is_ok_and(|event| event.head() == known)
            });
            if !same {
                return Ok(Some(seq));
            }
        }
        let reached = until.min(previous.seq + BATCH.unsigned_abs());
        previous = mirror
            .event(reached)
            .map_or(Head::NONE, |event| event.head());
    }
    Ok(None)
}

pub(super) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// A hash that the column's length check lets through.
fn hash(bytes: &[u8]) -> EventHash {
    EventHash::new(bytes.try_into().unwrap_or_default())
}
