//! One part of the table of callers: an open-addressing index over a dense list of records.

use super::{
    record::Record,
    sighting::{Dependence, Sighting},
    tally::{Answers, Tally},
    versions::Versions,
};

/// Callers whose hash falls into this shard, with what awaits the next heartbeat.
#[derive(Debug)]
pub(super) struct Shard {
    /// A power of two of places; each is 0 when empty, else a tag of eight bits of the hash above the place of the
    /// record plus one. The tag saves most looks at records of others.
    slots: Box<[u32]>,
    records: Vec<Record>,
    versions: Versions,
    /// Answers per kind since the last heartbeat.
    pending: Box<[Tally]>,
    /// Callers without a place, since they were last handed over.
    uncounted: Vec<Uncounted>,
}

/// A sighting of a caller for whom there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) at: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) dependence: Dependence,
}

/// So many sightings of callers without a place are held back before they are to be handed over.
const UNCOUNTED: usize = 256;

const TAG_SHIFT: u32 = 24;
const PLACE: u32 = (1 << TAG_SHIFT) - 1;
const FIRST_SLOTS: usize = 16;

impl Shard {
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            slots: vec![0; FIRST_SLOTS].into(),
            records: Vec::new(),
            versions: Versions::default(),
            pending: vec![Tally::default(); kinds].into(),
            uncounted: Vec::new(),
        }
    }

    /// Takes in one answer of the caller with this fingerprint. For a caller not known yet, `reserve` says whether
    /// there is room for one more. Returns whether so many were without a place that they are to be handed over.
    #[inline]
    pub(super) fn see(
        &mut self,
        (fingerprint, hash): (u128, u64),
        now: u32,
        sighting: &Sighting,
        reserve: impl FnOnce() -> bool,
    ) -> bool {
        let kind = self.count(sighting, false);
        match self.find(fingerprint, hash) {
            Some(place) => {
                self.update(place, now, sighting, kind);
                false
            }
            None => self.see_new((fingerprint, hash), now, sighting, kind, reserve),
        }
    }

    /// Counts the answer alone and returns the kind it was counted under.
    #[inline]
    pub(super) fn count(&mut self, sighting: &Sighting, anonymous: bool) -> u8 {
        let kind = sighting.caller.kind().index();
        // A kind of a larger set than the census was made for is `other`.
        let kind = if kind < self.pending.len() { kind } else { 0 };
        self.pending[kind].count(sighting.effective(), anonymous);
        u8::try_from(kind).unwrap_or(0)
    }

    // Apart, so that the way of a known caller stays short.
    #[cold]
    #[inline(never)]
    fn see_new(
        &mut self,
        (fingerprint, hash): (u128, u64),
        now: u32,
        sighting: &Sighting,
        kind: u8,
        reserve: impl FnOnce() -> bool,
    ) -> bool {
        if self.has_places() && reserve() {
            let place = self.insert(Record::new(fingerprint, now), hash);
            self.update(place, now, sighting, kind);
            return false;
        }
        self.uncounted.push(Uncounted {
            at: now,
            fingerprint,
            kind,
            dependence: sighting.effective(),
        });
        self.uncounted.len() >= UNCOUNTED
    }

    #[inline]
    fn update(&mut self, place: usize, now: u32, sighting: &Sighting, kind: u8) {
        let record = &mut self.records[place];
        let version = sighting.caller.version();
        record.version = self.versions.number(version.as_ref(), record.version);
        record.kind = kind;
        record.see(now, sighting);
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn get(&self, fingerprint: u128, hash: u64) -> Option<&Record> {
        Some(&self.records[self.find(fingerprint, hash)?])
    }

    /// The version that a record of this shard refers to.
    pub(super) fn version(&self, record: &Record) -> Option<String> {
        let version = self.versions.get(record.version)?;
        Some(version.as_str().to_owned())
    }

    pub(super) fn versions(&self) -> &Versions {
        &self.versions
    }

    pub(super) fn versions_mut(&mut self) -> &mut Versions {
        &mut self.versions
    }

    /// Hands over the answers counted since the last call.
    pub(super) fn take_pending(&mut self, mut each: impl FnMut(usize, &Answers)) {
        for (kind, tally) in self.pending.iter_mut().enumerate() {
            each(kind, &std::mem::take(tally).answers());
        }
    }

    /// Hands over the callers without a place since the last call.
    pub(super) fn take_uncounted(&mut self) -> Vec<Uncounted> {
        std::mem::take(&mut self.uncounted)
    }

    /// Puts in a record from elsewhere; `false` if there is one of this caller already.
    pub(super) fn restore(&mut self, record: Record, hash: u64) -> bool {
        let is_new = self.find(record.fingerprint, hash).is_none() && self.has_places();
        if is_new {
            self.insert(record, hash);
        }
        is_new
    }

    /// Drops the records that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Record) -> bool) {
        let before = self.records.len();
        self.records.retain(keep);
        if self.records.len() < before {
            self.records
                .shrink_to(self.records.len() + growth(self.records.len()));
            self.rebuild(slots_for(self.records.len()));
        }
        if self.versions.is_full() {
            self.compact_versions();
        }
    }

    fn has_places(&self) -> bool {
        self.records.len() < PLACE as usize
    }

    #[inline]
    fn find(&self, fingerprint: u128, hash: u64) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let tag = tag(hash);
        let mut at = start(hash) & mask;
        // Ends, because a quarter of the slots is always empty.
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return None;
            }
            if slot >> TAG_SHIFT == tag {
                let place = (slot & PLACE) as usize - 1;
                if self.records[place].fingerprint == fingerprint {
                    return Some(place);
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, record: Record, hash: u64) -> usize {
        if self.records.len() == self.records.capacity() {
            self.records.reserve_exact(growth(self.records.len()));
        }
        self.records.push(record);
        let needed = slots_for(self.records.len());
        if needed > self.slots.len() {
            self.rebuild(needed);
        } else {
            link(&mut self.slots, hash, self.records.len());
        }
        self.records.len() - 1
    }

    fn rebuild(&mut self, slots: usize) {
        // The old slots go first, so that both are never held at once.
        self.slots = Box::default();
        let mut fresh = vec![0; slots].into_boxed_slice();
        for (place, record) in (1..).zip(&self.records) {
            link(&mut fresh, hash(record.fingerprint), place);
        }
        self.slots = fresh;
    }

    fn compact_versions(&mut self) {
        let mut used = [false; 256];
        for record in &self.records {
            used[usize::from(record.version)] = true;
        }
        let moved = self.versions.compact(&used);
        for record in &mut self.records {
            record.version = moved[usize::from(record.version)];
        }
    }
}

