//! The periodic work of a rollout.

use std::time::Duration;

use super::{
    controller_state::ControllerState,
    deps::{Deps, LogFailures},
    rollout::Rollout,
};
use crate::{
    rollout::{
        gate::evaluate,
        phase::Transition,
        policy::Policy,
        state::RolloutState,
        view::{next_gated, overdue},
    },
    worker::Tick,
};

const DAY: Duration = Duration::from_secs(86_400);

impl Tick for Rollout {
    /// Reads new events, records what could not be written before, journals a changed contract, logs what is overdue,
    /// rolls back automatically if need be, and evaluates the gates of the next transition for the status.
    fn tick(&self) {
        self.sync_journal();
        self.auto_rollback();
        self.refresh_gates();
    }

    /// Tries once more to record what could not be written before.
    fn shutdown(&self) {
        self.sync_journal();
    }
}

impl Rollout {
    fn sync_journal(&self) {
        let mut controller = self.controller();
        if self.deps.prepare(&mut controller).is_ok() {
            self.deps.journal_start(&mut controller, LogFailures::No);
            self.deps.journal_contract(&mut controller);
        }
        self.deps.warn_overdue(&mut controller);
        self.publish(&controller);
    }

    fn refresh_gates(&self) {
        let Some((step, state, policy)) = self.due_refresh() else {
            return;
        };
        let context = self.deps.context(step, &state, &policy);
        self.publish_gates(step, evaluate(&context, &self.deps.gates));
    }

    fn due_refresh(&self) -> Option<(Transition, RolloutState, Policy)> {
        let mut controller = self.controller();
        let step = next_gated(controller.state())?;
        let now = self.deps.clock.monotonic();
        let due = controller.gate_refresh.take(step, now);
        due.then(|| (step, controller.state().clone(), controller.policy.clone()))
    }
}

impl Deps {
    /// Logs what is overdue: at once, and then once a day.
    fn warn_overdue(&self, controller: &mut ControllerState) {
        let overdue = overdue(controller.state(), &controller.policy, self.now());
        let now = self.clock.monotonic();
        controller.warned.retain(|kind, _| overdue.contains(kind));
        for obligation in overdue {
            let warned = controller.warned.get(&obligation);
            if warned.is_none_or(|warned| now.saturating_sub(*warned) >= DAY) {
                controller.warned.insert(obligation, now);
                let (flag, phase) = (self.flag.name(), controller.state().phase.as_str());
                let obligation = obligation.as_str();
                tracing::warn!(flag, phase, obligation, "the rollout is overdue");
            }
        }
    }
}
