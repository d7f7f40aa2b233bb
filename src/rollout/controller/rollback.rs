//! The rollback of a cutover: ordered by a command, or automatic.

use std::time::Duration;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::{ControllerState, FlagWatch},
    deps::{LogFailures, TRIES, system_context},
    rollout::Rollout,
};
use crate::{
    rollout::{
        event::{Attempt, Event, EventPayload, RollbackTaken},
        evidence::{AutoRollbackEvidence, Evidence, GateReport, StrandedKind},
        gate::WaiverCover,
        journal::AppendError,
        names::{Identifier, IncidentId},
        phase::Phase,
        policy::AutoRollback,
        stranded::Stranded,
    },
    time::duration_text,
};

/// A rollback that took effect: the flag is on.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller must handle a rollback that is not recorded"
)]
#[expect(
    clippy::large_enum_variant,
    reason = "a rollback is rare, and usually recorded"
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
    /// Switches the flag on again because of an incident, regardless of gates and of the expected decision. Opens the
    /// incident if it is not open, and requires a post-analysis from then on.
    ///
    /// If the journal fails, the flag goes on all the same, and the event is logged at `ERROR`. Once more while that is not in
    /// the journal, it is [unrecorded](RolledBack::Unrecorded) again: the flag is on, and the first one will be recorded.
    ///
    /// # Errors
    ///
    /// When the rollout is not in cutover. [`RefusalKind::Conflict`] when a concurrent command left the cutover.
    pub fn rollback(
        &self,
        incident: IncidentId,
        command: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        self.rollback_of(None, incident, command)
    }

    /// [Rolls back](Self::rollback) the cutover of this event and no later one, if one is given. It is the only precondition
    /// of a rollback.
    ///
    /// # Errors
    ///
    /// As [`Rollout::rollback`]; and when that cutover has been left.
    pub fn rollback_of(
        &self,
        cutover: Option<u64>,
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
        let current = controller.cutover();
        let refused = match (current, cutover) {
            (_, Some(named)) if current != cutover => Some(RefusalKind::CutoverLeft(named, from)),
            (Some(_), _) => None,
            // From observe there is a transition to compat, but it is not a rollback.
            (None, _) => {
                let step = from.step(Phase::Compat).err();
                Some(step.map_or(RefusalKind::NotInCutover(from), RefusalKind::Impossible))
            }
        };
        let done = match (refused, current) {
            (None, Some(_)) if controller.is_rolled_back() => Ok(RolledBack::Unrecorded),
            (None, Some(cutover)) => {
                let taken = taken(cutover, incident, Vec::new());
                self.roll_back(&mut controller, taken, command)
            }
            (refused, _) => {
                let kind = refused.unwrap_or(RefusalKind::NotInCutover(from));
                Err(self
                    .deps
                    .refuse(&mut controller, (command, attempt), (kind, Vec::new())))
            }
        };
        self.publish(&controller);
        done
    }

    /// Rolls back the current cutover.
    pub(super) fn roll_back(
        &self,
        controller: &mut ControllerState,
        taken: RollbackTaken,
        command: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let cutover = Some(taken.cutover);
        let new_event = command.event(self.now(), EventPayload::RollbackTaken(taken));
        for _ in 0..TRIES {
            match self.deps.append(controller, &new_event, LogFailures::Yes) {
                Ok(event) => return Ok(RolledBack::Recorded(event)),
                Err(kind) if controller.cutover() != cutover => {
                    return Err(Refusal::new(controller.head(), Vec::new(), kind));
                }
                Err(RefusalKind::NotJournaled(AppendError::Conflict(_))) => {}
                Err(_) => break,
            }
        }
        controller.note_unrecorded(new_event, &*self.deps.clock);
        self.deps.sync_flag(controller);
        let flag = self.deps.flag.name();
        tracing::error!(
            flag,
            "a rollback took effect that is not in the journal; its record is lost if the process ends before it is written"
        );
        Ok(RolledBack::Unrecorded)
    }
}

/// Why a cutover is rolled back.
struct Trigger {
    reason: String,
    report: GateReport,
}

impl Rollout {
    /// Rolls back if more callers are stranded since the cutover than the policy allows. This ends the cutover, so it
    /// happens at most once in each.
    pub(super) fn auto_rollback(&self) {
        let Some((cutover, watch, limits)) = self.guarded_cutover() else {
            return;
        };
        let Some(census) = &self.deps.census else {
            return;
        };
        // Without the lock: visiting all callers takes a while.
        let (now, lasted) = (self.now(), self.lasted(&watch));
        let waivers = WaiverCover::new(&self.status().state, now);
        let stranded = Stranded::new(census, &waivers, now, (lasted, Duration::ZERO));
        let Some(trigger) = trigger(&limits, lasted, &stranded) else {
            return;
        };
        let mut controller = self.controller();
        if controller.cutover() == Some(cutover) && !controller.is_rolled_back() {
            let incident = IncidentId::new(format!("auto-rollback-{cutover}"));
            let incident = incident.expect("a word and a number are an incident id");
            let command = system_context(&trigger.reason);
            let taken = taken(cutover, incident, vec![trigger.report]);
            // Refused only if a concurrent command left the cutover.
            let _ = self.roll_back(&mut controller, taken, &command);
            self.publish(&controller);
        }
    }

    /// The current cutover, since when it lasts, and the limits of its automatic rollback.
    fn guarded_cutover(&self) -> Option<(u64, FlagWatch, AutoRollback)> {
        let controller = self.controller();
        let (cutover, limits) = (controller.cutover()?, controller.policy.auto_rollback?);
        let lasted = controller.flag_watch.lasted(&*self.deps.clock);
        let is_guarded = lasted <= limits.window && !controller.is_rolled_back();
        is_guarded.then_some((cutover, controller.flag_watch, limits))
    }
}

fn taken(cutover: u64, incident: IncidentId, gates: Vec<GateReport>) -> RollbackTaken {
    RollbackTaken {
        cutover,
        incident,
        gates,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of callers are exact in 64-bit floats"
)]
fn trigger(limits: &AutoRollback, lasted: Duration, stranded: &Stranded) -> Option<Trigger> {
    let (all, kinds) = (stranded.callers, &stranded.kinds);
    let within = duration_text::write(lasted);
    let too_many = limits.stranded_callers.is_some_and(|most| all > most);
    let percent = |kind: &StrandedKind| kind.stranded as f64 * 100.0 / kind.known.max(1) as f64;
    let over = |kind: &&StrandedKind| {
        let most = limits.stranded_percent;
        kind.stranded > 0 && most.is_some_and(|most| percent(kind) > most)
    };
    let worst = kinds.iter().find(over);
    if !too_many && worst.is_none() {
        return None;
    }
    let reason = match worst {
        Some(kind) if !too_many => format!(
            "{} of {} callers of {} were stranded within {within} of the cutover",
            kind.stranded, kind.known, kind.kind
        ),
        _ => format!("{all} callers were stranded within {within} of the cutover"),
    };
    let evidence = AutoRollbackEvidence {
        stranded: all,
        max_callers: limits.stranded_callers,
        max_percent: limits.stranded_percent,
        kinds: kinds.clone(),
    };
    let name = Identifier::new(AutoRollbackEvidence::NAME).expect("the name is a token");
    Some(Trigger {
        reason,
        report: GateReport::new(name, false, Evidence::AutoRollback(evidence)),
    })
}
