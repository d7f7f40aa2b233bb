//! The record of one caller, and its state.

use crate::words::words;

use super::{
    event::{CallerEvent, Dependence},
    versions::UNKNOWN,
};

/// The second that means "never". The timeline starts later.
pub(super) const NEVER: u32 = 0;

words! {
    /// The state of a known caller. In each window a caller is in exactly one.
    #[non_exhaustive]
    pub enum CallerState {
        /// Never got a dependent response.
        NeverDependent = "never_dependent",
        /// Its last dependent response is in the window, and it was not seen as a target caller since.
        Dependent = "dependent",
        /// Depended before and was seen in the window, but got no dependent response in it and did not migrate.
        Inconclusive = "inconclusive",
        /// Depended before, was seen as a target caller since then and did not depend again. The same in every window: a
        /// migrated caller that goes away stays migrated.
        Migrated = "migrated",
        /// Depended before, did not migrate, and was not seen in the window.
        Inactive = "inactive",
    }
}

/// One caller, in a cache line of its own, so that threads with different callers do not slow each other down. Times are
/// seconds of the census's timeline.
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
    pub(super) last_target: u32,
    // The counts stop at their maximum.
    pub(super) responses: u32,
    pub(super) dependent: u32,
    pub(super) stranded: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// The number of the latest version, if the [versions](super::versions) have it.
    pub(super) version: u16,
    /// The tag of the latest version, whether or not it has a number.
    pub(super) version_tag: u32,
}

/// The generation last seen was target.
pub(super) const TARGET: u8 = 1;
/// Seen as a target caller after the last dependent response. A bit, not a comparison of times, because both can fall
/// into the same second.
pub(super) const MIGRATED: u8 = 2;
/// Got a dependent response after it had migrated.
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
            last_target: NEVER,
            responses: 0,
            dependent: 0,
            stranded: 0,
            kind: 0,
            flags: 0,
            version: UNKNOWN,
            version_tag: 0,
        }
    }

    /// Counts one response. Two threads may count theirs in the wrong order, so times only grow.
    #[inline]
    pub(super) fn see(&mut self, now: u32, event: &CallerEvent, kind: u8) {
        self.kind = kind;
        self.endpoints |= event.endpoint.bit();
        self.last_seen = self.last_seen.max(now);
        self.responses = self.responses.saturating_add(1);
        if event.caller.is_target() {
            self.see_target(now);
            return;
        }
        self.flags &= !TARGET;
        if event.dependence.is_dependent() {
            self.see_dependent(now, event.dependence == Dependence::Stranded);
        }
    }

    #[inline]
    fn see_target(&mut self, now: u32) {
        self.flags |= TARGET;
        self.last_target = self.last_target.max(now);
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

    /// Restores the invariants of a record from untrusted bytes: no time is later than this, and no flag is set without
    /// its cause.
    pub(super) fn clamp(&mut self, latest: u32) {
        for time in [
            &mut self.first_seen,
            &mut self.last_seen,
            &mut self.last_dependent,
            &mut self.last_stranded,
            &mut self.last_target,
        ] {
            *time = (*time).min(latest);
        }
        self.flags &= TARGET | MIGRATED | REGRESSED;
        if self.last_dependent == NEVER {
            self.flags &= TARGET;
        }
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The state in the window that starts at this second.
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

    /// For a dependent caller: whether one of its responses in the window was stranded.
    pub(super) const fn is_stranded(&self, since: u32) -> bool {
        self.last_stranded != NEVER && self.last_stranded >= since
    }

    /// Whether it depended and did not migrate since.
    pub(super) const fn still_depends(&self) -> bool {
        self.last_dependent != NEVER && !self.has(MIGRATED)
    }
}

/// All fields but the version tag, little-endian.
pub(super) type StoredRecord = [u8; 60];

impl Record {
    pub(super) fn to_bytes(self) -> StoredRecord {
        let numbers = [
            self.first_seen,
            self.last_seen,
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
        bytes[56..58].copy_from_slice(&[self.kind, self.flags]);
        bytes[58..].copy_from_slice(&self.version.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &StoredRecord) -> Option<Self> {
        let rest = &mut bytes.as_slice();
        Some(Self {
            fingerprint: u128::from_le_bytes(take(rest)?),
            endpoints: u64::from_le_bytes(take(rest)?),
            first_seen: u32::from_le_bytes(take(rest)?),
            last_seen: u32::from_le_bytes(take(rest)?),
            last_dependent: u32::from_le_bytes(take(rest)?),
            last_stranded: u32::from_le_bytes(take(rest)?),
            last_target: u32::from_le_bytes(take(rest)?),
            responses: u32::from_le_bytes(take(rest)?),
            dependent: u32::from_le_bytes(take(rest)?),
            stranded: u32::from_le_bytes(take(rest)?),
            kind: u8::from_le_bytes(take(rest)?),
            flags: u8::from_le_bytes(take(rest)?),
            version: u16::from_le_bytes(take(rest)?),
            version_tag: 0,
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        caller::{Caller, Generation, Kind},
        census::EndpointSlot,
    };

    fn see(record: &mut Record, now: u32, generation: Generation, dependence: Dependence) {
        let event = CallerEvent {
            caller: Caller::new(Kind::OTHER, generation),
            endpoint: EndpointSlot::OTHER,
            dependence,
        };
        record.see(now, &event, 0);
    }

    #[test]
    fn a_record_is_stored_and_restored_field_by_field() {
        let mut number = 0..;
        let mut next = || number.next().unwrap();
        let record = Record {
            fingerprint: u128::MAX - 5,
            endpoints: u64::MAX - 7,
            first_seen: next(),
            last_seen: next(),
            last_dependent: next(),
            last_stranded: next(),
            last_target: next(),
            responses: next(),
            dependent: next(),
            stranded: next(),
            kind: 77,
            flags: 5,
            version: 0x0102,
            version_tag: 0,
        };
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
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
    fn a_target_caller_never_depends_whatever_the_event_says() {
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Generation::Target, Dependence::Stranded);
        assert_eq!(record.state(0), CallerState::NeverDependent);
        assert_eq!((record.responses, record.dependent), (1, 0));
    }

    #[test]
    fn a_response_without_legacy_shape_neither_migrates_nor_depends() {
        let mut record = Record::new(1, 100);
        see(&mut record, 100, Generation::Legacy, Dependence::Served);
        see(&mut record, 200, Generation::Legacy, Dependence::None);
        assert_eq!(record.state(100), CallerState::Dependent);
        assert_eq!(record.state(150), CallerState::Inconclusive);
        assert_eq!(record.state(200), CallerState::Inconclusive);
        assert_eq!(record.state(201), CallerState::Inactive);
    }

    #[test]
    fn a_response_that_comes_late_does_not_set_times_back() {
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
