//! The record of one caller, and its state.

use crate::{time::timeline::TICKS, words::words};

use super::{
    event::{Dependence, Sighting},
    versions::UNKNOWN,
};

/// The tick that means "never". The timeline starts later.
pub(super) const NEVER: u32 = 0;

/// The tick of a first time that is yet to come.
pub(crate) const NOT_YET: u32 = u32::MAX;

words! {
    /// The state of a known caller. In each window a caller is in exactly one.
    #[non_exhaustive]
    pub enum CallerState {
        /// Never got a dependent response, and is not latent.
        NeverDependent = "never_dependent",
        /// Its last dependent response is in the window, and it has not migrated since.
        Dependent = "dependent",
        /// A legacy caller that was seen in the window on an endpoint with legacy shapes that can concern it, and never got
        /// a response with one. Also a caller that was last seen as a target caller by a detector that is not in force.
        Latent = "latent",
        /// Depended before and was seen in the window, but got no dependent response in it and did not migrate.
        Inconclusive = "inconclusive",
        /// Depended before, was seen as a target caller since then and not as a legacy caller again. The same in every
        /// window: a migrated caller that goes away stays migrated. A caller that was seen as a legacy caller after it had
        /// been a target caller migrates only when it was not seen as a legacy caller in the window.
        Migrated = "migrated",
        /// Depended before or was latent, did not migrate, and was not seen as a legacy caller in the window.
        Inactive = "inactive",
    }
}

/// One caller of one kind, in the size of a cache line. Times are ticks of the census's timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fingerprint: u128,
    /// One bit per endpoint slot.
    pub(super) endpoints: u64,
    pub(super) first_seen: u32,
    pub(super) last_legacy: u32,
    pub(super) last_dependent: u32,
    pub(super) last_stranded: u32,
    pub(super) last_target: u32,
    // The counts stop at their maximum.
    pub(super) responses: u32,
    pub(super) dependent: u32,
    pub(super) stranded: u32,
    /// The longest pause between two sightings as a legacy caller, or as any while it was none, in minutes, rounded up.
    pub(super) pause: u16,
    /// The number of the latest version, if the [versions](super::versions) have it.
    pub(super) version: u16,
    /// The tag of the latest version, whether or not it has a number.
    pub(super) version_tag: u16,
    pub(super) kind: u8,
    pub(super) flags: u8,
}

/// The generation last seen was target.
pub(super) const TARGET: u8 = 1;
/// Seen as a legacy caller after it had been a target caller. A bit, not a comparison of times, because both can fall into
/// the same tick.
pub(super) const MIXED: u8 = 2;
/// Got a dependent response after it had been a target caller.
pub(super) const REGRESSED: u8 = 4;
/// Seen as a legacy caller on an endpoint with legacy shapes that can concern it.
pub(super) const LATENT: u8 = 8;
/// Once placed as a legacy caller by its version or by a rule.
pub(super) const IDENTIFIED: u8 = 16;
/// The fingerprint has a record of another kind.
pub(super) const SHARED: u8 = 32;

/// Its state may have changed since it was last handed over to the census of a fleet. In no snapshot.
pub(super) const CHANGED: u8 = 64;

const ALL_FLAGS: u8 = TARGET | MIXED | REGRESSED | LATENT | IDENTIFIED | SHARED;

/// Ticks in a minute.
pub(super) const MINUTE: u32 = 60 * TICKS;

/// A legacy caller that is seen after so many minutes may have been inactive.
const AWAY: u16 = 60;

/// The longest pause that is kept: a caller counts as gone after twice its pause, at most 90 days.
const LONGEST_PAUSE: u16 = 45 * 24 * 60;

/// What the state of a record is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    /// The first tick of the window.
    pub(super) since: u32,
    /// Since when the rules of each kind are in force.
    pub(super) in_force: &'a [u32],
}

impl Record {
    /// A caller not seen yet.
    pub(super) const fn new(fingerprint: u128, kind: u8, now: u32) -> Self {
        Self {
            fingerprint,
            endpoints: 0,
            first_seen: now,
            last_legacy: NEVER,
            last_dependent: NEVER,
            last_stranded: NEVER,
            last_target: NEVER,
            responses: 0,
            dependent: 0,
            stranded: 0,
            pause: 0,
            version: UNKNOWN,
            version_tag: 0,
            kind,
            flags: 0,
        }
    }

    /// Counts one response. Two threads may count theirs in the wrong order, so times only grow. `in_force` is since when
    /// the rules of its kind are.
    #[inline]
    pub(super) fn see(&mut self, now: u32, event: Sighting<'_>, in_force: impl FnOnce() -> u32) {
        self.endpoints |= event.endpoint.bit();
        self.responses = self.responses.saturating_add(1);
        let flags = if event.caller.is_target() {
            self.last_target = self.last_target.max(now);
            self.flags | TARGET
        } else {
            self.see_legacy(now, event, in_force)
        };
        if flags != self.flags {
            self.change(flags, now);
        }
    }

