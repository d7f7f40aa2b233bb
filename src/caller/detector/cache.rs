//! The callers that were identified last, so that a caller that returns is not classified again.
//!
//! Classifying takes a cryptographic hash and the parsing of a version, most of the work of a detection. The header values
//! are kept as a hash under a seed of this process, never as they were sent.

use std::{
    fmt,
    hash::{BuildHasher, Hasher},
    num::NonZeroU64,
    sync::{Mutex, TryLockError},
};

use foldhash::fast::RandomState;

use super::header_scan::FoundHeaders;
use crate::caller::caller::Caller;

/// A direct-mapped table of callers.
pub(super) struct CallerCache {
    seed: RandomState,
    places: Box<[Mutex<CacheEntry>]>,
}

#[derive(Clone, Copy)]
struct CacheEntry {
    /// `None` as long as there is none.
    key: Option<CacheKey>,
    caller: Caller,
}

/// A hash of all header values that identify a caller. Two callers share one by chance in less than one case in 10¹⁸; a
/// client that could make it happen on purpose could as well send the other's headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheKey(NonZeroU64);

impl CacheEntry {
    const NONE: Self = Self {
        key: None,
        caller: Caller::ANONYMOUS_LEGACY,
    };
}

impl CallerCache {
    /// How many callers are cached at most: about 400 KiB, and enough for those that poll at the same time.
    const PLACES: usize = 4096;

    /// The key of these headers: the hash of the values, each with its length, and of which headers they belong to.
    #[inline]
    pub(super) fn key(&self, found: &FoundHeaders<'_>) -> CacheKey {
        let mut hasher = self.seed.build_hasher();
        let mut present = 0_u32;
        for value in found.values() {
            present = present << 1 | u32::from(value.is_some());
            if let Some(value) = value {
                hasher.write(value.as_bytes());
            }
        }
        hasher.write_u32(present);
        CacheKey(NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN))
    }

    /// The caller identified by the same values, unless another has taken its place.
    #[inline]
    pub(super) fn get(&self, key: CacheKey) -> Option<Caller> {
        let entry = self.place(key).try_lock().ok()?;
        (entry.key == Some(key)).then_some(entry.caller)
    }

    /// Caches a caller in place of the one that was there.
    pub(super) fn insert(&self, key: CacheKey, caller: Caller) {
        match self.place(key).try_lock() {
            Ok(mut entry) => {
                *entry = CacheEntry {
                    key: Some(key),
                    caller,
                };
            }
            Err(TryLockError::Poisoned(entry)) => *entry.into_inner() = CacheEntry::NONE,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn place(&self, key: CacheKey) -> &Mutex<CacheEntry> {
        // The hash is finished by folding, so its low bits are as good as any.
        let place = usize::try_from(key.0.get() % Self::PLACES as u64).unwrap_or_default();
        &self.places[place]
    }
}

impl Default for CallerCache {
    fn default() -> Self {
        Self {
            seed: RandomState::default(),
            places: (0..Self::PLACES)
                .map(|_| Mutex::new(CacheEntry::NONE))
                .collect(),
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
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::caller::also_wanted::AlsoWanted;
    use crate::caller::detector::header_scan::WantedHeaders;
    use crate::caller::{caller::Generation, kind::Kind};
    use crate::diagnostics::Diagnostics;

    fn key(cache: &CallerCache, values: &[(&'static str, &'static str)]) -> CacheKey {
        let mut wanted = WantedHeaders::default();
        let mut diagnostics = Diagnostics::default();
        for name in ["x-kind", "x-name", "x-version"] {
            wanted.parse(name, "", &mut diagnostics);
        }
        let values = values.iter();
        let headers = values.map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let headers: HeaderMap = headers.collect();
        let scan = wanted.compile(&mut diagnostics);
        let mut found = scan.none();
        scan.find(&headers, &mut found, &mut AlsoWanted::new(None));
        cache.key(&found)
    }

    #[test]
    fn a_caller_is_found_by_the_same_values_only() {
        let cache = CallerCache::default();
        let values = [("x-kind", "AGENT"), ("x-version", "1.0.0")];
        let caller = Caller::new(Kind::OTHER, Generation::Target);
        assert_eq!(cache.get(key(&cache, &values)), None);
        cache.insert(key(&cache, &values), caller);
        let reordered = [
            ("x-version", "1.0.0"),
            ("host", "core"),
            ("x-kind", "AGENT"),
        ];
        for same in [&values[..], &reordered] {
            assert_eq!(cache.get(key(&cache, same)), Some(caller));
        }
        for other in [
            &[("x-kind", "AGENT"), ("x-name", "1.0.0")][..],
            &[("x-kind", "1.0.0"), ("x-version", "AGENT")],
            &[("x-kind", "AGEN"), ("x-version", "T1.0.0")],
            &[("x-kind", "AGENT"), ("x-name", ""), ("x-version", "1.0.0")],
            &[("x-kind", "AGENT")],
        ] {
            assert_eq!(cache.get(key(&cache, other)), None, "{other:?}");
        }
    }
}
