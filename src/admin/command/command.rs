//! What can be ordered.

use crate::time::Timestamp;
use crate::{
    caller::ClientVersion,
    rollout::{Identifier, IncidentId, Link, Owner, Phase, Policy, Reason, Summary, WaiverTarget},
};

/// What can be ordered, and why it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wish {
    pub(crate) command: Command,
    pub(crate) reason: Reason,
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Transition {
        to: Phase,
        /// The failing gates that a cutover is to go against.
        overridden: Vec<Identifier>,
    },
    Rollback {
        incident: IncidentId,
    },
    Check {
        check: Identifier,
        green: bool,
        link: Option<Link>,
    },
    OpenIncident(IncidentId),
    CloseIncident(IncidentId),
    Waive {
        waived: WaiverTarget,
        owner: Owner,
        until: Timestamp,
    },
    EndWaiver(WaiverTarget),
    PostAnalysis {
        /// The number of the event by which the rollout was rolled back.
        rollback: u64,
        link: Link,
        summary: Summary,
    },
    ClientRollback {
        kind: Identifier,
        version: ClientVersion,
        incident: Option<IncidentId>,
    },
    Policy(Box<Policy>),
}

/// Which order a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Transition,
    Rollback,
    Check,
    OpenIncident,
    CloseIncident,
    Waive,
    EndWaiver,
    PostAnalysis,
    ClientRollback,
    Policy,
}
