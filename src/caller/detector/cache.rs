//! The callers that were identified last, so that a caller that returns is not classified again.
//!
//! Classifying takes a cryptographic hash and the parsing of a version, most of the work of a detection. The header values
//! are kept as a hash under a seed of this process, never as they were sent.

use std::{
    fmt,
    hash::{BuildHasher, Hasher},
    sync::{Mutex, TryLockError},
};

use foldhash::fast::{FoldHasher, RandomState};

use super::header_scan::Slot;
use crate::caller::caller::Caller;

/// A direct-mapped table of callers.
pub(super) struct CallerCache {
    seed: RandomState,
    places: Box<[Mutex<Option<CacheEntry>>]>,
}

#[derive(Clone, Copy)]
struct CacheEntry {
    key: CacheKey,
    caller: Caller,
}

/// A hash of all header values that identify a caller. Two callers share one by chance in less than one case in 10¹⁸; a
/// client that could make it happen on purpose could as well send the other's headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheKey(u64);

/// Builder for [`CacheKey`].
pub(super) struct CacheKeyBuilder<'c> {
    /// The hash of the values, each with its length.
    values: FoldHasher<'c>,
    /// Which headers they belong to.
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
    /// How many callers are cached at most: about 400 KiB, and enough for those that poll at the same time.
    const PLACES: usize = 4096;

    /// A builder for the key of a request.
    #[inline]
    pub(super) fn key_builder(&self) -> CacheKeyBuilder<'_> {
        CacheKeyBuilder {
            values: self.seed.build_hasher(),
            slots: 0,
        }
    }

    /// The caller identified by the same values, unless another has taken its place.
    #[inline]
    pub(super) fn get(&self, key: CacheKey) -> Option<Caller> {
        let place = self.place(key).try_lock().ok()?;
        let entry = place.as_ref().filter(|entry| entry.key == key)?;
        Some(entry.caller)
    }

    /// Caches a caller in place of the one that was there.
    pub(super) fn insert(&self, key: CacheKey, caller: Caller) {
        match self.place(key).try_lock() {
            Ok(mut place) => *place = Some(CacheEntry { key, caller }),
            Err(TryLockError::Poisoned(place)) => *place.into_inner() = None,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn place(&self, key: CacheKey) -> &Mutex<Option<CacheEntry>> {
        // The hash is finished by folding, so its low bits are as good as any.
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
    fn a_caller_is_found_by_the_same_values_only() {
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
