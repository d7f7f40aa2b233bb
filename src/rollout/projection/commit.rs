//! What an event that can follow does to the state.

use crate::rollout::{
    event::Event,
    fact::{
        CheckReported, ClientRolledBack, ContractChanged, DependenceWaived, Fact, PhaseChange,
        PostAnalysisFiled, ProcessStarted,
    },
    phase::Transition,
    records::{
        Check, ClientRollback, Override, PostAnalysis, ProcessStart, Rollback, ServedContract,
        Stamp, Waiver,
    },
    state::RolloutState,
};

impl RolloutState {
    pub(super) fn commit(&mut self, event: &Event) {
        let stamp = Stamp::of(event);
        match event.fact() {
            Fact::PhaseChanged(change) => self.change_phase(change, &stamp),
            Fact::CheckReported(fact) => self.report_check(fact, stamp),
            Fact::IncidentOpened(fact) => {
                self.incidents.insert(fact.incident.clone(), stamp);
            }
            Fact::IncidentClosed(fact) => {
                self.incidents.remove(&fact.incident);
            }
            Fact::ClientRolledBack(fact) => self.roll_back_client(fact, stamp),
            Fact::DependenceWaived(fact) => self.waive(fact, stamp),
            Fact::WaiverEnded(fact) => {
                self.waivers.remove(&fact.waived);
            }
            Fact::ContractChanged(fact) => self.serve(fact, stamp),
            Fact::PostAnalysisFiled(fact) => self.file(fact, stamp),
            Fact::PolicyChanged(fact) => {
                self.policy.clone_from(&fact.policy);
                self.policy_set = stamp;
            }
            Fact::ProcessStarted(fact) => self.start(fact, stamp),
            Fact::AttemptRefused(_) => self.refusals += 1,
            // The fold keeps these.
            Fact::Opened(_) | Fact::Recovered(_) => {}
        }
    }

    fn change_phase(&mut self, change: &PhaseChange, stamp: &Stamp) {
        if let Ok(step) = self.phase.step(change.to) {
            *self.transitions.entry(step).or_default() += 1;
            self.roll(step, change, stamp);
        }
        if !change.overridden.is_empty() {
            self.overrides.push(Override {
                gates: change.overridden.clone(),
                done: stamp.clone(),
            });
        }
        self.phase = change.to;
        self.entered = stamp.clone();
    }

    /// Begins or ends a rollback. One that names an incident which is not open opens it.
    fn roll(&mut self, step: Transition, change: &PhaseChange, stamp: &Stamp) {
        if let (Transition::Rollback, Some(incident)) = (step, &change.incident) {
            let opened = self.incidents.entry(incident.clone());
            opened.or_insert_with(|| stamp.clone());
            self.rollbacks.push(Rollback {
                incident: incident.clone(),
                done: stamp.clone(),
                ended: None,
                post_analysis: None,
            });
        } else if let Some(running) = self.rollbacks.last_mut().filter(|last| last.is_running()) {
            running.ended = Some(stamp.clone());
        }
    }

    fn report_check(&mut self, fact: &CheckReported, reported: Stamp) {
        let check = Check {
            green: fact.green,
            link: fact.link.clone(),
            reported,
        };
        self.checks.insert(fact.check.clone(), check);
    }

    fn roll_back_client(&mut self, fact: &ClientRolledBack, done: Stamp) {
        self.client_rollbacks.push(ClientRollback {
            kind: fact.kind.clone(),
            version: fact.version,
            incident: fact.incident.clone(),
            done,
        });
    }

    fn waive(&mut self, fact: &DependenceWaived, granted: Stamp) {
        let waiver = Waiver {
            owner: fact.owner.clone(),
            until: fact.until,
            granted,
        };
        self.waivers.insert(fact.waived.clone(), waiver);
    }

    fn serve(&mut self, fact: &ContractChanged, since: Stamp) {
        self.contract = Some(ServedContract {
            digest: fact.digest.clone(),
            since,
        });
    }

    fn file(&mut self, fact: &PostAnalysisFiled, filed: Stamp) {
        let mut rollbacks = self.rollbacks.iter_mut();
        if let Some(rollback) = rollbacks.find(|rollback| rollback.done.seq == fact.rollback) {
            rollback.post_analysis = Some(PostAnalysis {
                link: fact.link.clone(),
                summary: fact.summary.clone(),
                filed,
            });
        }
    }

    fn start(&mut self, fact: &ProcessStarted, started: Stamp) {
        self.starts += 1;
        self.last_start = Some(ProcessStart {
            mode: fact.mode,
            started,
        });
    }
}
