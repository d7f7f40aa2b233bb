//! The periodic work of a rollout.

use super::{
    parts::Loudness,
    rollout::{Rollout, next_gated},
};
use crate::{
    rollout::{gate::ask, phase::Transition, policy::Policy, state::RolloutState},
    worker::Tick,
};

impl Tick for Rollout {
    /// Takes in what others have journaled, writes down what could not be written before, notices another contract,
    /// says what is overdue, guards the cutover, and asks the gates of the next step to be shown.
    fn tick(&self) {
        self.keep_record();
        self.watch_cutover();
        self.ask_gates();
    }

    /// A last attempt to write down what could not be written before.
    fn shutdown(&self) {
        self.keep_record();
    }
}

impl Rollout {
    fn keep_record(&self) {
        let mut desk = self.desk();
        if self.parts.prepare(&mut desk).is_ok() {
            self.parts.journal_start(&mut desk, Loudness::Quiet);
            self.parts.notice_contract(&mut desk);
        }
        self.parts.give_signs(&mut desk);
        self.show(&desk);
    }

    /// Asks the gates of the next step, at most every five seconds.
    fn ask_gates(&self) {
        let Some((step, state, policy)) = self.due_question() else {
            return;
        };
        let context = self.parts.context(step, &state, &policy);
        self.show_gates(step, ask(&context, &self.parts.gates));
    }

    fn due_question(&self) -> Option<(Transition, RolloutState, Policy)> {
        let mut desk = self.desk();
        let step = next_gated(&desk)?;
        let due = desk.question.take(step, self.parts.clock.monotonic());
        due.then(|| (step, desk.state().clone(), desk.policy.clone()))
    }
}
