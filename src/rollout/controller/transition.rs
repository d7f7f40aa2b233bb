//! The gated transitions.

use std::sync::Arc;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    deps::{LogFailures, TRIES},
    journaling::COMMAND_PATIENCE,
    rollout::Rollout,
};
use crate::{
    metrics::RehearsedOutcome,
    rollout::{
        event::{Attempt, Event, EventPayload, Head, PhaseChange},
        evidence::GateReport,
        journal::{AppendAttempt, AppendError},
        names::Identifier,
        phase::{ImpossibleTransition, Phase, Transition},
        state::Brownout,
        status::RolloutStatus,
        view::GatesVerdict,
    },
};

/// What a transition would result in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The transition.
    pub step: Transition,
    /// The head of the journal at the time.
    pub head: Head,
    /// The last event that [bears on a decision](crate::rollout::RolloutState::decision), which the command expects.
    pub decision: u64,
    /// Why there is no such transition from the current phase.
    pub impossible: Option<ImpossibleTransition>,
    /// The rollbacks whose post-analyses must be filed first, by the sequence numbers of their events.
    pub post_analyses_due: Vec<u64>,
    /// The brownout that runs and must end first, by the sequence number of its announcement.
    pub brownout_running: Option<u64>,
    /// The gate reports; none for a rollback.
    pub gates: Vec<GateReport>,
    /// Of a rollback, how the legacy responses were [rehearsed](Rollout::rehearsed).
    pub rehearsed: Option<Vec<RehearsedOutcome>>,
}

impl Rollout {
    /// Evaluates the gates of a transition without making it.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    pub fn dry_run(&self, step: Transition) -> Result<DryRun, Refusal> {
        let commands = self.commands();
        let caught_up = self.catch_up();
        // As before a transition: a dry run is evaluated on the same contract.
        if caught_up.is_ok() && step.is_gated() {
            self.journal_contract();
        }
        drop(commands);
        let status = self.publish();
        caught_up.map_err(|error| {
            Refusal::new(status.head, Vec::new(), RefusalKind::Unreadable(error))
        })?;
        let gates = self.evaluate(&status, step);
        Ok(self.run(&status, step, gates))
    }

    /// The same by the shared [evaluation](Self::evaluation) and the last status: for pages, which ask often.
    ///
    /// Evaluates afresh for a transition that is not the next one.
    #[must_use]
    pub fn preview(&self, step: Transition) -> DryRun {
        let status = self.status();
        let evaluation = self.evaluation();
        let gates = if evaluation.next == Some(step) {
            evaluation.gates.clone()
        } else {
            self.evaluate(&status, step)
        };
        self.run(&status, step, gates)
    }

    fn run(&self, status: &RolloutStatus, step: Transition, gates: Vec<GateReport>) -> DryRun {
        let is_rollback = step == Transition::Rollback;
        DryRun {
            step,
            head: status.head,
            decision: status.state.decision,
            impossible: status.state.phase.step(step.to()).err(),
            post_analyses_due: due(status, step),
            brownout_running: running(status).filter(|_| !is_rollback),
            gates,
            rehearsed: is_rollback.then(|| self.rehearsed()).flatten(),
        }
    }

    /// Goes to the next phase: enables, cuts over or retires. Evaluates the gates and journals their reports.
    ///
    /// # Errors
    ///
    /// When there is no such transition, a gate fails, the post-analysis of a rollback is not filed, another decision was
    /// journaled than the expected one or since the gates were evaluated, or the journal cannot be written. The flag stays as it was. From cutover back to compat use
    /// [`Rollout::rollback`].
    pub fn transition(&self, to: Phase, command: &CommandContext) -> Result<Event, Refusal> {
        self.make_transition(to, &[], command)
    }

    /// Cuts over against failing gates, each of which must be named. Logged at `WARN`. No other transition can override
    /// gates.
    ///
    /// # Errors
    ///
    /// As [`Rollout::transition`]; and when the named gates are not exactly the failing ones.
    pub fn override_cutover(
        &self,
        gates: &[Identifier],
        command: &CommandContext,
    ) -> Result<Event, Refusal> {
        self.make_transition(Phase::Cutover, gates, command)
    }

    fn make_transition(
        &self,
        to: Phase,
        overridden: &[Identifier],
        command: &CommandContext,
    ) -> Result<Event, Refusal> {
        let snapshot = self.snapshot(to, command)?;
        let from = snapshot.state.phase;
        let attempt = Attempt::Transition { from, to };
        let (gates, refused) = match from.step(to) {
            Err(error) => (Vec::new(), Some(RefusalKind::Impossible(error))),
            Ok(Transition::Rollback) => (Vec::new(), Some(RefusalKind::NeedsIncident)),
            Ok(step) => {
                // Without the lock: a rollback never waits for a gate.
                let gates = self.evaluate(&snapshot, step);
                let due = due(&snapshot, step);
                let due = (!due.is_empty()).then_some(RefusalKind::PostAnalysesDue(due));
                let running = running(&snapshot).map(RefusalKind::BrownoutRunning);
                let refused = running.or(due);
                let refused = refused.or_else(|| refuse(step, &gates, overridden));
                (gates, refused)
            }
        };
        let _commands = self.commands();
        if let Some(kind) = refused {
            let refusal = self.refuse((command, attempt), COMMAND_PATIENCE, (kind, gates));
            self.publish();
            return Err(refusal);
        }
        let change = PhaseChange {
            gates: gates.clone(),
            overridden: overridden.to_vec(),
            ..PhaseChange::new(from, to)
        };
        let new_event = command.event(self.now(), EventPayload::PhaseChanged(change));
        let decided = snapshot.state.decision;
        let decided = command.clone().expecting(decided);
        let attempt = AppendAttempt::new(COMMAND_PATIENCE);
        let mut appended = Err(RefusalKind::RollbackUnrecorded);
        for _ in 0..TRIES {
            appended = self.prepare().and_then(|()| {
                let expected = self.expect_decision(&decided)?;
                self.append_after(expected, &new_event, attempt, LogFailures::Yes)
            });
            // An event that bears on no decision is no conflict.
            if !matches!(
                appended,
                Err(RefusalKind::NotJournaled(AppendError::Conflict(_)))
            ) {
                break;
            }
        }
        let status = self.publish();
        appended.map_err(|kind| Refusal::new(status.head, gates, kind))
    }

    /// The status to decide by, if the journal works and its last decision is the expected one.
    fn snapshot(&self, to: Phase, command: &CommandContext) -> Result<Arc<RolloutStatus>, Refusal> {
        let _commands = self.commands();
        let ready = self.prepare();
        let status = self.publish();
        let refused = |kind| Refusal::new(status.head, Vec::new(), kind);
        ready.map_err(refused)?;
        self.expect_decision(command).map_err(refused)?;
        let step = status.state.phase.step(to);
        // A changed contract restarts the quiet windows, so it is journaled before the gates are evaluated.
        if step.is_ok_and(Transition::is_gated) {
            self.journal_contract();
        }
        Ok(self.publish())
    }
}

