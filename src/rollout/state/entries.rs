//! What the state of a rollout holds, each with the event it came from.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    caller::ClientVersion,
    flag::FlagState,
    rollout::{
        event::{ContractChanged, Event, write_version},
        names::{Actor, ContractDigest, Identifier, IncidentId, Link, Owner, Reason, Summary},
    },
    time::Timestamp,
    words::words,
};

/// A reference to an event: its number, time, actor and reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRef {
    /// The sequence number of the event.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
}

/// The last report of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it is green.
    pub green: bool,
    /// Where to see it.
    pub link: Option<Link>,
    /// The event of the report.
    pub reported: EventRef,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Who is responsible for it.
    pub owner: Owner,
    /// When it expires.
    pub until: Timestamp,
    /// The event that last granted it.
    pub granted: EventRef,
}

/// The contract that is served, and the detector's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServedContract {
    /// Its digest.
    pub digest: ContractDigest,
    /// By client kind the digest of the detector's rules for it.
    pub detector: BTreeMap<Identifier, Identifier>,
    /// The event since which it is served.
    pub since: EventRef,
}

/// A rollback of a cutover, until the flag is off again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The incident that caused it.
    pub incident: IncidentId,
    /// The event of the rollback.
    pub done: EventRef,
    /// The transition that switched the flag off again.
    pub ended: Option<EventRef>,
    /// Its post-analysis.
    pub post_analysis: Option<PostAnalysis>,
}

/// The post-analysis of a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostAnalysis {
    /// Where it is.
    pub link: Link,
    /// What it found.
    pub summary: Summary,
    /// The event that filed it.
    pub filed: EventRef,
}

/// A client version that was rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientRollback {
    /// The client kind.
    pub kind: Identifier,
    /// The version it was rolled back to.
    #[serde(serialize_with = "write_version")]
    pub version: ClientVersion,
    /// The incident that caused it.
    pub incident: Option<IncidentId>,
    /// The event of the rollback.
    pub done: EventRef,
}

/// A cutover against failing gates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// The overridden gates.
    pub gates: Vec<Identifier>,
    /// The event of the cutover.
    pub done: EventRef,
}

/// The start of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessStart {
    /// The state of the flag in it.
    pub flag: FlagState,
    /// The event of the start.
    pub started: EventRef,
}

/// What a rollback requires to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation<'a> {
    /// What is to be done.
    pub kind: ObligationKind,
    /// The rollback.
    pub rollback: &'a Rollback,
    /// Until when.
    pub due: Timestamp,
    /// Whether that is past.
    pub overdue: bool,
}

words! {
    /// What can be required to be done by a time.
    #[non_exhaustive]
    pub enum ObligationKind {
        /// To end a rollback: to cut over again, or to abort.
        EndRollback = "end_rollback",
        /// To file the post-analysis of a rollback.
        PostAnalysis = "post_analysis",
        /// To retire the flag, by the date that the policy sets.
        Retirement = "retirement",
    }
}

impl ServedContract {
    /// Whether an event changes nothing.
    pub(in crate::rollout) fn is(&self, event: &ContractChanged) -> bool {
        (&self.digest, &self.detector) == (&event.digest, &event.detector)
    }
}

impl EventRef {
    /// A reference to an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            seq: event.seq,
            at: event.at,
            actor: event.actor.clone(),
            reason: event.reason.clone(),
        }
    }
}

impl Waiver {
    /// Whether it is in force at a moment.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

impl Rollback {
    /// How long the flag was on because of it, so far.
    #[must_use]
    pub fn duration(&self, now: Timestamp) -> Duration {
        let end = self.ended.as_ref().map_or(now, |ended| ended.at);
        end.since(self.done.at)
    }

    /// Whether the flag is still on because of it.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.ended.is_none()
    }
}
