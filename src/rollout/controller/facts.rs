//! What people and services report, and what they decide beside the steps.

use super::{
    order::CommandContext,
    parts::{Loudness, TRIES},
    refusal::{Refusal, RefusalKind},
    rollout::Rollout,
};
use crate::time::Timestamp;
use crate::{
    caller::ClientVersion,
    rollout::{
        event::Event,
        payload::{
            Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged,
            DependenceWaived, EventPayload, Incident, PolicyChanged, PostAnalysisFiled,
            WaiverEnded,
        },
        policy::Policy,
        texts::{ContractDigest, Identifier, IncidentId, Link, Owner, Reason, Summary},
        waived::WaiverTarget,
    },
};

type Recorded = Result<Event, Refusal>;

/// Each of these journals one event.
///
/// # Errors
///
/// All of them: when what is said cannot follow what is journaled, when the journal stands at another head than the
/// order expects, or when it cannot be written.
impl Rollout {
    /// A prerequisite is green or not.
    ///
    /// # Errors
    ///
    /// As all of these.
    pub fn report_check(
        &self,
        check: Identifier,
        green: bool,
        link: Option<Link>,
        order: &CommandContext,
    ) -> Recorded {
        let payload = EventPayload::CheckReported(CheckReported { check, green, link });
        self.record(payload, order)
    }

    /// There is an incident.
    ///
    /// # Errors
    ///
    /// As all of these; and when it is open already.
    pub fn open_incident(&self, incident: IncidentId, order: &CommandContext) -> Recorded {
        self.record(EventPayload::IncidentOpened(Incident { incident }), order)
    }

    /// An incident is over.
    ///
    /// # Errors
    ///
    /// As all of these; and when it is not open.
    pub fn close_incident(&self, incident: IncidentId, order: &CommandContext) -> Recorded {
        self.record(EventPayload::IncidentClosed(Incident { incident }), order)
    }

    /// Clients of a kind were rolled back to an earlier version.
    ///
    /// # Errors
    ///
    /// As all of these.
    pub fn client_rolled_back(
        &self,
        kind: Identifier,
        version: ClientVersion,
        incident: Option<IncidentId>,
        order: &CommandContext,
    ) -> Recorded {
        let payload = ClientRolledBack {
            kind,
            version,
            incident,
        };
        self.record(EventPayload::ClientRolledBack(payload), order)
    }

    /// The dependence of a caller, a kind or the anonymous ones is waived until a moment, or its waiver renewed.
    ///
    /// # Errors
    ///
    /// As all of these.
    pub fn waive(
        &self,
        target: WaiverTarget,
        owner: Owner,
        until: Timestamp,
        order: &CommandContext,
    ) -> Recorded {
        let payload = DependenceWaived {
            target,
            owner,
            until,
        };
        self.record(EventPayload::DependenceWaived(payload), order)
    }

    /// A waiver ends before its time.
    ///
    /// # Errors
    ///
    /// As all of these; and when there is none.
    pub fn end_waiver(&self, target: WaiverTarget, order: &CommandContext) -> Recorded {
        self.record(EventPayload::WaiverEnded(WaiverEnded { target }), order)
    }

    /// The post-analysis of the rollback that was journaled under this number is done.
    ///
    /// # Errors
    ///
    /// As all of these; and when there is no such rollback.
    pub fn file_post_analysis(
        &self,
        rollback: u64,
        link: Link,
        summary: Summary,
        order: &CommandContext,
    ) -> Recorded {
        let payload = PostAnalysisFiled {
            rollback,
            link,
            summary,
        };
        self.record(EventPayload::PostAnalysisFiled(payload), order)
    }

    /// Another policy holds from now on.
    ///
    /// # Errors
    ///
    /// As all of these.
    pub fn change_policy(&self, policy: &Policy, order: &CommandContext) -> Recorded {
        let policy = policy.to_document();
        self.record(EventPayload::PolicyChanged(PolicyChanged { policy }), order)
    }

    /// Another contract is served from now on. A rollout that was given its contract finds that out by itself.
    ///
    /// # Errors
    ///
    /// As all of these; and when it is the one before.
    pub fn contract_changed(&self, digest: ContractDigest, order: &CommandContext) -> Recorded {
        self.record(
            EventPayload::ContractChanged(ContractChanged { digest }),
            order,
        )
    }

    /// An attempt to sign in or to use a token was refused. Returns whether it is journaled: there is room for 32 an
    /// hour.
    ///
    /// # Errors
    ///
    /// As all of these.
    pub fn access_refused(&self, cause: Reason, order: &CommandContext) -> Result<bool, Refusal> {
        let mut desk = self.desk();
        let refused = AttemptRefused {
            attempt: Attempt::Access,
            cause,
            gates: Vec::new(),
        };
        let ready = self.parts.prepare(&mut desk);
        let journaled = ready.and_then(|()| self.parts.journal_refusal(&mut desk, order, refused));
        self.show(&desk);
        journaled.map_err(|kind| Refusal::new(desk.head(), Vec::new(), kind))
    }

    fn record(&self, payload: EventPayload, order: &CommandContext) -> Recorded {
        let mut desk = self.desk();
        let draft = order.draft(self.parts.now(), payload);
        let mut recorded = Err(RefusalKind::RollbackUnrecorded);
        for _ in 0..TRIES {
            recorded = self.parts.prepare(&mut desk).and_then(|()| {
                match order.expected_head().filter(|head| *head != desk.head()) {
                    Some(expected) => Err(self.parts.conflict(&desk, expected)),
                    None => self.parts.append(&mut desk, &draft, Loudness::Loud),
                }
            });
            let conflict = matches!(recorded, Err(RefusalKind::Conflict(_)));
            if !conflict || order.expected_head().is_some() {
                break;
            }
        }
        self.show(&desk);
        recorded.map_err(|kind| Refusal::new(desk.head(), Vec::new(), kind))
    }
}
