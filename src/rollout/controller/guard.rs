//! The cutover that takes itself back.

use std::time::Duration;

use super::{desk::CutoverWatch, refusing::system, rollout::Rollout};
use crate::{
    census::{Census, Report, Select, Window},
    rollout::{
        evidence::{AutoRollbackEvidence, Evidence, GateReport, StrandedKind},
        gate::WaiverCover,
        policy::Guard,
        texts::{Identifier, IncidentId},
    },
};

/// Why a guard acts.
struct Alarm {
    reason: String,
    report: GateReport,
}

impl Rollout {
    /// Rolls back if the policy has a guard and more callers are stranded since the cutover than it allows. That ends
    /// the cutover, so it happens at most once in each.
    pub(super) fn watch_cutover(&self) {
        let Some((watch, window, guard)) = self.watched() else {
            return;
        };
        let Some(census) = &self.parts.census else {
            return;
        };
        // Not under the lock: looking at all callers takes a while.
        let stranded = self.stranded(census, window);
        let Some(alarm) = alarm(&guard, window, &stranded) else {
            return;
        };
        let mut desk = self.desk();
        if desk.cutover == Some(watch) && desk.unrecorded.is_none() {
            let incident = IncidentId::new(format!("guard-{}", watch.seq));
            let incident = incident.expect("a word and a number are a name");
            let order = system(&alarm.reason);
            // Refused only if somebody else has left the cutover.
            let _ = self.roll_back(&mut desk, (incident, vec![alarm.report]), &order);
            self.show(&desk);
        }
    }

    /// The cutover that is guarded now, and the window since then.
    fn watched(&self) -> Option<(CutoverWatch, Window, Guard)> {
        let desk = self.desk();
        let (watch, guard) = (desk.cutover?, *desk.policy.guard()?);
        if desk.unrecorded.is_some() {
            return None;
        }
        let lasted = watch.lasted(&*self.parts.clock);
        let window = Window::new(lasted.max(Duration::from_millis(1)));
        let window = window.ok().filter(|_| lasted <= guard.within)?;
        Some((watch, window, guard))
    }

    fn stranded(&self, census: &Census, window: Window) -> Vec<StrandedKind> {
        let waivers = WaiverCover::new(&self.status().state, self.parts.now());
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
fn alarm(guard: &Guard, window: Window, kinds: &[StrandedKind]) -> Option<Alarm> {
    let all: u64 = kinds.iter().map(|kind| kind.stranded).sum();
    let too_many = guard.stranded_callers.is_some_and(|most| all > most);
    let percent = |kind: &StrandedKind| kind.stranded as f64 * 100.0 / kind.known.max(1) as f64;
    let over = |kind: &&StrandedKind| {
        let most = guard.stranded_percent;
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
        max_callers: guard.stranded_callers,
        max_percent: guard.stranded_percent,
        kinds: figures.cloned().collect(),
    };
    let name = Identifier::new(AutoRollbackEvidence::NAME).expect("the name is a token");
    Some(Alarm {
        reason,
        report: GateReport::new(name, false, Evidence::AutoRollback(evidence)),
    })
}
