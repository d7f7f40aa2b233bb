//! What the state of a rollout holds, each with the event it came from.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    caller::ClientVersion,
    rollout::{
        event::{ContractChanged, Event, Served, write_version},
        names::{
            Actor, ContractDigest, Identifier, IncidentId, InstanceId, Link, Owner, Reason, Summary,
        },
        policy::PolicyDifference,
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
    /// The contract that it tested, if the report names one.
    pub contract_digest: Option<ContractDigest>,
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
    /// What other instances serve at the same time, while they differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Served>,
    /// The event since which this is served.
    pub since: EventRef,
}

/// A rollback of a cutover, until the flag is off again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The sequence number of the cutover that it took back.
    pub cutover: u64,
    /// The incident that caused it.
    pub incident: IncidentId,
    /// The event of the rollback.
    pub done: EventRef,
    /// The instance that it took effect on, where several share the journal.
    pub instance: Option<InstanceId>,
    /// Further rollbacks of the same cutover, which took effect in other processes.
    pub repeated: Vec<RepeatedRollback>,
    /// Until when it may last, where that was extended, and the event that did.
    pub extended: Option<Extension>,
    /// The transition that switched the flag off again.
    pub ended: Option<EventRef>,
    /// Its post-analysis.
    pub post_analysis: Option<PostAnalysis>,
}

/// A rollback of a cutover that was taken back already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepeatedRollback {
    /// The event of the rollback.
    #[serde(flatten)]
    pub done: EventRef,
    /// The instance that it took effect on, where several share the journal.
    pub instance: Option<InstanceId>,
}

/// A rollback that may last longer than the policy allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// Until when.
    pub until: Timestamp,
    /// The event of the extension.
    pub done: EventRef,
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

/// A cutover against failing gates, or a policy that was loosened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Override {
    /// The gates that a cutover overrode.
    pub gates: Vec<Identifier>,
    /// What a change of the policy loosened; of the opening, where the policy is looser than the default.
    pub loosened: Vec<PolicyDifference>,
    /// The event.
    pub done: EventRef,
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
        /// To end a rollback: to cut over again.
        EndRollback = "end_rollback",
        /// To file the post-analysis of a rollback.
        PostAnalysis = "post_analysis",
        /// To retire the flag, by the date that the policy sets.
        Retirement = "retirement",
    }
}

impl ServedContract {
    /// The digests of all contracts that are served.
    pub(in crate::rollout) fn digests(&self) -> impl Iterator<Item = &ContractDigest> {
        let beside = self.beside.iter().map(|served| &served.digest);
        std::iter::once(&self.digest).chain(beside)
    }

    /// Whether this is among what is served.
    pub(in crate::rollout) fn includes(&self, served: &Served) -> bool {
        let first = (&self.digest, &self.detector) == (&served.digest, &served.detector);
        first || self.beside.contains(served)
    }

    /// Whether an event changes nothing.
    pub(in crate::rollout) fn is(&self, event: &ContractChanged) -> bool {
        (&self.digest, &self.detector, &self.beside)
            == (&event.digest, &event.detector, &event.beside)
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
