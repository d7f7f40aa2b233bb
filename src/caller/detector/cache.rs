//! The callers that were told last, so that one that comes again is not told anew.
//!
//! To tell a caller takes a cryptographic hash and the reading of a version, most of the work of a whole detection. What
//! it is told by is entry as a hash under a seed of this process, never as it was sent.

use std::{
    fmt,
    hash::{BuildHasher, Hasher},
    sync::{Mutex, TryLockError},
};

use foldhash::fast::{FoldHasher, RandomState};

use super::header_scan::Slot;
use crate::caller::caller::Caller;

/// A table with one place for each of a number of hashes.
pub(super) struct CallerCache {
    seed: RandomState,
    places: Box<[Mutex<Option<CacheEntry>>]>,
}

#[derive(Clone, Copy)]
struct CacheEntry {
    key: CacheKey,
    caller: Caller,
}

/// Stands for all header values that a caller was told by. Two callers share one by chance in less than one case of
/// 10¹⁸; whoever could make it happen on purpose could as well send the other's headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheKey(u64);

/// A key in the making.
pub(super) struct CacheKeyBuilder<'m> {
    /// Of the values, each with its length.
    values: FoldHasher<'m>,
    /// Which headers they are of.
    slots: u64,
}

impl CacheKeyBuilder<'_> {
    /// Adds the value of the header at this slot.
    #[inline]
    pub(super) fn add(&mut self, slot: Slot, value: &[u8]) {
        self.slots = self
            .slots
            .wrapping_mul(31)
            .wrapping_add(u64::from(slot.0) + 1);
        self.values.write(value);
    }

    #[inline]
    pub(super) fn finish(mut self) -> CacheKey {
        self.values.write_u64(self.slots);
        CacheKey(self.values.finish())
    }
}

impl CallerCache {
    /// How many callers are entry at the most: about 400 KiB, and enough for those that poll at the same time.
    const PLACES: usize = 4096;

    /// Begins a key.
    #[inline]
    pub(super) fn key_builder(&self) -> CacheKeyBuilder<'_> {
        CacheKeyBuilder {
            values: self.seed.build_hasher(),
            slots: 0,
        }
    }

    /// The caller that was told by the same values, if it is entry and nobody else is at its place.
    #[inline]
    pub(super) fn get(&self, key: CacheKey) -> Option<Caller> {
        let place = self.place(key).try_lock().ok()?;
        let entry = place.as_ref().filter(|entry| entry.key == key)?;
        Some(entry.caller)
    }

    /// Remembers a caller in place of the one that was there.
    pub(super) fn insert(&self, key: CacheKey, caller: Caller) {
        match self.place(key).try_lock() {
            Ok(mut place) => *place = Some(CacheEntry { key, caller }),
            Err(TryLockError::Poisoned(place)) => *place.into_inner() = None,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn place(&self, key: CacheKey) -> &Mutex<Option<CacheEntry>> {
        // The hash is finished by folding, which leaves its low bits as good as any.
        let place = usize::try_from(key.0 % Self::PLACES as u64).unwrap_or_default();
        &self.places[place]
    }
}

impl Default for CallerCache {
    fn default() -> Self {
        Self {
            seed: RandomState::default(),
            places: (0..Self::PLACES).map(|_| Mutex::new(None)).collect(),
        }
    }
}

impl fmt::Debug for CallerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerCache")
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{caller::Generation, kind::Kind};

    fn key(cache: &CallerCache, values: &[(u8, &str)]) -> CacheKey {
        let mut key_builder = cache.key_builder();
        for (slot, value) in values {
            key_builder.add(Slot(*slot), value.as_bytes());
        }
        key_builder.finish()
    }

    #[test]
    fn a_caller_is_recalled_by_the_same_values_only() {
        let cache = CallerCache::default();
        let values = [(0, "AGENT"), (2, "1.0.0")];
        let caller = Caller::new(Kind::OTHER, Generation::Target);
        assert_eq!(cache.get(key(&cache, &values)), None);
        cache.insert(key(&cache, &values), caller);
        assert_eq!(cache.get(key(&cache, &values)), Some(caller));
        for other in [
            &[(0, "AGENT"), (1, "1.0.0")][..],
            &[(0, "AGEN"), (2, "T1.0.0")],
            &[(0, "AGENT"), (1, ""), (2, "1.0.0")],
            &[(0, "AGENT")],
        ] {
            assert_eq!(cache.get(key(&cache, other)), None, "{other:?}");
        }
    }
}