/// Spreads fingerprints that are not random already, as those of a hand-written detector may not be.
#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the fingerprint go in"
)]
pub(super) fn hash(fingerprint: u128) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (fingerprint >> 64) as u64 ^ (fingerprint as u64).wrapping_mul(ODD);
    (folded ^ folded >> 32).wrapping_mul(ODD)
}

/// An eighth more at a time, and not twice as much: the unused part would cost more bytes a caller than the index.
fn growth(len: usize) -> usize {
    len / 8 + 16
}

/// The slots for so many records, at most three quarters full.
fn slots_for(records: usize) -> usize {
    (records * 4 / 3 + 1).next_power_of_two().max(FIRST_SLOTS)
}

fn link(slots: &mut [u32], hash: u64, place: usize) {
    let mask = slots.len() - 1;
    let mut at = start(hash) & mask;
    while slots[at] != 0 {
        at = (at + 1) & mask;
    }
    let place = u32::try_from(place).expect("a shard has fewer than 2^24 records");
    slots[at] = tag(hash) << TAG_SHIFT | place;
}

// The table takes the top six bits of the hash to choose the shard.
fn tag(hash: u64) -> u32 {
    (hash >> 50) as u32 & 0xff
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low bits are what is wanted"
)]
fn start(hash: u64) -> usize {
    hash as usize
}
