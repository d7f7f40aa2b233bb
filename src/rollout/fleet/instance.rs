//! What is known of one instance.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    caller::KeyCheck,
    flag::FlagState,
    rollout::{
        event::{Head, Served},
        journal::JournalSync,
        names::InstanceId,
    },
    time::Timestamp,
};

/// What an instance reports of itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InstanceReport {
    /// Its name. No two instances that run at the same time have the same one.
    pub instance: InstanceId,
    /// When it started, by its own clock: a later start takes the place of an earlier one of the same name.
    pub started: Timestamp,
    /// The version of the program, in its own words; at most 64 characters.
    pub version: String,
    /// The last event that its flag and its decisions follow.
    pub applied: Head,
    /// The state of its flag.
    pub flag: FlagState,
    /// How its journal relates to the store.
    pub sync: JournalSync,
    /// The contract and the detector's rules that it serves by; `None` if it has no contract.
    pub served: Option<Served>,
    /// Identifies the fingerprint key of its census, without revealing it; `None` without a census or a key.
    pub key_check: Option<KeyCheck>,
    /// How far its clock is from the store's, where that was measured.
    pub clock: Option<ClockOffset>,
}

/// How far a clock is ahead of another, which is known up to half the time that asking took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is these two and nothing else"
)]
pub struct ClockOffset {
    /// Milliseconds that the instance's clock is ahead of the store's; negative if it is behind.
    pub offset_ms: i64,
    /// By how many milliseconds that may be wrong, either way.
    pub uncertainty_ms: u64,
}

/// An instance as its table has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Instance {
    /// Its last report.
    pub report: InstanceReport,
    /// When it last reported, by the clock of the table.
    pub seen: Timestamp,
    /// How long ago that was, by the same clock.
    pub silent: Duration,
}

impl InstanceReport {
    /// The report of an instance that has not read its journal yet.
    #[must_use]
    pub fn new(instance: InstanceId, started: Timestamp, flag: FlagState) -> Self {
        Self {
            instance,
            started,
            version: String::new(),
            applied: Head::NONE,
            flag,
            sync: JournalSync::Current,
            served: None,
            key_check: None,
            clock: None,
        }
    }

    /// Whether it has certainly applied an event. Of one whose journal has forked only the last event is known.
    #[must_use]
    pub fn has_applied(&self, event: Head) -> bool {
        let is_later = self.applied.seq > event.seq;
        self.applied == event || (is_later && !matches!(self.sync, JournalSync::Forked(_)))
    }
}

impl Instance {
    /// After how long without a report an instance counts as gone.
    pub const LEASE: Duration = Duration::from_secs(10);

    /// After how long without a report the table forgets an instance: one that crashed is never heard of again.
    pub const FORGOTTEN: Duration = Duration::from_secs(86_400);

    /// How often an instance reports, at least.
    pub const HEARTBEAT: Duration = Duration::from_secs(2);

    /// An instance that reported at this time of the table's clock, so long ago.
    #[must_use]
    pub const fn new(report: InstanceReport, seen: Timestamp, silent: Duration) -> Self {
        Self {
            report,
            seen,
            silent,
        }
    }

    /// Whether it reported within the [lease](Self::LEASE).
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.silent <= Self::LEASE
    }
}
