//! Commands that journal one event: reports, waivers, post-analyses, policies.

use std::collections::BTreeSet;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::ControllerState,
    deps::{LogFailures, TRIES},
    journaling::COMMAND_PATIENCE,
    rollout::Rollout,
};
use crate::{
    caller::ClientVersion,
    rollout::{
        event::{
            Attempt, AttemptRefused, CheckReported, ClientRolledBack, DependenceWaived, Event,
            EventPayload, Incident, InstanceWrittenOff, PolicyChanged, PostAnalysisFiled,
            RollbackExtended, WaiverEnded,
        },
        journal::{AppendAttempt, AppendError},
        names::{
            ContractDigest, Identifier, IncidentId, InstanceId, Link, Owner, Reason, Summary,
            WaiverTarget,
        },
        policy::Policy,
    },
    time::Timestamp,
};

type Recorded = Result<Event, Refusal>;

/// # Commands that journal one event
///
/// Each is refused when the event is not valid after those in the journal, when another decision was journaled than the
/// expected one, or when it cannot be written.
impl Rollout {
    /// Reports a check as green or not, and optionally which contract it tested.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn report_check(
        &self,
        check: Identifier,
        green: bool,
        link: Option<Link>,
        contract_digest: Option<ContractDigest>,
        command: &CommandContext,
    ) -> Recorded {
        let report = CheckReported {
            check,
            green,
            link,
            contract_digest,
        };
        self.record(EventPayload::CheckReported(report), command)
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

    /// Writes off an instance that is lost: what it had not handed over to the census of all instances is not waited for, and
    /// its silence is no gap from now on. If it was only cut off, it goes on as a new one. Journaled before it takes effect.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when the store of the census cannot be reached: then order it once more.
    pub fn write_off_instance(&self, instance: &InstanceId, command: &CommandContext) -> Recorded {
        let written_off = InstanceWrittenOff {
            instance: instance.clone(),
        };
        let event = self.record(EventPayload::InstanceWrittenOff(written_off), command)?;
        let view = self.deps.view.as_ref();
        match view
            .map(|view| view.write_off(instance.as_str()))
            .transpose()
        {
            Ok(_) => Ok(event),
            Err(error) => Err(Refusal::new(
                event.head(),
                Vec::new(),
                RefusalKind::CensusUnreachable(error.to_string()),
            )),
        }
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

    /// Lets the rollback that lasts go on until a time, because compat is to last: then it is not overdue before.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when no rollback lasts.
    pub fn extend_rollback(&self, until: Timestamp, command: &CommandContext) -> Recorded {
        self.record_with(command, |controller| {
            let last = controller.state().rollbacks.last();
            let rollback = last.map_or(0, |rollback| rollback.done.seq);
            Ok(EventPayload::RollbackExtended(RollbackExtended {
                rollback,
                until,
            }))
        })
    }

    /// Changes the policy to one that is not looser.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when the policy is not valid, pinned by the program, or
    /// [looser](RefusalKind::PolicyLoosened).
    pub fn change_policy(&self, policy: &Policy, command: &CommandContext) -> Recorded {
        self.loosen_policy(policy, &[], command)
    }

    /// Changes the policy to a looser one. Like an override, this names each [loosened
    /// member](crate::rollout::policy::PolicyDifference::member) and no other, and is listed with the overrides.
    ///
    /// # Errors
    ///
    /// As [`Rollout::change_policy`]; and when the named members are not exactly the loosened ones.
    pub fn loosen_policy(
        &self,
        policy: &Policy,
        members: &[String],
        command: &CommandContext,
    ) -> Recorded {
        self.record_with(command, |controller| {
            if self.deps.pins_policy {
                return Err(RefusalKind::PolicyPinned);
            }
            policy.validate().map_err(RefusalKind::InvalidPolicy)?;
            let differences = controller.policy.differences(policy);
            let looser: Vec<_> = differences.iter().filter(|found| found.loosens).collect();
            let all_named = looser.iter().all(|found| members.contains(&found.member));
            if !all_named || looser.len() != members.len() {
                let looser = looser.into_iter().cloned().collect();
                return Err(RefusalKind::PolicyLoosened(looser));
            }
            let policy = policy.to_document();
            Ok(EventPayload::PolicyChanged(PolicyChanged {
                policy,
                differences,
            }))
        })
    }

    /// Reports that another contract is served. A rollout that was built with its contract does so by itself.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when it is the current one.
    pub fn contract_changed(&self, digest: ContractDigest, command: &CommandContext) -> Recorded {
        let served = self.deps.served(digest);
        let changed = served.clone().change();
        let served = BTreeSet::from([served]);
        let recorded = self.record(EventPayload::ContractChanged(changed), command);
        if recorded.is_ok() {
            self.notify_census(&served);
            self.controller().compared = None;
        }
        recorded
    }

    /// Reports that a login or the use of a token was refused. Returns whether it is journaled: at most 32 an hour are.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event.
    pub fn access_refused(&self, cause: Reason, command: &CommandContext) -> Result<bool, Refusal> {
        let _commands = self.commands();
        let refused = AttemptRefused {
            attempt: Attempt::Access,
            cause,
            gates: Vec::new(),
        };
        let journaled = self
            .prepare()
            .and_then(|()| self.record_refusal(command, COMMAND_PATIENCE, refused));
        let status = self.publish();
        journaled.map_err(|kind| Refusal::new(status.head, Vec::new(), kind))
    }

    fn record(&self, payload: EventPayload, command: &CommandContext) -> Recorded {
        self.record_with(command, move |_| Ok(payload.clone()))
    }

    /// Journals one event that is made from the latest state.
    fn record_with(
        &self,
        command: &CommandContext,
        payload: impl Fn(&ControllerState) -> Result<EventPayload, RefusalKind>,
    ) -> Recorded {
        let _commands = self.commands();
        let attempt = AppendAttempt::new(COMMAND_PATIENCE);
        let mut recorded = Err(RefusalKind::RollbackUnrecorded);
        for _ in 0..TRIES {
            recorded = self.prepare().and_then(|()| {
                let expected = self.expect_decision(command)?;
                let payload = payload(&self.controller())?;
                let event = command.event(self.now(), payload);
                self.append_after(expected, &event, attempt, LogFailures::Yes)
            });
            // Another process has written meanwhile; whether that bears on the decision is seen on the next try.
            if !matches!(
                recorded,
                Err(RefusalKind::NotJournaled(AppendError::Conflict(_)))
            ) {
                break;
            }
        }
        let status = self.publish();
        recorded.map_err(|kind| Refusal::new(status.head, Vec::new(), kind))
    }
}