    /// Its state may have changed. Once it was handed over, it is first seen anew as a target caller.
    #[cold]
    fn change(&mut self, flags: u8, now: u32) {
        self.flags = flags | CHANGED;
        if self.has(TARGET) && self.first_seen == NOT_YET {
            self.first_seen = now;
        }
    }

    /// Counts a response to a legacy caller, and returns its flags.
    #[inline]
    fn see_legacy(&mut self, now: u32, event: Sighting<'_>, in_force: impl FnOnce() -> u32) -> u8 {
        let mut flags = self.flags & !TARGET;
        if self.last_target != NEVER && self.is_target_since(in_force()) {
            flags |= MIXED;
        }
        self.last_legacy = self.last_legacy.max(now);
        if event.dependence == Dependence::None {
            return flags;
        }
        if event.caller.is_identified() {
            flags |= IDENTIFIED;
        }
        if event.dependence == Dependence::Latent {
            return flags | LATENT;
        }
        if flags & MIXED != 0 {
            flags |= REGRESSED;
        }
        if !self.depended() {
            flags |= CHANGED;
        }
        self.see_dependent(now, event.dependence == Dependence::Stranded);
        flags
    }

    #[inline]
    fn see_dependent(&mut self, now: u32, stranded: bool) {
        self.last_dependent = self.last_dependent.max(now);
        self.dependent = self.dependent.saturating_add(1);
        if stranded {
            self.last_stranded = self.last_stranded.max(now);
            self.stranded = self.stranded.saturating_add(1);
        }
    }

    /// Whether it was not seen for so long that the pause may be its longest, or that it may have been inactive: one test for
    /// what is rare.
    #[inline]
    pub(super) fn was_silent(&self, now: u32, is_target: bool) -> bool {
        let last = if is_target {
            self.last_seen()
        } else {
            self.last_legacy
        };
        let longest = u32::from(self.pause.min(AWAY));
        now.saturating_sub(last) > longest * MINUTE
    }

    /// A legacy caller that was away may have been inactive.
    pub(super) fn note_absence(&mut self, now: u32, is_target: bool) {
        if !is_target && now.saturating_sub(self.last_legacy) > u32::from(AWAY) * MINUTE {
            self.flags |= CHANGED;
        }
    }

    /// When the pause began that ends with a sighting now, if it is longer than any before. One identity can be of several
    /// installations: sightings of an upgraded one do not end the pause of one that was not.
    pub(super) fn longest_pause(&self, now: u32, is_target: bool) -> Option<u32> {
        let began = if is_target || self.last_legacy == NEVER {
            self.last_seen()
        } else {
            self.last_legacy
        };
        (now.saturating_sub(began) > self.pause_ticks()).then_some(began)
    }

    /// Keeps a pause of this many ticks if it is the longest.
    pub(super) fn keep_pause(&mut self, ticks: u32) {
        let minutes = u16::try_from(ticks.div_ceil(MINUTE)).unwrap_or(LONGEST_PAUSE);
        self.pause = self.pause.max(minutes.min(LONGEST_PAUSE));
    }

    /// Restores the invariants of a record from untrusted bytes: no time is later than this, and no flag is set without
    /// its cause.
    pub(super) fn clamp(&mut self, latest: u32) {
        for time in [
            &mut self.first_seen,
            &mut self.last_legacy,
            &mut self.last_dependent,
            &mut self.last_stranded,
            &mut self.last_target,
        ] {
            *time = (*time).min(latest);
        }
        self.pause = self.pause.min(LONGEST_PAUSE);
        self.first_seen = self.first_seen.min(self.last_seen());
        self.flags &= ALL_FLAGS;
        if self.last_target == NEVER || self.last_legacy == NEVER {
            self.flags &= !(MIXED | REGRESSED);
        }
    }

