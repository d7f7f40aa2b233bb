//! The callers that were told last, so that one that comes again is not told anew.
//!
//! To tell a caller takes a cryptographic hash and the reading of a version, most of the work of a whole detection. What
//! it is told by is remembered as a hash under a seed of this process, never as it was sent.

use std::{
    fmt,
    hash::{BuildHasher, Hasher},
    sync::{Mutex, TryLockError},
};

use foldhash::fast::{FoldHasher, RandomState};

use super::header_scan::Slot;
use crate::caller::caller::Caller;

/// A table with one place for each of a number of hashes.
pub(super) struct Memo {
    seed: RandomState,
    places: Box<[Mutex<Option<Remembered>>]>,
}

#[derive(Clone, Copy)]
struct Remembered {
    tag: Tag,
    caller: Caller,
}

/// Stands for all header values that a caller was told by. Two callers share one by chance in less than one case of
/// 10¹⁸; whoever could make it happen on purpose could as well send the other's headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u64);

/// A tag in the making.
pub(super) struct Tagging<'m> {
    /// Of the values, each with its length.
    values: FoldHasher<'m>,
    /// Which headers they are of.
    slots: u64,
}

impl Tagging<'_> {
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
    pub(super) fn finish(mut self) -> Tag {
        self.values.write_u64(self.slots);
        Tag(self.values.finish())
    }
}

impl Memo {
    /// How many callers are remembered at the most: about 400 KiB, and enough for those that poll at the same time.
    const PLACES: usize = 4096;

    /// Begins a tag.
    #[inline]
    pub(super) fn tagging(&self) -> Tagging<'_> {
        Tagging {
            values: self.seed.build_hasher(),
            slots: 0,
        }
    }

    /// The caller that was told by the same values, if it is remembered and nobody else is at its place.
    #[inline]
    pub(super) fn recall(&self, tag: Tag) -> Option<Caller> {
        let place = self.place(tag).try_lock().ok()?;
        let remembered = place.as_ref().filter(|remembered| remembered.tag == tag)?;
        Some(remembered.caller)
    }

    /// Remembers a caller in place of the one that was there.
    pub(super) fn keep(&self, tag: Tag, caller: Caller) {
        match self.place(tag).try_lock() {
            Ok(mut place) => *place = Some(Remembered { tag, caller }),
            Err(TryLockError::Poisoned(place)) => *place.into_inner() = None,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn place(&self, tag: Tag) -> &Mutex<Option<Remembered>> {
        // The hash is finished by folding, which leaves its low bits as good as any.
        let place = usize::try_from(tag.0 % Self::PLACES as u64).unwrap_or_default();
        &self.places[place]
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            seed: RandomState::default(),
            places: (0..Self::PLACES).map(|_| Mutex::new(None)).collect(),
        }
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo")
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{caller::Generation, kind::Kind};

    fn tag(memo: &Memo, values: &[(u8, &str)]) -> Tag {
        let mut tagging = memo.tagging();
        for (slot, value) in values {
            tagging.add(Slot(*slot), value.as_bytes());
        }
        tagging.finish()
    }

    #[test]
    fn a_caller_is_recalled_by_the_same_values_only() {
        let memo = Memo::default();
        let values = [(0, "AGENT"), (2, "1.0.0")];
        let caller = Caller::new(Kind::OTHER, Generation::Target);
        assert_eq!(memo.recall(tag(&memo, &values)), None);
        memo.keep(tag(&memo, &values), caller);
        assert_eq!(memo.recall(tag(&memo, &values)), Some(caller));
        for other in [
            &[(0, "AGENT"), (1, "1.0.0")][..],
            &[(0, "AGEN"), (2, "T1.0.0")],
            &[(0, "AGENT"), (1, ""), (2, "1.0.0")],
            &[(0, "AGENT")],
        ] {
            assert_eq!(memo.recall(tag(&memo, other)), None, "{other:?}");
        }
    }
}
