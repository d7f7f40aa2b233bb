//! The way back from cutover.

use super::{
    desk::Desk,
    order::CommandContext,
    parts::{Loudness, TRIES},
    refusal::{Refusal, RefusalKind},
    rollout::Rollout,
};
use crate::rollout::{
    event::Event,
    evidence::GateReport,
    payload::{Attempt, EventPayload, PhaseChange},
    phase::Phase,
    texts::IncidentId,
};

/// A rollback that took effect: the flag is on.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever rolls back must know whether it is on record"
)]
pub enum RolledBack {
    /// It stands in the journal as this event.
    Recorded(Event),
    /// The journal did not take it. It is tried again with each tick and before each command, and is lost if the
    /// process dies first: then the restarted process stands where the journal says, in cutover.
    Unrecorded,
}

impl RolledBack {
    /// The event, where it stands in the journal.
    #[must_use]
    pub const fn event(&self) -> Option<&Event> {
        match self {
            Self::Recorded(event) => Some(event),
            Self::Unrecorded => None,
        }
    }
}

impl Rollout {
    /// Switches the flag on again because of an incident, whatever the gates say and whatever head the order expects.
    /// An incident that is not open is opened by it. From then on a post-analysis is owed.
    ///
    /// If the journal fails, the flag goes on all the same, and the event is logged at `ERROR`.
    ///
    /// # Errors
    ///
    /// When the rollout is not in cutover, or a rollback that took effect is not yet in the journal: then the flag is
    /// on already. [`RefusalKind::Conflict`] when somebody else left the cutover meanwhile.
    pub fn rollback(
        &self,
        incident: IncidentId,
        order: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let mut desk = self.desk();
        // A journal that cannot be read does not stand in the way.
        let _ = self.parts.prepare(&mut desk);
        let from = desk.state().phase();
        let attempt = Attempt::Transition {
            from,
            to: Phase::Compat,
        };
        let refused = if desk.unrecorded.is_some() {
            Some(RefusalKind::RollbackUnrecorded)
        } else if from == Phase::Cutover {
            None
        } else {
            let step = from.step(Phase::Compat).err();
            // From observe there is a step to compat, but it is none back.
            Some(step.map_or(RefusalKind::NotInCutover(from), RefusalKind::Impossible))
        };
        let done = match refused {
            Some(kind) => Err(self
                .parts
                .refuse(&mut desk, (order, attempt), (kind, Vec::new()))),
            None => self.roll_back(&mut desk, (incident, Vec::new()), order),
        };
        self.show(&desk);
        done
    }

    /// Rolls back; the rollout is in cutover.
    pub(super) fn roll_back(
        &self,
        desk: &mut Desk,
        (incident, figures): (IncidentId, Vec<GateReport>),
        order: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let change = PhaseChange {
            gates: figures,
            incident: Some(incident),
            ..PhaseChange::new(Phase::Cutover, Phase::Compat)
        };
        let draft = order.draft(self.parts.now(), EventPayload::PhaseChanged(change));
        for _ in 0..TRIES {
            match self.parts.append(desk, &draft, Loudness::Loud) {
                Ok(event) => return Ok(RolledBack::Recorded(event)),
                Err(kind) if desk.state().phase() != Phase::Cutover => {
                    return Err(Refusal::new(desk.head(), Vec::new(), kind));
                }
                Err(RefusalKind::Conflict(_)) => {}
                Err(_) => break,
            }
        }
        desk.unrecorded = Some(draft);
        self.parts.follow(desk);
        let flag = self.parts.flag.name();
        tracing::error!(
            flag,
            "a rollback took effect that is not in the journal; it is lost if the process ends before it can be written"
        );
        Ok(RolledBack::Unrecorded)
    }
}
