//! Refusing, and what the rollout journals by itself.

use super::{
    desk::Desk,
    order::CommandContext,
    parts::{Loudness, Parts},
    refusal::{Refusal, RefusalKind},
};
use crate::rollout::{
    actor::Actor,
    evidence::GateReport,
    payload::{Attempt, AttemptRefused, ContractChanged, EventPayload, ProcessStarted},
    texts::{ContractDigest, Reason},
};

/// An order of the rollout itself.
pub(super) fn system(reason: &str) -> CommandContext {
    let actor = Actor::system("rollout").expect("a short word is an id");
    CommandContext::new(actor, bounded(reason))
}

/// A reason of any text: cut to its length, and not shown if it has what a reason may not have.
pub(super) fn bounded(text: &str) -> Reason {
    let shown: String = text.chars().take(Reason::MAX).collect();
    Reason::new(shown).unwrap_or_else(|_| Reason::new("not shown").expect("two words are a reason"))
}

impl Parts {
    /// Refuses, and journals the attempt as far as there is budget for it. What failed because of the journal or
    /// because others were faster is not journaled: the one could not be, and the other would move the head again.
    pub(super) fn refuse(
        &self,
        desk: &mut Desk,
        (order, attempt): (&CommandContext, Attempt),
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
            let cause = bounded(&kind.to_string());
            let refused = AttemptRefused {
                attempt,
                cause,
                gates: gates.clone(),
            };
            // That it was refused holds whether or not it is journaled; what failed is logged.
            let _ = self.journal_refusal(desk, order, refused);
        }
        Refusal::new(desk.head(), gates, kind)
    }

    /// Journals a refused attempt; `false` if there have been too many.
    pub(super) fn journal_refusal(
        &self,
        desk: &mut Desk,
        order: &CommandContext,
        refused: AttemptRefused,
    ) -> Result<bool, RefusalKind> {
        let budget = &mut desk.budgets[usize::from(refused.attempt == Attempt::Access)];
        if !budget.take(self.clock.monotonic()) {
            desk.unjournaled_refusals += 1;
            return Ok(false);
        }
        let draft = order.draft(self.now(), EventPayload::AttemptRefused(refused));
        self.append(desk, &draft, Loudness::Loud).map(|_| true)
    }

    /// Journals that the process started, and the contract it serves.
    pub(super) fn start(&self, desk: &mut Desk) {
        self.journal_start(desk, Loudness::Loud);
        self.notice_contract(desk);
    }

    pub(super) fn journal_start(&self, desk: &mut Desk, loudness: Loudness) {
        if desk.started {
            return;
        }
        let flag = desk.flag();
        let order = system("the process started");
        let draft = order.draft(
            self.now(),
            EventPayload::ProcessStarted(ProcessStarted { flag }),
        );
        desk.started = self.append(desk, &draft, loudness).is_ok();
    }

    /// Journals the contract in use if it is another than before.
    pub(super) fn notice_contract(&self, desk: &mut Desk) {
        let Some(contract) = &self.contract else {
            return;
        };
        let digest = ContractDigest::of(&contract.current());
        let served = desk.state().contract();
        if served.is_some_and(|served| served.digest == digest) {
            return;
        }
        let order = system("the contract in use is another than before");
        let changed = EventPayload::ContractChanged(ContractChanged { digest });
        let draft = order.draft(self.now(), changed);
        // Tried again at the next tick.
        let _ = self.append(desk, &draft, Loudness::Quiet);
    }
}
