//! What is kept of one caller, and which state follows from it.

use serde::Serialize;

use super::{
    sighting::{CallerEvent, Dependence},
    versions::UNKNOWN,
};

/// The second that means "never". The census's time starts later.
pub(super) const NEVER: u32 = 0;

/// What a report says of one caller that it knows; each caller is in exactly one state of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallerState {
    /// Never got a dependent answer.
    NeverDependent,
    /// Its last dependent answer lies in the window, and it was not seen status-driven since.
    Dependent,
    /// Depended once and was seen in the window, but got no dependent answer in it and did not migrate.
    Inconclusive,
    /// Depended once, was seen status-driven since then and not dependent again. Holds for every window: a migrated
    /// caller that goes away stays migrated.
    Migrated,
    /// Depended once, did not migrate, and was not seen at all in the window.
    Inactive,
}

/// One caller, in one cache line, which it shares with no other: threads that see different callers do not slow each
/// other down. Times are seconds of the census's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct Record {
    pub(super) fingerprint: u128,
    /// One bit per endpoint slot.
    pub(super) endpoints: u64,
    pub(super) first_seen: u32,
    pub(super) last_seen: u32,
    pub(super) last_dependent: u32,
    pub(super) last_stranded: u32,
    pub(super) last_status_driven: u32,
    // The counts stop at their maximum.
    pub(super) responses: u32,
    pub(super) dependent: u32,
    pub(super) stranded: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// Of the version last named, if it found a place among the [versions](super::versions).
    pub(super) version: u16,
    /// Of the version last named, whether or not it found a place.
    pub(super) version_tag: u32,
}

/// The generation last seen was status-driven.
pub(super) const STATUS_DRIVEN: u8 = 1;
/// Seen status-driven after the last dependent answer. A bit and not a comparison of times, because both can fall into
/// the same second.
pub(super) const MIGRATED: u8 = 2;
/// Got a dependent answer after it had migrated.
pub(super) const REGRESSED: u8 = 4;

impl Record {
    /// A caller not seen yet.
    pub(super) const fn new(fingerprint: u128, now: u32) -> Self {
        Self {
            fingerprint,
            endpoints: 0,
            first_seen: now,
            last_seen: now,
            last_dependent: NEVER,
            last_stranded: NEVER,
            last_status_driven: NEVER,
            responses: 0,
            dependent: 0,
            stranded: 0,
            kind: 0,
            flags: 0,
            version: UNKNOWN,
            version_tag: 0,
        }
    }

    /// Takes in one answer. Two threads may bring theirs in the wrong order, so times only grow.
    #[inline]
    pub(super) fn see(&mut self, now: u32, sighting: &CallerEvent, kind: u8) {
        self.kind = kind;
        self.endpoints |= sighting.endpoint.bit();
        self.last_seen = self.last_seen.max(now);
        self.responses = self.responses.saturating_add(1);
        if sighting.caller.is_target() {
            self.see_status_driven(now);
            return;
        }
        self.flags &= !STATUS_DRIVEN;
        if sighting.dependence.is_dependent() {
            self.see_dependent(now, sighting.dependence == Dependence::Stranded);
        }
    }

    #[inline]
    fn see_status_driven(&mut self, now: u32) {
        self.flags |= STATUS_DRIVEN;
        self.last_status_driven = self.last_status_driven.max(now);
        if self.last_dependent != NEVER {
            self.flags |= MIGRATED;
        }
    }

    #[inline]
    fn see_dependent(&mut self, now: u32, stranded: bool) {
        if self.has(MIGRATED) {
            self.flags = self.flags & !MIGRATED | REGRESSED;
        }
        self.last_dependent = self.last_dependent.max(now);
        self.dependent = self.dependent.saturating_add(1);
        if stranded {
            self.last_stranded = self.last_stranded.max(now);
            self.stranded = self.stranded.saturating_add(1);
        }
    }

    /// Makes a record read from outside hold to what others rely on: no time is later than this, and no flag stands
    /// without its cause.
    pub(super) fn clamp(&mut self, latest: u32) {
        for time in [
            &mut self.first_seen,
            &mut self.last_seen,
            &mut self.last_dependent,
            &mut self.last_stranded,
            &mut self.last_status_driven,
        ] {
            *time = (*time).min(latest);
        }
        self.flags &= STATUS_DRIVEN | MIGRATED | REGRESSED;
        if self.last_dependent == NEVER {
            self.flags &= STATUS_DRIVEN;
        }
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The state in the window that starts with this second.
    pub(super) const fn state(&self, since: u32) -> CallerState {
        if self.last_dependent == NEVER {
            CallerState::NeverDependent
        } else if self.has(MIGRATED) {
            CallerState::Migrated
        } else if self.last_dependent >= since {
            CallerState::Dependent
        } else if self.last_seen >= since {
            CallerState::Inconclusive
        } else {
            CallerState::Inactive
        }
    }

    /// Of a dependent caller: whether one of its answers in the window was stranded.
    pub(super) const fn is_stranded(&self, since: u32) -> bool {
        self.last_stranded != NEVER && self.last_stranded >= since
    }

    /// Whether it depended, and nothing says that it does not any more.
    pub(super) const fn still_depends(&self) -> bool {
        self.last_dependent != NEVER && !self.has(MIGRATED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        caller::{Caller, Generation, Kind},
        census::EndpointSlot,
    };

    fn see(record: &mut Record, now: u32, generation: Generation, dependence: Dependence) {
        let sighting = CallerEvent {
            caller: Caller::new(Kind::OTHER, generation),
            endpoint: EndpointSlot::OTHER,
            dependence,
        };
        record.see(now, &sighting, 0);
    }

    #[test]
    fn a_record_is_one_cache_line() {
        assert_eq!(size_of::<Record>(), 64);
    }

    #[test]
    fn the_order_within_one_second_decides_between_migrated_and_regressed() {
        use Generation::{Legacy, Target};
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Target, Dependence::None);
        assert_eq!(record.state(100), CallerState::NeverDependent);
        see(&mut record, 100, Legacy, Dependence::Served);
        assert_eq!(record.state(100), CallerState::Dependent);
        assert!(!record.has(REGRESSED), "it had not depended before");
        see(&mut record, 100, Target, Dependence::None);
        assert_eq!(record.state(100), CallerState::Migrated);
        see(&mut record, 100, Legacy, Dependence::Stranded);
        assert_eq!(record.state(100), CallerState::Dependent);
        assert!(record.has(REGRESSED) && record.is_stranded(100));
    }

    #[test]
    fn a_status_driven_caller_never_depends_whatever_is_said() {
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Generation::Target, Dependence::Stranded);
        assert_eq!(record.state(0), CallerState::NeverDependent);
        assert_eq!((record.responses, record.dependent), (1, 0));
    }

    #[test]
    fn an_response_without_legacy_shape_neither_migrates_nor_depends() {
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Generation::Legacy, Dependence::Served);
        see(&mut record, 200, Generation::Legacy, Dependence::None);
        assert_eq!(record.state(100), CallerState::Dependent);
        assert_eq!(record.state(150), CallerState::Inconclusive);
        assert_eq!(record.state(200), CallerState::Inconclusive);
        assert_eq!(record.state(201), CallerState::Inactive);
    }

    #[test]
    fn an_response_that_comes_late_does_not_set_times_back() {
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Generation::Legacy, Dependence::Stranded);
        see(&mut record, 90, Generation::Legacy, Dependence::Stranded);
        assert_eq!(
            (
                record.last_seen,
                record.last_dependent,
                record.last_stranded
            ),
            (100, 100, 100)
        );
    }
}
