//! The callers, in so many small buckets that requests of different callers rarely contend.
//!
//! A bucket is a lock and a list of a few records. Fewer, larger shards with an index each would need fewer locks, but
//! threads would then share them all the time, and moving a lock's cache line from core to core costs about as much as
//! the rest of counting an event.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::caller::ClientVersion;

use super::{
    event::CallerEvent,
    record::Record,
    response_counts::ResponseCounts,
    striped_counters::{StripedCounters, Uncounted},
    versions::{UNKNOWN, Versions, tag},
};

#[derive(Debug)]
pub(super) struct Table {
    /// A power of two.
    buckets: Box<[Bucket]>,
    /// How far to shift a hash for the index of its bucket.
    shift: u32,
    /// Records in all buckets.
    known: AtomicUsize,
    counters: StripedCounters,
    versions: Versions,
    capacity: usize,
}

/// A cache line of its own, so that a lock taken in one bucket does not slow down its neighbours.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Bucket(Mutex<Vec<Record>>);

/// About how many callers a bucket has when the table is full.
const FULL: usize = 2;
const FEWEST_BUCKETS: usize = 1 << 8;
/// 64 MiB. A larger table has longer buckets.
const MOST_BUCKETS: usize = 1 << 20;

impl Table {
    pub(super) fn new(capacity: usize, kinds: usize) -> Self {
        let buckets = (capacity / FULL).clamp(FEWEST_BUCKETS, MOST_BUCKETS);
        let buckets = buckets.next_power_of_two();
        Self {
            buckets: (0..buckets).map(|_| Bucket::default()).collect(),
            shift: u64::BITS - buckets.trailing_zeros(),
            known: AtomicUsize::new(0),
            counters: StripedCounters::new(kinds),
            versions: Versions::default(),
            capacity,
        }
    }

    /// Counts one event. `full` gets the callers without a place, once there are enough of them.
    #[inline]
    pub(super) fn see(&self, now: u32, event: &CallerEvent, full: impl FnOnce(&[Uncounted])) {
        let kind = self.counters.kind(event.caller.kind());
        let fingerprint = event.caller.fingerprint();
        self.counters
            .count(kind, event.effective(), fingerprint.is_none());
        let Some(fingerprint) = fingerprint else {
            return;
        };
        let fingerprint = fingerprint.as_u128();
        let mut bucket = self.bucket(fingerprint);
        let Some(record) = of(&mut bucket, fingerprint) else {
            let new = Record::new(fingerprint, now);
            return self.see_new(bucket, new, (event, kind), full);
        };
        record.see(now, event, kind);
        let version = event.caller.version();
        if record.version_tag != tag(version.as_ref()) {
            self.rename(bucket, fingerprint, version.as_ref());
        }
    }

    /// How many callers have a record.
    pub(super) fn known(&self) -> usize {
        // Relaxed: the count is informational; records are read under their locks.
        self.known.load(Ordering::Relaxed)
    }

    /// Takes what was counted since the last call: responses per kind, and callers without a place.
    pub(super) fn drain(&self, responses: impl FnMut(usize, &ResponseCounts)) -> Vec<Uncounted> {
        self.counters.take(responses);
        self.counters.take_uncounted()
    }

