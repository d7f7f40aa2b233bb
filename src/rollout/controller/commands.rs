//! Commands that journal one event: reports, waivers, post-analyses, policies.

use super::{
    command::CommandContext,
    command::{Refusal, RefusalKind},
    deps::{LogFailures, TRIES},
    rollout::Rollout,
};
use crate::{
    caller::ClientVersion,
    rollout::{
        event::{
            Attempt, AttemptRefused, CheckReported, ClientRolledBack, DependenceWaived, Event,
            EventPayload, Incident, PolicyChanged, PostAnalysisFiled, WaiverEnded,
        },
        names::{
            ContractDigest, Identifier, IncidentId, Link, Owner, Reason, Summary, WaiverTarget,
        },
        policy::Policy,
    },
    time::Timestamp,
};

type Recorded = Result<Event, Refusal>;

/// # Commands that journal one event
///
/// Each is refused when the event is not valid after those in the journal, when the journal has another head than
/// expected, or when it cannot be written.
impl Rollout {
    /// Reports a check as green or not.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn report_check(
        &self,
        check: Identifier,
        green: bool,
        link: Option<Link>,
        command: &CommandContext,
    ) -> Recorded {
        let payload = EventPayload::CheckReported(CheckReported { check, green, link });
        self.record(payload, command)
    }

    /// Opens an incident.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when it is open already.
    pub fn open_incident(&self, incident: IncidentId, command: &CommandContext) -> Recorded {
        self.record(EventPayload::IncidentOpened(Incident { incident }), command)
    }

    /// Closes an incident.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when it is not open.
    pub fn close_incident(&self, incident: IncidentId, command: &CommandContext) -> Recorded {
        self.record(EventPayload::IncidentClosed(Incident { incident }), command)
    }

    /// Reports that clients of a kind were rolled back to an earlier version.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn client_rolled_back(
        &self,
        kind: Identifier,
        version: ClientVersion,
        incident: Option<IncidentId>,
        command: &CommandContext,
    ) -> Recorded {
        let payload = ClientRolledBack {
            kind,
            version,
            incident,
        };
        self.record(EventPayload::ClientRolledBack(payload), command)
    }

    /// Grants or renews a waiver for a caller, a kind or anonymous callers.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn waive(
        &self,
        target: WaiverTarget,
        owner: Owner,
        until: Timestamp,
        command: &CommandContext,
    ) -> Recorded {
        let payload = DependenceWaived {
            target,
            owner,
            until,
        };
        self.record(EventPayload::DependenceWaived(payload), command)
    }

    /// Ends a waiver early.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when there is none.
    pub fn end_waiver(&self, target: WaiverTarget, command: &CommandContext) -> Recorded {
        self.record(EventPayload::WaiverEnded(WaiverEnded { target }), command)
    }

    /// Files the post-analysis of the rollback with this sequence number.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when there is no such rollback.
    pub fn file_post_analysis(
        &self,
        rollback: u64,
        link: Link,
        summary: Summary,
        command: &CommandContext,
    ) -> Recorded {
        let payload = PostAnalysisFiled {
            rollback,
            link,
            summary,
        };
        self.record(EventPayload::PostAnalysisFiled(payload), command)
    }

    /// Changes the policy.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when the policy is not valid.
    pub fn change_policy(&self, policy: &Policy, command: &CommandContext) -> Recorded {
        policy.validate().map_err(|error| {
            let kind = RefusalKind::InvalidPolicy(error);
            Refusal::new(self.controller().head(), Vec::new(), kind)
        })?;
        let policy = policy.to_document();
        self.record(
            EventPayload::PolicyChanged(PolicyChanged { policy }),
            command,
        )
    }

    /// Reports that another contract is served. A rollout that was built with its contract does so by itself.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when it is the current one.
    pub fn contract_changed(&self, digest: ContractDigest, command: &CommandContext) -> Recorded {
        let changed = self.deps.served(digest);
        let digest = changed.digest.clone();
        let recorded = self.record(EventPayload::ContractChanged(changed), command);
        if recorded.is_ok() {
            self.deps.notify_census(&digest);
        }
        recorded
    }

    /// Reports that a login or the use of a token was refused. Returns whether it is journaled: at most 32 an hour are.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn access_refused(&self, cause: Reason, command: &CommandContext) -> Result<bool, Refusal> {
        let mut controller = self.controller();
        let refused = AttemptRefused {
            attempt: Attempt::Access,
            cause,
            gates: Vec::new(),
        };
        let ready = self.deps.prepare(&mut controller);
        let journaled =
            ready.and_then(|()| self.deps.record_refusal(&mut controller, command, refused));
        self.publish(&controller);
        journaled.map_err(|kind| Refusal::new(controller.head(), Vec::new(), kind))
    }

    fn record(&self, payload: EventPayload, command: &CommandContext) -> Recorded {
        let mut controller = self.controller();
        let new_event = command.event(self.deps.now(), payload);
        let mut recorded = Err(RefusalKind::RollbackUnrecorded);
        for _ in 0..TRIES {
            recorded = self.deps.prepare(&mut controller).and_then(|()| {
                match command
                    .expected_head
                    .filter(|head| *head != controller.head())
                {
                    Some(expected) => Err(self.deps.conflict(&controller, expected)),
                    None => self
                        .deps
                        .append(&mut controller, &new_event, LogFailures::Yes),
                }
            });
            let conflict = matches!(recorded, Err(RefusalKind::Conflict(_)));
            if !conflict || command.expected_head.is_some() {
                break;
            }
        }
        self.publish(&controller);
        recorded.map_err(|kind| Refusal::new(controller.head(), Vec::new(), kind))
    }
}
