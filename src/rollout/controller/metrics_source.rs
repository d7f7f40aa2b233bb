//! The rollout as a source of metrics.

use super::{rollout::Rollout, status::RolloutStatus};
use crate::{
    metrics::{Family, Sample, Source},
    rollout::{
        phase::{Phase, Transition},
        state::ObligationKind,
    },
};

/// The families [`Family::PHASE`], [`Family::TRANSITIONS`], [`Family::GATE_PASSED`], [`Family::OVERDUE`],
/// [`Family::POST_ANALYSES_OPEN`] and [`Family::JOURNAL_FAILING`], as of the last command or tick.
impl Source for Rollout {
    fn families(&self) -> &'static [Family] {
        &[
            Family::PHASE,
            Family::TRANSITIONS,
            Family::GATE_PASSED,
            Family::OVERDUE,
            Family::POST_ANALYSES_OPEN,
            Family::JOURNAL_FAILING,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let status = self.status();
        if *family == Family::PHASE {
            phases(&status, sample);
        } else if *family == Family::TRANSITIONS {
            for step in Transition::ALL.iter().copied() {
                let labels = [step.from().as_str(), step.to().as_str()];
                sample(&labels, status.state.count_of(step).into());
            }
        } else if *family == Family::GATE_PASSED {
            for report in &status.gates {
                sample(&[report.name.as_str()], report.passed.into());
            }
        } else if *family == Family::OVERDUE {
            for kind in ObligationKind::ALL {
                sample(&[kind.as_str()], status.overdue.contains(kind).into());
            }
        } else if *family == Family::POST_ANALYSES_OPEN {
            let open = status.state.open_post_analyses().count();
            sample(&[], (open as u64).into());
        } else if *family == Family::JOURNAL_FAILING {
            sample(&[], status.journal_error.is_some().into());
        }
    }
}

fn phases(status: &RolloutStatus, sample: &mut Sample<'_>) {
    let flag = status.state.flag_name.as_str();
    for phase in Phase::ALL {
        let current = *phase == status.state.phase;
        sample(&[flag, phase.as_str()], current.into());
    }
}
