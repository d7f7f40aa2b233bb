//! The steps that are taken on evidence, and the one that gives up.

use super::{
    order::CommandContext,
    parts::{Loudness, Parts},
    refusal::{Refusal, RefusalKind},
    rollout::Rollout,
};
use crate::rollout::{
    event::Event,
    evidence::GateReport,
    gate::evaluate,
    payload::{Attempt, EventPayload, PhaseChange},
    phase::{ImpossibleTransition, Phase, Transition},
    policy::Policy,
    state::RolloutState,
    texts::Identifier,
};

/// What would become of a step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The step.
    pub step: Transition,
    /// The head of the journal that this rests on.
    pub head: u64,
    /// Why there is no such step from the phase that holds.
    pub impossible: Option<ImpossibleTransition>,
    /// What the gates say; none for the ways back.
    pub gates: Vec<GateReport>,
}

/// What a step rests on.
struct Look {
    head: u64,
    state: RolloutState,
    policy: Policy,
}

impl Rollout {
    /// What the gates of a step say now, without taking it.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    pub fn dry_run(&self, step: Transition) -> Result<DryRun, Refusal> {
        let look = {
            let mut desk = self.desk();
            let caught_up = self.parts.catch_up(&mut desk);
            caught_up.map_err(|error| {
                Refusal::new(desk.head(), Vec::new(), RefusalKind::Unreadable(error))
            })?;
            Look::at(desk.head(), desk.state(), &desk.policy)
        };
        Ok(DryRun {
            step,
            head: look.head,
            impossible: look.state.phase().step(step.to()).err(),
            gates: look.ask(&self.parts, self, step),
        })
    }

    /// Goes to another phase: enables, cuts over, retires or aborts. The gates are asked and their reports journaled.
    ///
    /// # Errors
    ///
    /// When there is no such step, a gate does not let pass, something was journaled since the gates were asked or since
    /// the head that the order expects, or the journal cannot be written. The flag stays as it was. For the way back
    /// from cutover there is [`Rollout::rollback`].
    pub fn transition(&self, to: Phase, order: &CommandContext) -> Result<Event, Refusal> {
        self.step(to, &[], order)
    }

    /// Cuts over against failing gates, each of which has to be named. Logged at `WARN`. Nothing else can be
    /// overridden.
    ///
    /// # Errors
    ///
    /// As [`Rollout::transition`]; and when other gates are named than those that fail.
    pub fn override_cutover(
        &self,
        gates: &[Identifier],
        order: &CommandContext,
    ) -> Result<Event, Refusal> {
        self.step(Phase::Cutover, gates, order)
    }

    fn step(
        &self,
        to: Phase,
        overridden: &[Identifier],
        order: &CommandContext,
    ) -> Result<Event, Refusal> {
        let look = self.look(to, order)?;
        let from = look.state.phase();
        let attempt = Attempt::Transition { from, to };
        let (gates, refused) = match from.step(to) {
            Err(error) => (Vec::new(), Some(RefusalKind::Impossible(error))),
            Ok(Transition::Rollback) => (Vec::new(), Some(RefusalKind::NeedsIncident)),
            Ok(step) => {
                // Not under the lock: a rollback never waits for a gate.
                let gates = look.ask(&self.parts, self, step);
                let refused = refused(step, &gates, overridden);
                (gates, refused)
            }
        };
        let mut desk = self.desk();
        if let Some(kind) = refused {
            let refusal = self
                .parts
                .refuse(&mut desk, (order, attempt), (kind, gates));
            self.show(&desk);
            return Err(refusal);
        }
        let change = PhaseChange {
            gates: gates.clone(),
            overridden: overridden.to_vec(),
            ..PhaseChange::new(from, to)
        };
        let draft = order.draft(self.parts.now(), EventPayload::PhaseChanged(change));
        let ready = self.parts.prepare(&mut desk);
        let stepped = ready.and_then(|()| {
            if desk.head() == look.head {
                self.parts.append(&mut desk, &draft, Loudness::Loud)
            } else {
                Err(self.parts.conflict(&desk, look.head))
            }
        });
        self.show(&desk);
        stepped.map_err(|kind| Refusal::new(desk.head(), gates, kind))
    }

    /// Where the rollout stands, if nothing is in the way of a step from there and the order expects no other head.
    fn look(&self, to: Phase, order: &CommandContext) -> Result<Look, Refusal> {
        let mut desk = self.desk();
        let ready = self.parts.prepare(&mut desk);
        self.show(&desk);
        let refused = |kind| Refusal::new(desk.head(), Vec::new(), kind);
        ready.map_err(refused)?;
        if let Some(expected) = order.expected_head()
            && expected != desk.head()
        {
            return Err(refused(self.parts.conflict(&desk, expected)));
        }
        // What changes the contract restarts the quiet windows, so it has to be known before the gates are asked.
        if desk
            .state()
            .phase()
            .step(to)
            .is_ok_and(Transition::is_gated)
        {
            self.parts.notice_contract(&mut desk);
        }
        Ok(Look::at(desk.head(), desk.state(), &desk.policy))
    }
}

impl Look {
    fn at(head: u64, state: &RolloutState, policy: &Policy) -> Self {
        Self {
            head,
            state: state.clone(),
            policy: policy.clone(),
        }
    }

    fn ask(&self, parts: &Parts, rollout: &Rollout, step: Transition) -> Vec<GateReport> {
        let context = parts.context(step, &self.state, &self.policy);
        let gates = evaluate(&context, &parts.gates);
        rollout.show_gates(step, gates.clone());
        gates
    }
}

impl DryRun {
    /// Whether the step could be taken.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.impossible.is_none() && self.failing().next().is_none()
    }

    /// The gates that do not let pass.
    pub fn failing(&self) -> impl Iterator<Item = &GateReport> {
        self.gates.iter().filter(|report| !report.passed())
    }
}

fn refused(step: Transition, gates: &[GateReport], named: &[Identifier]) -> Option<RefusalKind> {
    let failing = gates.iter().filter(|report| !report.passed());
    let failing: Vec<Identifier> = failing.map(|report| report.name().clone()).collect();
    if named.is_empty() || !step.may_be_overridden() {
        return (!failing.is_empty()).then_some(RefusalKind::GatesFailed(failing));
    }
    let outside = |labels: &[Identifier], of: &[Identifier]| -> Vec<Identifier> {
        let outside = labels.iter().filter(|label| !of.contains(label));
        outside.cloned().collect()
    };
    let (unnamed, not_failing) = (outside(&failing, named), outside(named, &failing));
    let fits = unnamed.is_empty() && not_failing.is_empty();
    (!fits).then_some(RefusalKind::OverrideMismatch {
        unnamed,
        not_failing,
    })
}
