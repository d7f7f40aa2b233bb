//! The callers, spread over shards so that requests of different callers do not wait for each other.

use std::{
    cell::Cell,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::caller::ClientVersion;

use super::{
    record::Record,
    shard::{Shard, Uncounted, hash},
    sighting::Sighting,
    tally::Answers,
};

/// A power of two. Two threads on different callers meet in one shard once in 64 times.
const SHARDS: usize = 64;

#[derive(Debug)]
pub(super) struct Table {
    shards: Box<[Padded; SHARDS]>,
    /// Places taken, in all shards.
    known: AtomicUsize,
    capacity: usize,
}

/// Two cache lines of its own, so that a lock taken in one shard does not slow down its neighbour.
#[derive(Debug)]
#[repr(align(128))]
struct Padded(Mutex<Shard>);

impl Table {
    pub(super) fn new(capacity: usize, kinds: usize) -> Self {
        let shard = || Padded(Mutex::new(Shard::new(kinds)));
        Self {
            shards: Box::new(std::array::from_fn(|_| shard())),
            known: AtomicUsize::new(0),
            capacity,
        }
    }

    /// Takes in one answer. `full` gets the callers for whom there was no place, once enough have come together.
    #[inline]
    pub(super) fn see(&self, now: u32, sighting: &Sighting, full: impl FnOnce(&[Uncounted])) {
        let Some(fingerprint) = sighting.caller.fingerprint() else {
            return self.see_anonymous(sighting);
        };
        let fingerprint = fingerprint.as_u128();
        let hash = hash(fingerprint);
        let mut shard = self.of_hash(hash);
        if shard.see((fingerprint, hash), now, sighting, || self.reserve()) {
            hand_over(shard, full);
        }
    }

    /// How many callers have a place.
    pub(super) fn known(&self) -> usize {
        // Relaxed: a count for people; the records are reached through their locks.
        self.known.load(Ordering::Relaxed)
    }

    /// Hands over what was counted since the last call: answers per kind, and callers without a place.
    pub(super) fn drain(&self, mut answers: impl FnMut(usize, &Answers)) -> Vec<Uncounted> {
        let mut uncounted = Vec::new();
        for mut shard in self.shards() {
            shard.take_pending(&mut answers);
            uncounted.append(&mut shard.take_uncounted());
        }
        uncounted
    }

    /// Each shard in turn, locked only while it is looked at.
    pub(super) fn shards(&self) -> impl ExactSizeIterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }

    /// The record of a caller, with the text of its version.
    pub(super) fn find(&self, fingerprint: u128) -> Option<(Record, Option<String>)> {
        let hash = hash(fingerprint);
        let shard = self.of_hash(hash);
        let record = *shard.get(fingerprint, hash)?;
        Some((record, shard.version(&record)))
    }

    /// Puts in a record read from a snapshot, even beyond the capacity: a caller known once keeps its place. `false`
    /// if the caller has one already.
    pub(super) fn restore(&self, mut record: Record, version: Option<ClientVersion>) -> bool {
        let hash = hash(record.fingerprint);
        let mut shard = self.of_hash(hash);
        record.version = shard.versions_mut().number(version.as_ref(), 0);
        let is_new = shard.restore(record, hash);
        self.known.fetch_add(usize::from(is_new), Ordering::Relaxed);
        is_new
    }

    /// Drops the records that are not to be kept.
    pub(super) fn retain(&self, mut keep: impl FnMut(&Record) -> bool) {
        for mut shard in self.shards() {
            let before = shard.records().len();
            shard.retain(&mut keep);
            let dropped = before - shard.records().len();
            self.known.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    #[inline(never)]
    fn see_anonymous(&self, sighting: &Sighting) {
        self.of_this_thread().count(sighting, true);
    }

    fn reserve(&self) -> bool {
        let one_more = |known| (known < self.capacity).then_some(known + 1);
        // Relaxed: the exchange alone keeps the count exact.
        self.known
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    fn of_hash(&self, hash: u64) -> MutexGuard<'_, Shard> {
        // The top six bits: the shard's own index uses the others.
        lock(&self.shards[(hash >> 58) as usize])
    }

    /// Anonymous callers have no hash; each thread counts them in a shard of its own, as far as there are enough.
    fn of_this_thread(&self) -> MutexGuard<'_, Shard> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static OWN: Cell<usize> = const { Cell::new(usize::MAX) });
        let own = OWN.with(|own| {
            if own.get() == usize::MAX {
                own.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
            }
            own.get()
        });
        lock(&self.shards[own])
    }
}

#[cold]
#[inline(never)]
fn hand_over(mut shard: MutexGuard<'_, Shard>, full: impl FnOnce(&[Uncounted])) {
    let uncounted = shard.take_uncounted();
    drop(shard);
    full(&uncounted);
}

#[inline]
fn lock(shard: &Padded) -> MutexGuard<'_, Shard> {
    // A panic in a shard would leave counts, at worst, one short.
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}
