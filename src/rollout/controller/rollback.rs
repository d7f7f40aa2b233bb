//! The rollback of a cutover: ordered by a command, or automatic.

use std::time::Duration;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::{ControllerState, CutoverWatch},
    deps::{LogFailures, TRIES, system_context},
    rollout::Rollout,
};
use crate::{
    census::{Census, Report, Select, Window},
    rollout::{
        event::{Attempt, Event, EventPayload, PhaseChange},
        evidence::{AutoRollbackEvidence, Evidence, GateReport, StrandedKind},
        gate::WaiverCover,
        names::{Identifier, IncidentId},
        phase::Phase,
        policy::AutoRollback,
    },
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

/// Why a cutover is rolled back.
struct Trigger {
    reason: String,
    report: GateReport,
}

impl Rollout {
    /// Rolls back if more callers are stranded since the cutover than the policy allows. This ends the cutover, so it
    /// happens at most once in each.
    pub(super) fn auto_rollback(&self) {
        let Some((watch, window, limits)) = self.watched_cutover() else {
            return;
        };
        let Some(census) = &self.deps.census else {
            return;
        };
        // Without the lock: visiting all callers takes a while.
        let stranded = self.stranded(census, window);
        let Some(trigger) = trigger(&limits, window, &stranded) else {
            return;
        };
        let mut controller = self.controller();
        if controller.cutover == Some(watch) && controller.unrecorded.is_none() {
            let incident = IncidentId::new(format!("auto-rollback-{}", watch.seq));
            let incident = incident.expect("a word and a number are an incident id");
            let command = system_context(&trigger.reason);
            // Refused only if a concurrent command left the cutover.
            let _ = self.roll_back(&mut controller, (incident, vec![trigger.report]), &command);
            self.publish(&controller);
        }
    }

    /// The current cutover with the limits of its automatic rollback, and the window since then.
    fn watched_cutover(&self) -> Option<(CutoverWatch, Window, AutoRollback)> {
        let controller = self.controller();
        let (watch, limits) = (controller.cutover?, controller.policy.auto_rollback?);
        if controller.unrecorded.is_some() {
            return None;
        }
        let lasted = watch.lasted(&*self.deps.clock);
        let window = Window::new(lasted.max(Duration::from_millis(1)));
        let window = window.ok().filter(|_| lasted <= limits.window)?;
        Some((watch, window, limits))
    }

    fn stranded(&self, census: &Census, window: Window) -> Vec<StrandedKind> {
        let waivers = WaiverCover::new(&self.status().state, self.deps.now());
        let report = census.report(window);
        let mut kinds = by_kind(&report);
        census.each_caller(window, Select::Stranded, |row| {
            if waivers.covers(&row)
                && let Some(kind) = kinds.iter_mut().find(|kind| kind.kind == row.kind)
            {
                kind.stranded = kind.stranded.saturating_sub(1);
            }
        });
        kinds
    }
}

fn by_kind(report: &Report) -> Vec<StrandedKind> {
    let kinds = report.kinds.iter().map(|kind| StrandedKind {
        kind: kind.kind.clone(),
        stranded: kind.counts.stranded,
        known: kind.counts.known,
    });
    kinds.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of callers are exact in 64-bit floats"
)]
fn trigger(limits: &AutoRollback, window: Window, kinds: &[StrandedKind]) -> Option<Trigger> {
    let all: u64 = kinds.iter().map(|kind| kind.stranded).sum();
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
            "{} of {} callers of {} were stranded within {window} of the cutover",
            kind.stranded, kind.known, kind.kind
        ),
        _ => format!("{all} callers were stranded within {window} of the cutover"),
    };
    let figures = kinds.iter().filter(|kind| kind.stranded > 0);
    let evidence = AutoRollbackEvidence {
        stranded: all,
        max_callers: limits.stranded_callers,
        max_percent: limits.stranded_percent,
        kinds: figures.cloned().collect(),
    };
    let name = Identifier::new(AutoRollbackEvidence::NAME).expect("the name is a token");
    Some(Trigger {
        reason,
        report: GateReport::new(name, false, Evidence::AutoRollback(evidence)),
    })
}
