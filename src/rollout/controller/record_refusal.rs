//! The events that the rollout journals by itself: refused attempts, starts and changed contracts.

use super::{
    command_context::CommandContext,
    controller_state::ControllerState,
    deps::{Deps, LogFailures},
    refusal::{Refusal, RefusalKind},
};
use crate::rollout::{
    event::{Attempt, AttemptRefused, ContractChanged, EventPayload, ProcessStarted},
    evidence::GateReport,
    names::{Actor, ContractDigest, Reason},
};

/// A command of the rollout itself.
pub(super) fn system_context(reason: &str) -> CommandContext {
    let actor = Actor::system("rollout").expect("a short word is an actor id");
    CommandContext::new(actor, bounded(reason))
}

/// A reason from any text: cut to the limit, and replaced if it has forbidden characters.
fn bounded(text: &str) -> Reason {
    let text: String = text.chars().take(Reason::MAX).collect();
    Reason::new(text).unwrap_or_else(|_| Reason::new("not shown").expect("two words are a reason"))
}

impl Deps {
    /// Refuses a command, and journals the attempt within the hourly limit. Journal failures and conflicts are not
    /// journaled: the one could not be, and the other would move the head again.
    pub(super) fn refuse(
        &self,
        controller: &mut ControllerState,
        (command, attempt): (&CommandContext, Attempt),
        (kind, gates): (RefusalKind, Vec<GateReport>),
    ) -> Refusal {
        let journaled = matches!(
            kind,
            RefusalKind::Impossible(_)
                | RefusalKind::NeedsIncident
                | RefusalKind::NotInCutover(_)
                | RefusalKind::GatesFailed(_)
                | RefusalKind::OverrideMismatch { .. }
        );
        if journaled {
            let refused = AttemptRefused {
                attempt,
                cause: bounded(&kind.to_string()),
                gates: gates.clone(),
            };
            // It is refused whether or not that can be journaled; a failure is logged.
            let _ = self.record_refusal(controller, command, refused);
        }
        Refusal::new(controller.head(), gates, kind)
    }

    /// Journals a refused attempt; `false` if the hourly limit is reached.
    pub(super) fn record_refusal(
        &self,
        controller: &mut ControllerState,
        command: &CommandContext,
        refused: AttemptRefused,
    ) -> Result<bool, RefusalKind> {
        let kind = usize::from(refused.attempt == Attempt::Access);
        if !controller.refusal_limits[kind].take(self.clock.monotonic()) {
            controller.unjournaled_refusals += 1;
            return Ok(false);
        }
        let event = command.event(self.now(), EventPayload::AttemptRefused(refused));
        self.append(controller, &event, LogFailures::Yes)
            .map(|_| true)
    }

    /// Journals that the process started, once.
    pub(super) fn journal_start(
        &self,
        controller: &mut ControllerState,
        log_failures: LogFailures,
    ) {
        if controller.started {
            return;
        }
        let flag = controller.flag();
        let started = EventPayload::ProcessStarted(ProcessStarted { flag });
        let event = system_context("the process started").event(self.now(), started);
        controller.started = self.append(controller, &event, log_failures).is_ok();
    }

    /// Journals the served contract if it has changed.
    pub(super) fn journal_contract(&self, controller: &mut ControllerState) {
        let Some(contract) = &self.contract else {
            return;
        };
        let digest = ContractDigest::of(&contract.current());
        let served = controller.state().contract.as_ref();
        if served.is_some_and(|served| served.digest == digest) {
            return;
        }
        let changed = EventPayload::ContractChanged(ContractChanged { digest });
        let command = system_context("the contract in use is another than before");
        let event = command.event(self.now(), changed);
        // Tried again at the next tick.
        let _ = self.append(controller, &event, LogFailures::No);
    }
}
