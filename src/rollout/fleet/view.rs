//! The instances as API and pages show them.

use serde::Serialize;

use super::{
    instance::{ClockOffset, Instance, InstanceReport},
    status::{FleetStatus, Propagation},
};
use crate::{
    flag::FlagState,
    rollout::{
        event::{Head, Served},
        journal::JournalSync,
        names::InstanceId,
    },
    time::Timestamp,
    words::words,
};

/// The instances that share a journal, as one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FleetView {
    /// The instance that made the view.
    pub instance: InstanceId,
    /// When it read the table of instances; `None` before it did.
    pub at: Option<Timestamp>,
    /// Why the table could not be reached the last time; then `instances` is older.
    pub error: Option<String>,
    /// How its journal relates to the store.
    pub sync: SyncWord,
    /// Since when, if it is stale and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Timestamp>,
    /// Which instances have applied the event that last changed the flag.
    pub propagation: Propagation,
    /// The same in words.
    pub text: String,
    /// All instances in the order of their names.
    pub instances: Vec<InstanceView>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstanceView {
    /// Its name.
    pub instance: InstanceId,
    /// The version of its program.
    pub version: String,
    /// When it started, by its own clock.
    pub started: Timestamp,
    /// When it last reported, by the clock of the table.
    pub seen: Timestamp,
    /// How many milliseconds ago that was when the table was read.
    pub silent_ms: u64,
    /// Whether that is within the lease.
    pub live: bool,
    /// The last event that it follows.
    pub applied: Head,
    /// The state of its flag.
    pub flag: FlagState,
    /// How its journal relates to the store; `forked` also where it follows another event than this instance has in its place.
    pub sync: SyncWord,
    /// What it serves by.
    pub served: Option<Served>,
    /// Identifies its fingerprint key, in hexadecimal digits.
    pub key_check: Option<String>,
    /// How far its clock is from that of the table, where that was measured.
    pub clock: Option<ClockOffset>,
    /// Whether it follows another event than this instance has in its place.
    #[serde(skip)]
    diverges: bool,
}

words! {
    /// How a journal relates to the store that it is shared through: see [`JournalSync`].
    #[non_exhaustive]
    pub enum SyncWord {
        /// It is what the store has.
        Current = "current",
        /// The store cannot be reached.
        Stale = "stale",
        /// The store does not have an event that is known here.
        Forked = "forked",
    }
}

impl From<JournalSync> for SyncWord {
    fn from(sync: JournalSync) -> Self {
        match sync {
            JournalSync::Current => Self::Current,
            JournalSync::Stale { .. } => Self::Stale,
            JournalSync::Forked(_) => Self::Forked,
        }
    }
}

impl FleetView {
    /// The view of an instance that reports this of itself now. `is_ours` says whether an event is the one that its own
    /// journal has in that place.
    pub(in crate::rollout) fn new(
        own: &InstanceReport,
        fleet: &FleetStatus,
        changed: Head,
        is_ours: impl Fn(Head) -> bool,
    ) -> Self {
        let mut fleet = fleet.clone();
        let mut instances = fleet.instances.iter_mut();
        if let Some(this) = instances.find(|other| other.report.instance == own.instance) {
            // The table has what it was when it last reported.
            let clock = own.clock.or(this.report.clock);
            this.report = InstanceReport {
                clock,
                ..own.clone()
            };
        }
        let (sync, propagation) = (own.sync, fleet.propagation(changed));
        let instances = fleet.instances.iter();
        let stale_since = match sync {
            JournalSync::Stale { since } => since,
            _ => None,
        };
        Self {
            instance: own.instance.clone(),
            at: fleet.at,
            error: fleet.error.clone(),
            sync: sync.into(),
            stale_since,
            text: propagation.to_string(),
            propagation,
            instances: instances
                .map(|instance| InstanceView::new(instance, &is_ours))
                .collect(),
        }
    }

    /// Whether this instance or a live one follows another journal.
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.sync == SyncWord::Forked || self.forked().next().is_some()
    }

    /// The live instances that follow another journal than this one.
    pub fn forked(&self) -> impl Iterator<Item = &InstanceView> {
        let live = self.instances.iter().filter(|instance| instance.live);
        live.filter(|instance| instance.diverges)
    }
}

impl InstanceView {
    pub(crate) fn new(instance: &Instance, is_ours: impl Fn(Head) -> bool) -> Self {
        let report = &instance.report;
        let diverges = !is_ours(report.applied);
        let sync = if diverges {
            SyncWord::Forked
        } else {
            report.sync.into()
        };
        Self {
            instance: report.instance.clone(),
            version: report.version.clone(),
            started: report.started,
            seen: instance.seen,
            silent_ms: u64::try_from(instance.silent.as_millis()).unwrap_or(u64::MAX),
            live: instance.is_live(),
            applied: report.applied,
            flag: report.flag,
            sync,
            served: report.served.clone(),
            key_check: report.key_check.map(|check| check.to_string()),
            clock: report.clock,
            diverges,
        }
    }
}
