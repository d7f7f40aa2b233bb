//! The automatic rollback of a cutover that strands too many callers.

use std::time::Duration;

use super::{controller_state::CutoverWatch, record_refusal::system_context, rollout::Rollout};
use crate::{
    census::{Census, Report, Select, Window},
    rollout::{
        evidence::{AutoRollbackEvidence, Evidence, GateReport, StrandedKind},
        gate::WaiverCover,
        names::{Identifier, IncidentId},
        policy::AutoRollback,
    },
};

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