    /// The callers of each bucket in turn; the bucket is locked while the guard lives.
    pub(super) fn buckets(&self) -> impl Iterator<Item = MutexGuard<'_, Vec<Record>>> {
        self.buckets.iter().map(lock)
    }

    /// The record of a caller.
    pub(super) fn find(&self, fingerprint: u128) -> Option<Record> {
        of(&mut self.bucket(fingerprint), fingerprint).copied()
    }

    /// Inserts a record from a snapshot, even beyond the capacity: a caller known before keeps its place. `false` if the
    /// caller has a record already.
    pub(super) fn restore(&self, record: Record) -> bool {
        let mut bucket = self.bucket(record.fingerprint);
        let is_new = of(&mut bucket, record.fingerprint).is_none();
        if is_new {
            push(&mut bucket, record);
            self.known.fetch_add(1, Ordering::Relaxed);
        }
        is_new
    }

    /// Drops the records that `keep` rejects.
    pub(super) fn retain(&self, mut keep: impl FnMut(&Record) -> bool) {
        for mut bucket in self.buckets() {
            let before = bucket.len();
            bucket.retain(&mut keep);
            let dropped = before - bucket.len();
            if dropped > 0 {
                bucket.shrink_to_fit();
                self.known.fetch_sub(dropped, Ordering::Relaxed);
            }
        }
        self.versions.collect(|used| {
            for bucket in self.buckets() {
                bucket.iter().for_each(|record| used(record.version));
            }
        });
    }

    /// The versions that records refer to.
    pub(super) fn versions(&self) -> &Versions {
        &self.versions
    }

    // Outlined, so that the path of a known caller stays short.
    #[cold]
    #[inline(never)]
    fn see_new<'a>(
        &'a self,
        mut bucket: MutexGuard<'a, Vec<Record>>,
        mut record: Record,
        (event, kind): (&CallerEvent, u8),
        full: impl FnOnce(&[Uncounted]),
    ) {
        if self.reserve() {
            record.see(record.first_seen, event, kind);
            push(&mut bucket, record);
            let version = event.caller.version();
            return self.rename(bucket, record.fingerprint, version.as_ref());
        }
        drop(bucket);
        let uncounted = self.counters.add_uncounted(Uncounted {
            at: record.first_seen,
            fingerprint: record.fingerprint,
            kind,
            dependence: event.effective(),
        });
        if let Some(uncounted) = uncounted {
            full(&uncounted);
        }
    }

    /// Stores the version of a caller in its record.
    #[cold]
    #[inline(never)]
    fn rename<'a>(
        &'a self,
        mut bucket: MutexGuard<'a, Vec<Record>>,
        fingerprint: u128,
        version: Option<&ClientVersion>,
    ) {
        let mut number = UNKNOWN;
        if let Some(version) = version {
            // Never wait for the versions with a bucket locked: their collection locks buckets.
            drop(bucket);
            (number, bucket) = self.numbered(version, fingerprint);
        }
        if let Some(record) = of(&mut bucket, fingerprint) {
            record.version = number;
            record.version_tag = tag(version);
        }
    }

    /// The number of a version, and the locked bucket while it is valid.
    fn numbered(
        &self,
        version: &ClientVersion,
        fingerprint: u128,
    ) -> (u16, MutexGuard<'_, Vec<Record>>) {
        loop {
            let numbered = self.versions.number(version);
            let bucket = self.bucket(fingerprint);
            if self.versions.holds(numbered) {
                return (numbered.number, bucket);
            }
        }
    }

    fn reserve(&self) -> bool {
        let one_more = |known| (known < self.capacity).then_some(known + 1);
        // Relaxed: the compare-exchange alone keeps the count exact.
        self.known
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    #[inline]
    fn bucket(&self, fingerprint: u128) -> MutexGuard<'_, Vec<Record>> {
        lock(&self.buckets[index(hash(fingerprint), self.shift)])
    }
}

#[inline]
fn of(bucket: &mut [Record], fingerprint: u128) -> Option<&mut Record> {
    bucket
        .iter_mut()
        .find(|record| record.fingerprint == fingerprint)
}

/// Grows a little instead of doubling: unused capacity would cost more bytes per caller than the table itself.
fn push(bucket: &mut Vec<Record>, record: Record) {
    if bucket.len() == bucket.capacity() {
        bucket.reserve_exact(1 + bucket.len() / 16);
    }
    bucket.push(record);
}

#[inline]
fn lock(bucket: &Bucket) -> MutexGuard<'_, Vec<Record>> {
    // A panic in a bucket leaves counts at most one short.
    bucket.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spreads fingerprints, because those of a custom detector may not be random.
#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the fingerprint are mixed"
)]
#[inline]
fn hash(fingerprint: u128) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (fingerprint >> 64) as u64 ^ (fingerprint as u64).wrapping_mul(ODD);
    (folded ^ folded >> 32).wrapping_mul(ODD)
}

/// The top bits, which depend on all others.
#[inline]
fn index(hash: u64, shift: u32) -> usize {
    usize::try_from(hash >> shift).unwrap_or(0)
}
