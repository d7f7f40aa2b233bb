//! Client versions as small numbers, so that a record fits into one cache line.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{
        PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::caller::ClientVersion;

/// The number of an unknown version.
pub(super) const UNKNOWN: u16 = 0;

/// The versions that callers named. Bounded: once it is full a new version is unknown, until versions that no caller
/// has any more are collected.
#[derive(Debug, Default)]
pub(super) struct Versions {
    numbers: RwLock<HashMap<ClientVersion, u16>>,
    /// Changes when numbers are taken back. A number that was given before must not be put into a record then.
    epoch: AtomicU32,
    /// Held by those who turn numbers into versions, against their being taken back meanwhile.
    reading: RwLock<()>,
}

/// A number, for as long as no numbers are taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered {
    pub(super) number: u16,
    epoch: u32,
}

/// Versions by their numbers.
#[derive(Debug)]
pub(super) struct Names<'a> {
    names: Vec<Option<ClientVersion>>,
    _reading: RwLockReadGuard<'a, ()>,
}

/// A few bits by which two versions are told apart without looking them up; 0 for none.
#[inline]
pub(super) fn tag(version: Option<&ClientVersion>) -> u32 {
    let Some(version) = version else {
        return 0;
    };
    let mut fold = Fold(0);
    version.hash(&mut fold);
    u32::try_from(fold.0 >> 32).unwrap_or(0) | 1
}

impl Versions {
    /// So many are told apart.
    const MAX: u16 = 4_095;

    pub(super) fn number(&self, version: &ClientVersion) -> Numbered {
        // Acquire, with the release in `collect`: a number looked up after the epoch was read is of that epoch or later.
        let epoch = self.epoch.load(Ordering::Acquire);
        let known = self.numbers().get(version).copied();
        Numbered {
            number: known.unwrap_or_else(|| self.add(version)),
            epoch,
        }
    }

    /// Whether the number still stands for its version. To be asked with the record's bucket locked: the collection
    /// looks into each bucket after it has changed the epoch, so it sees the number there, or this sees the change.
    pub(super) fn holds(&self, numbered: Numbered) -> bool {
        self.epoch.load(Ordering::Acquire) == numbered.epoch
    }

    pub(super) fn names(&self) -> Names<'_> {
        let reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let numbers = self.numbers();
        let last = numbers.values().max().copied().unwrap_or(UNKNOWN);
        let mut names = vec![None; usize::from(last) + 1];
        for (version, number) in numbers.iter() {
            names[usize::from(*number)] = Some(*version);
        }
        Names {
            names,
            _reading: reading,
        }
    }

    /// If there is no room, takes back the numbers of which `each_used` does not tell.
    pub(super) fn collect(&self, each_used: impl FnOnce(&mut dyn FnMut(u16))) {
        let full = self.numbers().len() >= usize::from(Self::MAX);
        // Who reads may take long; then it is done the next time.
        let Some(_alone) = full.then(|| self.reading.try_write().ok()).flatten() else {
            return;
        };
        self.epoch.fetch_add(1, Ordering::Release);
        let mut used = vec![false; usize::from(Self::MAX) + 1];
        each_used(&mut |number| used[usize::from(number)] = true);
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        numbers.retain(|_, number| used[usize::from(*number)]);
    }

    fn numbers(&self) -> RwLockReadGuard<'_, HashMap<ClientVersion, u16>> {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, version: &ClientVersion) -> u16 {
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        if numbers.len() >= usize::from(Self::MAX) {
            return UNKNOWN;
        }
        if let Some(number) = numbers.get(version) {
            return *number;
        }
        let number = free(&numbers);
        numbers.insert(*version, number);
        number
    }
}

impl Names<'_> {
    pub(super) fn get(&self, number: u16) -> Option<&ClientVersion> {
        self.names.get(usize::from(number))?.as_ref()
    }
}

/// A number that no version has. Without collections it is the next one.
fn free(numbers: &HashMap<ClientVersion, u16>) -> u16 {
    let next = u16::try_from(numbers.len() + 1).unwrap_or(UNKNOWN);
    let taken: std::collections::HashSet<u16> = numbers.values().copied().collect();
    if !taken.contains(&next) {
        return next;
    }
    (1..=Versions::MAX)
        .find(|number| !taken.contains(number))
        .unwrap_or(UNKNOWN)
}

/// A few multiplications. Who finds two versions of one tag has his own record show the wrong one of his versions.
struct Fold(u64);

impl Hasher for Fold {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u8(*byte);
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