/// The rollbacks whose post-analyses must be filed before a transition.
fn due(status: &RolloutStatus, step: Transition) -> Vec<u64> {
    let due = status.state.open_post_analyses();
    let due = due.filter(|_| step.requires_post_analyses());
    due.map(|rollback| rollback.done.seq).collect()
}

/// The brownout that runs.
fn running(status: &RolloutStatus) -> Option<u64> {
    status.state.running_brownout().map(Brownout::seq)
}

impl DryRun {
    /// Whether the transition is possible, all its gates pass, no post-analysis is due and no brownout runs.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.impossible.is_none()
            && self.post_analyses_due.is_empty()
            && self.brownout_running.is_none()
            && self.failing().next().is_none()
    }

    /// The verdict on the gates.
    #[must_use]
    pub fn verdict(&self) -> GatesVerdict {
        GatesVerdict::of(Some(&self.gates))
    }

    /// The reports of the gates that fail.
    pub fn failing(&self) -> impl Iterator<Item = &GateReport> {
        self.gates.iter().filter(|report| !report.passed)
    }
}

fn refuse(step: Transition, gates: &[GateReport], named: &[Identifier]) -> Option<RefusalKind> {
    let failing = gates.iter().filter(|report| !report.passed);
    let failing: Vec<Identifier> = failing.map(|report| report.name.clone()).collect();
    if named.is_empty() || !step.may_be_overridden() {
        return (!failing.is_empty()).then_some(RefusalKind::GatesFailed(failing));
    }
    let (unnamed, not_failing) = (without(&failing, named), without(named, &failing));
    let matches = unnamed.is_empty() && not_failing.is_empty();
    (!matches).then_some(RefusalKind::OverrideMismatch {
        unnamed,
        not_failing,
    })
}

/// The names that are not among the others.
fn without(names: &[Identifier], others: &[Identifier]) -> Vec<Identifier> {
    let rest = names.iter().filter(|name| !others.contains(name));
    rest.cloned().collect()
}
