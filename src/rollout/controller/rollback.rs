//! The rollback of a cutover.

use super::{
    command_context::CommandContext,
    controller_state::ControllerState,
    deps::{LogFailures, TRIES},
    refusal::{Refusal, RefusalKind},
    rollout::Rollout,
};
use crate::rollout::{
    event::{Attempt, Event, EventPayload, PhaseChange},
    evidence::GateReport,
    names::IncidentId,
    phase::Phase,
};

/// A rollback that took effect: the flag is on.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller must handle a rollback that is not recorded"
)]
pub enum RolledBack {
    /// It is in the journal as this event.
    Recorded(Event),
    /// The journal did not take it. Each tick and each command tries again; if the process ends first, the record is
    /// lost and a restarted process is in cutover, as the journal says.
    Unrecorded,
}

impl RolledBack {
    /// The event, if it is in the journal.
    #[must_use]
    pub const fn event(&self) -> Option<&Event> {
        match self {
            Self::Recorded(event) => Some(event),
            Self::Unrecorded => None,
        }
    }
}

impl Rollout {
    /// Switches the flag on again because of an incident, regardless of gates and of the expected head. Opens the
    /// incident if it is not open, and requires a post-analysis from then on.
    ///
    /// If the journal fails, the flag goes on all the same, and the event is logged at `ERROR`.
    ///
    /// # Errors
    ///
    /// When the rollout is not in cutover, or a rollback that took effect is not in the journal yet: then the flag is on
    /// already. [`RefusalKind::Conflict`] when a concurrent command left the cutover.
    pub fn rollback(
        &self,
        incident: IncidentId,
        command: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let mut controller = self.controller();
        // A rollback does not depend on a readable journal.
        let _ = self.deps.prepare(&mut controller);
        let from = controller.state().phase;
        let attempt = Attempt::Transition {
            from,
            to: Phase::Compat,
        };
        let refused = if controller.unrecorded.is_some() {
            Some(RefusalKind::RollbackUnrecorded)
        } else if from == Phase::Cutover {
            None
        } else {
            let step = from.step(Phase::Compat).err();
            // From observe there is a transition to compat, but it is not a rollback.
            Some(step.map_or(RefusalKind::NotInCutover(from), RefusalKind::Impossible))
        };
        let done = match refused {
            Some(kind) => {
                Err(self
                    .deps
                    .refuse(&mut controller, (command, attempt), (kind, Vec::new())))
            }
            None => self.roll_back(&mut controller, (incident, Vec::new()), command),
        };
        self.publish(&controller);
        done
    }

    /// Rolls back from cutover.
    pub(super) fn roll_back(
        &self,
        controller: &mut ControllerState,
        (incident, gates): (IncidentId, Vec<GateReport>),
        command: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let change = PhaseChange {
            gates,
            incident: Some(incident),
            ..PhaseChange::new(Phase::Cutover, Phase::Compat)
        };
        let new_event = command.event(self.deps.now(), EventPayload::PhaseChanged(change));
        for _ in 0..TRIES {
            match self.deps.append(controller, &new_event, LogFailures::Yes) {
                Ok(event) => return Ok(RolledBack::Recorded(event)),
                Err(kind) if controller.state().phase != Phase::Cutover => {
                    return Err(Refusal::new(controller.head(), Vec::new(), kind));
                }
                Err(RefusalKind::Conflict(_)) => {}
                Err(_) => break,
            }
        }
        controller.unrecorded = Some(new_event);
        self.deps.sync_flag(controller);
        let flag = self.deps.flag.name();
        tracing::error!(
            flag,
            "a rollback took effect that is not in the journal; its record is lost if the process ends before it is written"
        );
        Ok(RolledBack::Unrecorded)
    }
}