    /// Takes in another record of the same fingerprint and kind. What it saw in between is not known, so it counts as mixed
    /// where it was seen in both generations. In doubt it was seen as a legacy caller last.
    pub(super) fn merge(&mut self, other: &Self) {
        self.flags = (self.flags | other.flags) & !TARGET;
        self.endpoints |= other.endpoints;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_legacy = self.last_legacy.max(other.last_legacy);
        self.last_dependent = self.last_dependent.max(other.last_dependent);
        self.last_stranded = self.last_stranded.max(other.last_stranded);
        self.last_target = self.last_target.max(other.last_target);
        self.responses = self.responses.saturating_add(other.responses);
        self.dependent = self.dependent.saturating_add(other.dependent);
        self.stranded = self.stranded.saturating_add(other.stranded);
        self.pause = self.pause.max(other.pause);
        if self.last_target > self.last_legacy {
            self.flags |= TARGET;
        }
        if self.last_target != NEVER && self.last_legacy != NEVER {
            self.flags |= MIXED;
        }
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// When it was last seen, as whichever generation.
    #[inline]
    pub(super) fn last_seen(&self) -> u32 {
        self.last_legacy.max(self.last_target)
    }

    /// Whether it is not gone before it was silent for two of its pauses: it was not seen as a legacy caller in the window,
    /// and nothing but that resolves it.
    pub(super) fn is_resolved_by_silence(&self, judge: Judge<'_>) -> bool {
        match self.state(judge) {
            CallerState::Inactive => true,
            CallerState::Migrated | CallerState::NeverDependent => {
                self.has(MIXED) && (self.depended() || self.has(LATENT))
            }
            _ => false,
        }
    }

    pub(super) const fn depended(&self) -> bool {
        self.last_dependent != NEVER
    }

    /// Whether it was seen as a target caller by rules that are in force since this tick.
    #[inline]
    const fn is_target_since(&self, in_force: u32) -> bool {
        self.last_target != NEVER && self.last_target >= in_force
    }

    /// The state in a window.
    #[inline]
    pub(super) fn state(&self, judge: Judge<'_>) -> CallerState {
        let is_target = self.is_target_since(judge.in_force(self.kind));
        let may_depend = self.has(LATENT) || self.last_target != NEVER && !is_target;
        if !self.depended() && !may_depend {
            return CallerState::NeverDependent;
        }
        let unmixed = !self.has(MIXED) || self.last_legacy < judge.since;
        if is_target && self.has(TARGET) && unmixed {
            return self.migrated_state();
        }
        if self.depended() && self.last_dependent >= judge.since {
            CallerState::Dependent
        } else if self.last_possible(judge) < judge.since {
            CallerState::Inactive
        } else if self.depended() {
            CallerState::Inconclusive
        } else {
            CallerState::Latent
        }
    }

    const fn migrated_state(&self) -> CallerState {
        if self.depended() {
            CallerState::Migrated
        } else {
            CallerState::NeverDependent
        }
    }

    /// When it was last seen as a legacy caller, or as a target one by rules that are not in force.
    #[inline]
    pub(super) fn last_possible(&self, judge: Judge<'_>) -> u32 {
        if self.is_target_since(judge.in_force(self.kind)) {
            self.last_legacy
        } else {
            self.last_seen()
        }
    }

    /// Whether more than a default showed that it may depend.
    pub(super) fn is_identified(&self, judge: Judge<'_>) -> bool {
        let rules_changed =
            self.last_target != NEVER && !self.is_target_since(judge.in_force(self.kind));
        self.has(IDENTIFIED) || rules_changed
    }

    /// The longest pause in ticks.
    pub(super) fn pause_ticks(&self) -> u32 {
        u32::from(self.pause) * MINUTE
    }

    /// For a dependent caller: whether one of its responses in the window was stranded.
    pub(super) const fn is_stranded(&self, since: u32) -> bool {
        self.last_stranded != NEVER && self.last_stranded >= since
    }

    /// Its place in the order in which records make way in a full table; `None` for one that stays. Target callers that
    /// never depended go before migrated ones, and among these the one that was seen longest ago.
    pub(super) fn dispensable(&self, in_force: u32) -> Option<u64> {
        let resolved = self.is_target_since(in_force) && self.has(TARGET) && !self.has(MIXED);
        let migrated = u64::from(self.depended()) << 32;
        resolved.then_some(migrated | u64::from(self.last_target))
    }
}

impl Judge<'_> {
    #[inline]
    fn in_force(&self, kind: u8) -> u32 {
        self.in_force[usize::from(kind)]
    }
}

/// All fields but the version tag, little-endian.
pub(super) type StoredRecord = [u8; 62];

impl Record {
    pub(super) fn to_bytes(self) -> StoredRecord {
        let numbers = [
            self.first_seen,
            self.last_legacy,
            self.last_dependent,
            self.last_stranded,
            self.last_target,
            self.responses,
            self.dependent,
            self.stranded,
        ];
        let mut bytes = [0; size_of::<StoredRecord>()];
        bytes[..16].copy_from_slice(&self.fingerprint.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.endpoints.to_le_bytes());
        bytes[24..56].copy_from_slice(numbers.map(u32::to_le_bytes).as_flattened());
        bytes[56..60].copy_from_slice(
            [self.pause, self.version]
                .map(u16::to_le_bytes)
                .as_flattened(),
        );
        bytes[60..].copy_from_slice(&[self.kind, self.flags & ALL_FLAGS]);
        bytes
    }

    pub(super) fn from_bytes(bytes: &StoredRecord) -> Option<Self> {
        let rest = &mut bytes.as_slice();
        Some(Self {
            fingerprint: u128::from_le_bytes(take(rest)?),
            endpoints: u64::from_le_bytes(take(rest)?),
            first_seen: u32::from_le_bytes(take(rest)?),
            last_legacy: u32::from_le_bytes(take(rest)?),
            last_dependent: u32::from_le_bytes(take(rest)?),
            last_stranded: u32::from_le_bytes(take(rest)?),
            last_target: u32::from_le_bytes(take(rest)?),
            responses: u32::from_le_bytes(take(rest)?),
            dependent: u32::from_le_bytes(take(rest)?),
            stranded: u32::from_le_bytes(take(rest)?),
            pause: u16::from_le_bytes(take(rest)?),
            version: u16::from_le_bytes(take(rest)?),
            version_tag: 0,
            kind: u8::from_le_bytes(take(rest)?),
            flags: u8::from_le_bytes(take(rest)?),
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
