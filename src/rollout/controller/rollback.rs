//! The rollback of a cutover: ordered by a command, or automatic.

use std::time::{Duration, Instant};

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::{FlagWatch, Unrecorded},
    deps::{LogFailures, TRIES, system_context},
    journaling::ROLLBACK_PATIENCE,
    rollout::Rollout,
};
use crate::{
    flag::FlagState,
    rollout::{
        event::{Attempt, Event, EventPayload, RollbackTaken},
        evidence::{AutoRollbackEvidence, Evidence, GateReport, StrandedKind},
        gate::WaiverCover,
        journal::{AppendAttempt, AppendError},
        names::{Identifier, IncidentId},
        phase::Phase,
        policy::AutoRollback,
        stranded::Stranded,
    },
    time::duration_text,
};

/// A rollback, or the end of a brownout, that took effect: the flag is on.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller must handle a rollback that is not recorded"
)]
#[allow(
    clippy::large_enum_variant,
    reason = "a rollback is rare, and usually recorded; how large depends on the features of serde_json"
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
    /// The flag goes on before the journal is written. If the journal does not take the event within half a second, the call
    /// returns all the same, the event is logged at `ERROR`, and each tick and command tries again. Once more while that is not
    /// in the journal, it is [unrecorded](RolledBack::Unrecorded) again: the flag is on, and the first one will be recorded.
    ///
    /// While a brownout runs it [ends the brownout](Self::end_brownout) instead.
    ///
    /// # Errors
    ///
    /// When the rollout is not in cutover and no brownout runs. [`RefusalKind::CutoverLeft`] when a concurrent command left the cutover by another way than a rollback, which is
    /// seen only when this one is recorded; it is on record then.
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
        if let Some(done) = self.end_running_brownout(incident.clone(), command) {
            return done;
        }
        let mut taken = self.take_back(cutover, incident.clone(), Vec::new(), command);
        if taken.is_err() {
            // What is known may be old. A rollback that takes effect does not wait for this.
            let _ = self.prepare();
            if let Some(done) = self.end_running_brownout(incident.clone(), command) {
                return done;
            }
            taken = self.take_back(cutover, incident, Vec::new(), command);
        }
        let done = match taken {
            Ok(taken) => self.record_rollback(&taken),
            Err((RefusalKind::RollbackUnrecorded, _)) => Ok(RolledBack::Unrecorded),
            Err((kind, from)) => {
                let attempt = Attempt::Transition {
                    from,
                    to: Phase::Compat,
                };
                let refused = (kind, Vec::new());
                Err(self.refuse((command, attempt), ROLLBACK_PATIENCE, refused))
            }
        };
        self.publish();
        done
    }

    /// Switches the flag on and notes the rollback of the current cutover, or returns why there is none to take back and the
    /// phase.
    fn take_back(
        &self,
        cutover: Option<u64>,
        incident: IncidentId,
        gates: Vec<GateReport>,
        command: &CommandContext,
    ) -> Result<Unrecorded, (RefusalKind, Phase)> {
        let mut controller = self.controller();
        let from = controller.state().phase;
        let current = controller
            .current_cutover(cutover)
            .map_err(|kind| (kind, from))?;
        let taken = RollbackTaken {
            cutover: current,
            incident,
            instance: self.deps.instance().cloned(),
            gates,
        };
        let rollback = Unrecorded {
            event: command.event(self.now(), EventPayload::RollbackTaken(taken)),
            attempt: AppendAttempt::new(ROLLBACK_PATIENCE),
            in_flight: true,
        };
        controller.note_unrecorded(rollback.clone(), &*self.deps.clock);
        let switched = self.deps.set_flag(controller.flag());
        drop(controller);
        // Shown before it is recorded, too.
        self.publish();
        if switched {
            self.deps.log_switch();
        }
        Ok(rollback)
    }

    /// Records a rollback that has taken effect, within its patience.
    fn record_rollback(&self, rollback: &Unrecorded) -> Result<RolledBack, Refusal> {
        let recorded = self.try_to_record(rollback);
        self.land(rollback.attempt);
        let Some(event) = recorded else {
            let flag = self.deps.flag.name();
            tracing::error!(
                flag,
                "a rollback took effect that is not in the journal; its record is lost if the process ends before it is written"
            );
            return Ok(RolledBack::Unrecorded);
        };
        let controller = self.controller();
        if controller.flag() == FlagState::On {
            return Ok(RolledBack::Recorded(event));
        }
        // It is on record, but another command had left the cutover already.
        let (head, phase) = (controller.head(), controller.state().phase);
        let cutover = rollback.cutover().unwrap_or_default();
        let kind = RefusalKind::CutoverLeft(cutover, phase);
        Err(Refusal::new(head, Vec::new(), kind))
    }

    pub(super) fn try_to_record(&self, rollback: &Unrecorded) -> Option<Event> {
        // In real time: it bounds how long an operator waits.
        let until = Instant::now() + ROLLBACK_PATIENCE;
        for _ in 0..TRIES {
            let left = until.saturating_duration_since(Instant::now());
            let attempt = rollback.attempt.within(left);
            match self.append(&rollback.event, attempt, LogFailures::Yes) {
                Ok(event) => return Some(event),
                Err(RefusalKind::NotJournaled(AppendError::Conflict(_))) if !left.is_zero() => {}
                Err(_) => return None,
            }
        }
        None
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
        let Some(census) = self.census() else {
            return;
        };
        // Without the lock: visiting all callers takes a while.
        let (now, lasted) = (self.now(), self.lasted(&watch));
        let waivers = WaiverCover::new(&self.status().state, now);
        let stranded = Stranded::new(&census, &waivers, census.wall(), (lasted, Duration::ZERO));
        let Some(trigger) = trigger(&limits, lasted, &stranded) else {
            return;
        };
        // An instance that cannot reach the table acts by itself: its callers are stranded.
        if !self.has_lease().unwrap_or(true) {
            return;
        }
        let incident = IncidentId::new(format!("auto-rollback-{cutover}"));
        let incident = incident.expect("a word and a number are an incident id");
        let command = system_context(&trigger.reason);
        let taken = self.take_back(Some(cutover), incident, vec![trigger.report], &command);
        if let Ok(taken) = taken {
            // Refused only if a concurrent command left the cutover.
            let _ = self.record_rollback(&taken);
            self.publish();
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
