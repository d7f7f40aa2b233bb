//! A few callers under one lock.

use std::sync::PoisonError;

use crate::sync::{Mutex, MutexGuard};

use super::record::{Record, SHARED};

/// Two cache lines of its own, which processors fetch together, so that a lock taken in one bucket does not slow down its
/// neighbours.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Bucket(Mutex<Callers>);

/// The callers of a bucket, in the order in which they came. The first is beside the lock: most new ones allocate nothing
/// while the table has space, and most known ones are found by one fetch.
#[derive(Debug, Default)]
pub(super) struct Callers {
    first: Option<Record>,
    more: Vec<Line>,
}

/// A cache line of its own, so that threads with different callers do not slow each other down.
#[derive(Debug)]
#[repr(align(64))]
struct Line(Record);

impl Bucket {
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Callers> {
        // A panic in a bucket leaves counts at most one short.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Callers {
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> + Clone {
        let more = self.more.iter().map(|line| &line.0);
        self.first.iter().chain(more)
    }

    #[inline]
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        let more = self.more.iter_mut().map(|line| &mut line.0);
        self.first.iter_mut().chain(more)
    }

    /// The records of a caller.
    pub(super) fn own(&self, fingerprint: u128) -> impl Iterator<Item = &Record> {
        let is_own = move |record: &&Record| record.fingerprint == fingerprint;
        self.iter().filter(is_own)
    }

    /// The record of a caller that was seen as this kind.
    #[inline]
    pub(super) fn of(&mut self, fingerprint: u128, kind: u8) -> Option<&mut Record> {
        let is_own = |record: &Record| record.fingerprint == fingerprint;
        let place = if self.first.as_ref().is_some_and(is_own) {
            0
        } else {
            1 + self.more.iter().position(|line| is_own(&line.0))?
        };
        if self.at(place)?.kind == kind {
            return self.at(place);
        }
        self.of_another_kind(fingerprint, kind)
    }

    /// Its own record of this kind. Else one under `other`, which it takes over: an old client often does not say its kind,
    /// and its upgrade does. What it does as `other` counts for the first kind it was seen as.
    #[cold]
    fn of_another_kind(&mut self, fingerprint: u128, kind: u8) -> Option<&mut Record> {
        let place = |of: u8| {
            let is_own = |record: &Record| record.fingerprint == fingerprint && record.kind == of;
            self.iter().position(is_own)
        };
        let (own, other) = (place(kind), place(OTHER));
        if own.is_some() {
            return self.at(own?);
        }
        if kind == OTHER {
            return self.iter_mut().find(|of| of.fingerprint == fingerprint);
        }
        let other = self.at(other?)?;
        other.kind = kind;
        Some(other)
    }

    #[inline]
    fn at(&mut self, place: usize) -> Option<&mut Record> {
        match place.checked_sub(1) {
            None => self.first.as_mut(),
            Some(more) => self.more.get_mut(more).map(|line| &mut line.0),
        }
    }

    /// Adds a record. Those of a fingerprint that has several are marked.
    pub(super) fn add(&mut self, mut record: Record) {
        let fingerprint = record.fingerprint;
        let same = self
            .iter_mut()
            .filter(|other| other.fingerprint == fingerprint);
        for other in same {
            other.flags |= SHARED;
            record.flags |= SHARED;
        }
        self.push(record);
    }

    /// Adds a record as it is. Grows a little instead of doubling: unused capacity would cost more bytes per caller than the
    /// table itself.
    pub(super) fn push(&mut self, record: Record) {
        if self.first.is_none() {
            self.first = Some(record);
            return;
        }
        if self.more.len() == self.more.capacity() {
            self.more.reserve_exact(1 + self.more.len() / 16);
        }
        self.more.push(Line(record));
    }

    /// Drops the records that `keep` rejects, and returns how many.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Record) -> bool) -> usize {
        let before = self.len();
        let keeps_first = self.first.as_ref().is_none_or(&mut keep);
        self.more.retain(|line| keep(&line.0));
        if !keeps_first {
            let next = (!self.more.is_empty()).then(|| self.more.remove(0).0);
            self.first = next;
        }
        let dropped = before - self.len();
        if dropped > 0 {
            self.more.shrink_to_fit();
        }
        dropped
    }
}

/// The number of the kind `other`.
const OTHER: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fingerprints: impl IntoIterator<Item = u128>) -> Callers {
        let mut callers = Callers::default();
        for fingerprint in fingerprints {
            callers.add(Record::new(fingerprint, 1, 1));
        }
        callers
    }

    fn fingerprints(callers: &Callers) -> Vec<u128> {
        callers.iter().map(|record| record.fingerprint).collect()
    }

    #[test]
    #[cfg(not(legacy_http_compat_loom))]
    fn a_bucket_with_its_first_record_is_two_cache_lines() {
        assert_eq!(size_of::<Bucket>(), 128);
        assert_eq!(size_of::<Line>(), 64);
    }

    #[test]
    fn every_set_of_dropped_records_leaves_the_others_in_their_order() {
        for dropped in 0..16_u128 {
            let mut callers = of(0..4);
            let keep = |fingerprint: &u128| dropped >> fingerprint & 1 == 0;
            let count = callers.retain(|record| keep(&record.fingerprint));
            let kept: Vec<_> = (0..4).filter(keep).collect();
            assert_eq!(fingerprints(&callers), kept);
            assert_eq!((count, callers.len()), (4 - kept.len(), kept.len()));
            for fingerprint in 0..4 {
                let found = callers.of(fingerprint, 1).map(|record| record.fingerprint);
                assert_eq!(found, kept.contains(&fingerprint).then_some(fingerprint));
            }
        }
    }

    #[test]
    fn of_several_records_of_a_caller_each_is_found_and_marked() {
        for before in 0..3 {
            let mut callers = of(10..10 + before);
            let own = |callers: &Callers| -> Vec<_> {
                let own = callers.own(1);
                own.map(|record| (record.kind, record.has(SHARED)))
                    .collect()
            };
            callers.add(Record::new(1, OTHER, 1));
            assert_eq!(own(&callers), [(OTHER, false)]);
            assert!(callers.of(1, 2).is_some(), "taken over");
            assert_eq!(own(&callers), [(2, false)]);
            assert!(callers.of(1, 3).is_none());
            callers.add(Record::new(1, 3, 1));
            assert_eq!(own(&callers), [(2, true), (3, true)]);
            for (kind, expected) in [(2, 2), (3, 3), (OTHER, 2)] {
                assert_eq!(
                    callers.of(1, kind).map(|record| record.kind),
                    Some(expected)
                );
            }
        }
    }
}
