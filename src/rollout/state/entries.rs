//! What the state of a rollout holds, each with the event it came from.

use std::time::Duration;

use serde::Serialize;

use crate::caller::ClientVersion;
use crate::time::Timestamp;
use crate::{
    flag::FlagState,
    rollout::{
        event::{Event, write_version},
        names::{Actor, ContractDigest, Identifier, IncidentId, Link, Owner, Reason, Summary},
    },
};

/// When something was done, by whom and why, and by which event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRef {
    /// The number of the event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
}

/// The last report of a prerequisite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it is green.
    pub green: bool,
    /// Where to see it.
    pub link: Option<Link>,
    /// The report.
    pub reported: EventRef,
}

/// A waived dependence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Who answers for it.
    pub owner: Owner,
    /// When it ends by itself.
    pub until: Timestamp,
    /// The last time it was granted, with the reason.
    pub granted: EventRef,
}

/// The contract that is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServedContract {
    /// Its digest.
    pub digest: ContractDigest,
    /// Since when.
    pub since: EventRef,
}

/// A time in which a cutover was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// The incident it was done for.
    pub incident: IncidentId,
    /// The rollback.
    pub done: EventRef,
    /// The step by which the flag went off again.
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
    /// When it was filed.
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
    /// The incident it was done for.
    pub incident: Option<IncidentId>,
    /// The rollback.
    pub done: EventRef,
}

/// A cutover against failing gates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// The failing gates that were named.
    pub gates: Vec<Identifier>,
    /// The cutover.
    pub done: EventRef,
}

/// The start of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessStart {
    /// The state of the flag in it.
    pub flag: FlagState,
    /// The start.
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

/// What can be required to be done by a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ObligationKind {
    /// To end a rollback: to cut over again, or to abort.
    EndRollback,
    /// To file the post-analysis of a rollback.
    PostAnalysis,
    /// To retire the flag, by the date that the policy sets.
    Retirement,
}

impl EventRef {
    /// The stamp of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            seq: event.seq(),
            at: event.at(),
            actor: event.actor().clone(),
            reason: event.reason().clone(),
        }
    }
}

impl Waiver {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

impl Rollback {
    /// How long the flag was on because of it, up to now where it still is.
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

impl ObligationKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EndRollback, Self::PostAnalysis, Self::Retirement];

    /// `end_rollback`, `post_analysis` or `retirement`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndRollback => "end_rollback",
            Self::PostAnalysis => "post_analysis",
            Self::Retirement => "retirement",
        }
    }
}
