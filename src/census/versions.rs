//! Client versions as small numbers, so that a record fits into one cache line.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use foldhash::fast::RandomState;

use crate::{
    caller::ClientVersion,
    sync::{
        RwLock, RwLockReadGuard,
        atomic::{AtomicU32, Ordering},
    },
};

/// The number of an unknown version.
pub(super) const UNKNOWN: u16 = 0;

/// The versions of callers. Bounded: once full, new versions are unknown until unused ones are collected.
#[derive(Debug, Default)]
pub(super) struct Versions {
    numbers: RwLock<Numbers>,
    /// Changes when numbers are freed. A number from an earlier epoch must not be stored in a record.
    epoch: AtomicU32,
    /// Held while numbers are turned into versions, so that none is freed meanwhile.
    reading: RwLock<()>,
}

type Numbers = HashMap<ClientVersion, u16, RandomState>;

/// A number, valid until numbers are freed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered {
    pub(super) number: u16,
    epoch: u32,
}

/// Versions by their numbers.
#[derive(Debug)]
pub(super) struct VersionNames<'a> {
    names: Vec<Option<ClientVersion>>,
    _reading: RwLockReadGuard<'a, ()>,
}

/// A few bits that distinguish two versions without a look-up; 0 for none. An upgrade to one of the same tag, one in
/// 65,535, is shown under the version before.
#[inline]
pub(super) fn tag(version: Option<&ClientVersion>) -> u16 {
    version.map_or(0, |version| version.tag().get())
}

impl Versions {
    /// The most versions with a number.
    const MAX: u16 = if cfg!(legacy_http_compat_loom) {
        2
    } else {
        4_095
    };

    pub(super) fn number(&self, version: &ClientVersion) -> Numbered {
        // Acquire, with the release in `collect`: a number looked up after the epoch was read is of that epoch or later.
        let epoch = self.epoch.load(Ordering::Acquire);
        let known = self.numbers().get(version).copied();
        Numbered {
            number: known.unwrap_or_else(|| self.add(version)),
            epoch,
        }
    }

    /// The number of a version that has one, without waiting. Call with the record's bucket locked, until it is stored there: a
    /// collection that begins meanwhile visits that bucket later.
    #[inline]
    pub(super) fn number_at_once(&self, version: Option<&ClientVersion>) -> Option<u16> {
        let Some(version) = version else {
            return Some(UNKNOWN);
        };
        // Loom lets a thread that only tries wait for the lock, which would be a deadlock.
        if cfg!(legacy_http_compat_loom) {
            return None;
        }
        self.numbers.try_read().ok()?.get(version).copied()
    }

    /// The number and tag of a version in a snapshot.
    pub(super) fn restore(&self, version: Option<&ClientVersion>) -> (u16, u16) {
        let number = version.map_or(UNKNOWN, |version| self.number(version).number);
        (number, tag(version))
    }

    /// Whether the number is still valid. Call with the record's bucket locked: the collection visits each bucket after
    /// it has changed the epoch, so either it sees the number there, or this sees the change.
    pub(super) fn holds(&self, numbered: Numbered) -> bool {
        self.epoch.load(Ordering::Acquire) == numbered.epoch
    }

    pub(super) fn names(&self) -> VersionNames<'_> {
        let reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        VersionNames {
            names: self.by_number(),
            _reading: reading,
        }
    }

    /// If full, frees the numbers that `each_used` does not report.
    pub(super) fn collect(&self, each_used: impl FnOnce(&mut dyn FnMut(u16))) {
        let full = self.numbers().len() >= usize::from(Self::MAX);
        // A reader may take long; then the next call collects.
        let Some(_alone) = full.then(|| self.reading.try_write().ok()).flatten() else {
            return;
        };
        // Locked before the first bucket is visited: else a number could be looked up and stored in one that was visited, and
        // then be freed.
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::Release);
        let mut used = vec![false; usize::from(Self::MAX) + 1];
        each_used(&mut |number| used[usize::from(number)] = true);
        numbers.retain(|_, number| used[usize::from(*number)]);
    }

    fn by_number(&self) -> Vec<Option<ClientVersion>> {
        let numbers = self.numbers();
        let last = numbers.values().max().copied().unwrap_or(UNKNOWN);
        let mut names = vec![None; usize::from(last) + 1];
        for (version, number) in numbers.iter() {
            names[usize::from(*number)] = Some(*version);
        }
        names
    }

    fn numbers(&self) -> RwLockReadGuard<'_, Numbers> {
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

impl VersionNames<'_> {
    /// Adds the versions that came meanwhile.
    pub(super) fn renew(&mut self, versions: &Versions) {
        self.names = versions.by_number();
    }

    pub(super) fn get(&self, number: u16) -> Option<&ClientVersion> {
        self.names.get(usize::from(number))?.as_ref()
    }

    /// The versions by number; empty for a number that is not in use.
    pub(super) fn texts(&self) -> Vec<&str> {
        let texts = self.names.iter().map(Option::as_ref);
        let texts = texts.map(|version| version.map_or("", ClientVersion::as_str));
        texts.collect()
    }
}

/// A free number. Without collections it is the next one.
fn free(numbers: &Numbers) -> u16 {
    let next = u16::try_from(numbers.len() + 1).unwrap_or(UNKNOWN);
    let taken: HashSet<u16> = numbers.values().copied().collect();
    if !taken.contains(&next) {
        return next;
    }
    (1..=Versions::MAX)
        .find(|number| !taken.contains(number))
        .unwrap_or(UNKNOWN)
}
