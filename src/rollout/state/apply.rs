//! What a valid event does to the state.

use super::{
    entries::{
        Check, ClientRollback, EventRef, Override, PostAnalysis, ProcessStart, Rollback,
        ServedContract, Waiver,
    },
    state::RolloutState,
};
use crate::rollout::{
    event::{
        CheckReported, ClientRolledBack, ContractChanged, DependenceWaived, Event, EventPayload,
        PhaseChange, PostAnalysisFiled, ProcessStarted,
    },
    phase::Transition,
};

impl RolloutState {
    pub(super) fn apply(&mut self, event: &Event) {
        let reference = EventRef::of(event);
        match &event.payload {
            EventPayload::PhaseChanged(change) => self.change_phase(&change, &reference),
            EventPayload::CheckReported(payload) => self.report_check(&payload, reference),
            EventPayload::IncidentOpened(payload) => {
                self.open_incidents
                    .insert(payload.incident.clone(), reference);
            }
            EventPayload::IncidentClosed(payload) => {
                self.open_incidents.remove(&payload.incident);
            }
            EventPayload::ClientRolledBack(payload) => self.roll_back_client(&payload, reference),
            EventPayload::DependenceWaived(payload) => self.waive(&payload, reference),
            EventPayload::WaiverEnded(payload) => {
                self.waivers.remove(&payload.target);
            }
            EventPayload::ContractChanged(payload) => self.serve(&payload, reference),
            EventPayload::PostAnalysisFiled(payload) => self.file(&payload, reference),
            EventPayload::PolicyChanged(payload) => {
                self.policy.clone_from(&payload.policy);
                self.policy_set = reference;
            }
            EventPayload::ProcessStarted(payload) => self.start(&payload, reference),
            EventPayload::AttemptRefused(_) => self.refusals += 1,
            // The projection holds these.
            EventPayload::Opened(_) | EventPayload::Recovered(_) | EventPayload::Unknown(_) => {}
        }
    }

    fn change_phase(&mut self, change: &PhaseChange, reference: &EventRef) {
        if let Ok(step) = self.phase.step(change.to) {
            *self.transitions.entry(step).or_default() += 1;
            self.roll(step, change, reference);
        }
        if !change.overridden.is_empty() {
            self.overrides.push(Override {
                gates: change.overridden.clone(),
                done: reference.clone(),
            });
        }
        self.phase = change.to;
        self.entered = reference.clone();
    }

    /// Begins or ends a rollback. One that names an incident which is not open opens it.
    fn roll(&mut self, step: Transition, change: &PhaseChange, reference: &EventRef) {
        if let (Transition::Rollback, Some(incident)) = (step, &change.incident) {
            let opened = self.open_incidents.entry(incident.clone());
            opened.or_insert_with(|| reference.clone());
            self.rollbacks.push(Rollback {
                incident: incident.clone(),
                done: reference.clone(),
                ended: None,
                post_analysis: None,
            });
        } else if let Some(running) = self.rollbacks.last_mut().filter(|last| last.is_running()) {
            running.ended = Some(reference.clone());
        }
    }

    fn report_check(&mut self, payload: &CheckReported, reported: EventRef) {
        let check = Check {
            green: payload.green,
            link: payload.link.clone(),
            reported,
        };
        self.checks.insert(payload.check.clone(), check);
    }

    fn roll_back_client(&mut self, payload: &ClientRolledBack, done: EventRef) {
        self.client_rollbacks.push(ClientRollback {
            kind: payload.kind.clone(),
            version: payload.version,
            incident: payload.incident.clone(),
            done,
        });
    }

    fn waive(&mut self, payload: &DependenceWaived, granted: EventRef) {
        let waiver = Waiver {
            owner: payload.owner.clone(),
            until: payload.until,
            granted,
        };
        self.waivers.insert(payload.target.clone(), waiver);
    }

    fn serve(&mut self, payload: &ContractChanged, since: EventRef) {
        self.contract = Some(ServedContract {
            digest: payload.digest.clone(),
            since,
        });
    }

    fn file(&mut self, payload: &PostAnalysisFiled, filed: EventRef) {
        let mut rollbacks = self.rollbacks.iter_mut();
        if let Some(rollback) = rollbacks.find(|rollback| rollback.done.seq == payload.rollback) {
            rollback.post_analysis = Some(PostAnalysis {
                link: payload.link.clone(),
                summary: payload.summary.clone(),
                filed,
            });
        }
    }

    fn start(&mut self, payload: &ProcessStarted, started: EventRef) {
        self.process_starts += 1;
        self.last_start = Some(ProcessStart {
            flag: payload.flag,
            started,
        });
    }
}
