//! The callers, in so many small buckets that requests of different callers rarely contend.
//!
//! A [bucket](Bucket) is a lock and a few records. Fewer, larger shards with an index each would need fewer locks, but
//! threads would then share them all the time, and moving a lock's cache line from core to core costs about as much as
//! the rest of counting an event.

use std::{hint::black_box, sync::PoisonError};

use crate::{
    caller::ClientVersion,
    sync::{
        MutexGuard, RwLock,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
};

use super::{
    bucket::{Bucket, Callers},
    caller_delta::CallerDelta,
    event::Sighting,
    record::{CHANGED, NEVER, NOT_YET, Record, TARGET},
    response_counts::ResponseCounts,
    striped_counters::{Place, StripedCounters, Uncounted},
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
    /// Since when the rules of each kind are in force.
    in_force: Box<[AtomicU32]>,
    /// The gaps in the watched time that matter for pauses, in ticks, oldest first.
    gaps: RwLock<Box<[(u32, u32)]>>,
    /// Whether a caller found no place since places were last freed.
    refused: AtomicBool,
}

/// About how many callers a bucket has when the table is full.
const FULL: usize = 4;
const FEWEST_BUCKETS: usize = if cfg!(legacy_http_compat_loom) {
    2
} else {
    1 << 8
};
/// The share of a full table that is freed at once.
const ROOM: usize = 64;
/// How many buckets a pass over all callers locks at once.
const BATCH: usize = 16;
/// 128 MiB. A larger table has longer buckets.
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
            in_force: (0..kinds).map(|_| AtomicU32::new(NEVER)).collect(),
            gaps: RwLock::default(),
            refused: AtomicBool::new(false),
        }
    }

    /// Counts one event. `full` gets the callers without a place, once there are enough of them.
    #[inline]
    pub(super) fn see(&self, now: u32, event: Sighting<'_>, full: impl FnOnce(&[Uncounted])) {
        let kind = self.counters.kind(event.kind);
        let Some(fingerprint) = event.caller.fingerprint() else {
            return self
                .counters
                .count(kind, event.effective(), Place::Anonymous);
        };
        let fingerprint = fingerprint.as_u128();
        let mut bucket = self.bucket(fingerprint);
        let Some(record) = bucket.of(fingerprint, kind) else {
            let new = Record::new(fingerprint, kind, now);
            return self.see_new(bucket, new, event, full);
        };
        // Before the record, so that a report never shows a dependent caller without its response.
        self.counters.count(kind, event.effective(), Place::Record);
        if record.was_silent(now, event.caller.is_target()) {
            self.end_silence(record, now, event.caller.is_target());
        }
        let kind_now = record.kind;
        record.see(now, event, || self.in_force(kind_now));
        if record.version_tag != event.caller.version_tag() {
            let version = event.caller.version();
            self.rename(bucket, (fingerprint, kind), version.as_ref());
        }
    }

    /// Since when the rules of each kind are in force.
    pub(super) fn all_in_force(&self) -> Vec<u32> {
        let all = (0..).zip(&self.in_force);
        all.map(|(kind, _)| self.in_force(kind)).collect()
    }

    /// From now on the rules of a kind are in force since this tick.
    pub(super) fn set_in_force(&self, kind: usize, since: u32) {
        self.in_force[kind].store(since, Ordering::Relaxed);
    }

    /// Replaces the gaps that do not count as a caller's pause.
    pub(super) fn set_gaps(&self, gaps: Vec<(u32, u32)>) {
        *self.gaps.write().unwrap_or_else(PoisonError::into_inner) = gaps.into();
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

    /// Calls `each` with the callers of each bucket in turn. Some buckets are locked meanwhile.
    ///
    /// Each lock orders all memory accesses, so a pass that locks bucket by bucket waits for the records of one before it
    /// fetches those of the next. With several locked, their records are fetched at the same time.
    pub(super) fn visit(&self, mut each: impl FnMut(&Callers)) {
        let mut locked = Vec::with_capacity(BATCH);
        for batch in self.buckets.chunks(BATCH) {
            // In the order of the table, and all else locks one bucket at a time: no two wait for each other.
            locked.extend(batch.iter().map(Bucket::lock));
            let records = locked.iter().flat_map(|bucket| bucket.iter());
            black_box(records.fold(0, |flags, record| flags | record.flags));
            for bucket in locked.drain(..) {
                each(&bucket);
            }
        }
    }

    /// The callers of each bucket in turn; the bucket is locked while the guard lives.
    pub(super) fn buckets(&self) -> impl Iterator<Item = MutexGuard<'_, Callers>> {
        self.buckets.iter().map(Bucket::lock)
    }

    /// The records of a caller: one for each kind that it was seen as.
    pub(super) fn find(&self, fingerprint: u128) -> Vec<Record> {
        self.bucket(fingerprint).own(fingerprint).copied().collect()
    }

    /// Inserts a record from a snapshot, even beyond the capacity: a caller known before keeps its place. Where the kinds
    /// were `renamed`, two records may have become one; otherwise it is `false` if the caller has a record of that kind.
    pub(super) fn restore(&self, record: Record, renamed: bool) -> bool {
        let mut bucket = self.bucket(record.fingerprint);
        let of = |known: &Record| (known.fingerprint, known.kind);
        let known = bucket.iter_mut().find(|known| of(known) == of(&record));
        if let Some(known) = known {
            known.merge(&record);
            return renamed;
        }
        bucket.push(record);
        self.known.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Calls `each` with every caller that was seen since it was last taken and is `wanted`. Its counts then begin anew.
    pub(super) fn take(&self, wanted: impl Fn(&Record) -> bool, mut each: impl FnMut(Record)) {
        for mut bucket in self.buckets() {
            let seen = bucket.iter_mut().filter(|record| record.responses > 0);
            for record in seen.filter(|record| wanted(record)) {
                each(*record);
                (record.responses, record.dependent, record.stranded) = (0, 0, 0);
                record.flags &= !CHANGED;
                record.first_seen = NOT_YET;
            }
        }
    }

    /// Whether a caller was last seen as a target caller, under whichever kind.
    pub(super) fn is_target(&self, fingerprint: u128) -> bool {
        let bucket = self.bucket(fingerprint);
        bucket.own(fingerprint).any(|record| record.has(TARGET))
    }

    /// Merges what an instance saw of a caller, in a merged census. `in_force` is since when the rules of its kind are.
    pub(super) fn absorb(
        &self,
        delta: &CallerDelta,
        (kind, in_force): (u8, u32),
        version: Option<&ClientVersion>,
    ) {
        let mut bucket = self.bucket(delta.fingerprint);
        if bucket.of(delta.fingerprint, kind).is_none() {
            bucket.add(Record::new(delta.fingerprint, kind, delta.first_seen));
            self.known.fetch_add(1, Ordering::Relaxed);
        }
        let Some(record) = bucket.of(delta.fingerprint, kind) else {
            return;
        };
        let is_latest = delta.last_seen() >= record.last_seen();
        record.absorb(delta, in_force);
        let kind = record.kind;
        if is_latest {
            let mut number = UNKNOWN;
            if let Some(version) = version {
                // Never wait for the versions with a bucket locked: their collection locks buckets.
                drop(bucket);
                (number, bucket) = self.numbered(version, delta.fingerprint);
            }
            if let Some(record) = bucket.of(delta.fingerprint, kind) {
                record.version = number;
            }
        }
    }

    /// Frees places in a full table: drops target callers that never depended, then migrated ones, those that were seen
    /// longest ago first, and calls `dropped` for each. All others stay.
    pub(super) fn free_places(&self, mut dropped: impl FnMut(&Record)) {
        let refused = self.refused.swap(false, Ordering::Relaxed);
        let wanted = (self.capacity / ROOM).max(usize::from(refused));
        let mut excess = (self.known() + wanted).saturating_sub(self.capacity);
        if excess == 0 {
            return;
        }
        let place = |record: &Record| record.dispensable(self.in_force(record.kind));
        let mut places: Vec<u64> = Vec::new();
        self.visit(|bucket| places.extend(bucket.iter().filter_map(place)));
        if excess < places.len() {
            places.select_nth_unstable(excess);
            places.truncate(excess);
        }
        let Some(last) = places.iter().max().copied() else {
            return;
        };
        self.retain(|record| {
            let drops = excess > 0 && place(record).is_some_and(|place| place <= last);
            if drops {
                excess -= 1;
                dropped(record);
            }
            !drops
        });
    }

    /// Drops the records that `keep` rejects.
    pub(super) fn retain(&self, mut keep: impl FnMut(&Record) -> bool) {
        for mut bucket in self.buckets() {
            let dropped = bucket.retain(&mut keep);
            if dropped > 0 {
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
        mut bucket: MutexGuard<'a, Callers>,
        mut record: Record,
        event: Sighting<'_>,
        full: impl FnOnce(&[Uncounted]),
    ) {
        let (now, kind, dependence) = (record.first_seen, record.kind, event.effective());
        if self.reserve() {
            self.counters.count(kind, dependence, Place::Record);
            record.see(now, event, || self.in_force(kind));
            record.flags |= CHANGED;
            let version = event.caller.version();
            let number = self.versions.number_at_once(version.as_ref());
            (record.version, record.version_tag) =
                (number.unwrap_or(UNKNOWN), tag(version.as_ref()));
            bucket.add(record);
            if number.is_none() {
                self.rename(bucket, (record.fingerprint, kind), version.as_ref());
            }
            return;
        }
        drop(bucket);
        self.refused.store(true, Ordering::Relaxed);
        self.counters.count(kind, dependence, Place::Unplaced);
        let uncounted = self.counters.add_uncounted(Uncounted {
            at: now,
            fingerprint: record.fingerprint,
            kind,
            dependence,
            identified: event.caller.is_identified(),
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
        mut bucket: MutexGuard<'a, Callers>,
        (fingerprint, kind): (u128, u8),
        version: Option<&ClientVersion>,
    ) {
        let mut number = self.versions.number_at_once(version);
        if let (Some(version), None) = (version, number) {
            // Never wait for the versions with a bucket locked: their collection locks buckets.
            drop(bucket);
            let (new, locked) = self.numbered(version, fingerprint);
            (number, bucket) = (Some(new), locked);
        }
        if let Some(record) = bucket.of(fingerprint, kind) {
            (record.version, record.version_tag) = (number.unwrap_or(UNKNOWN), tag(version));
        }
    }

    /// A caller comes back after a pause that may be its longest, or so long that it may have been inactive.
    #[cold]
    #[inline(never)]
    fn end_silence(&self, record: &mut Record, now: u32, is_target: bool) {
        if let Some(began) = record.longest_pause(now, is_target) {
            record.keep_pause(self.watched(began, now));
        }
        record.note_absence(now, is_target);
    }

    /// How many ticks between the two were not in a gap.
    fn watched(&self, from: u32, to: u32) -> u32 {
        let gaps = self.gaps.read().unwrap_or_else(PoisonError::into_inner);
        let within = |(start, end): &(u32, u32)| to.min(*end).saturating_sub(from.max(*start));
        let gaps: u32 = gaps.iter().map(within).sum();
        (to - from).saturating_sub(gaps)
    }

    #[inline]
    fn in_force(&self, kind: u8) -> u32 {
        // Relaxed: a response that is counted by the rules before is one that came before.
        self.in_force[usize::from(kind)].load(Ordering::Relaxed)
    }

    /// The number of a version, and the locked bucket while it is valid.
    fn numbered(
        &self,
        version: &ClientVersion,
        fingerprint: u128,
    ) -> (u16, MutexGuard<'_, Callers>) {
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
    fn bucket(&self, fingerprint: u128) -> MutexGuard<'_, Callers> {
        self.buckets[index(hash(fingerprint), self.shift)].lock()
    }
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
