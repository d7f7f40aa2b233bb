//! The rollout as a source of numbers.

use super::{rollout::Rollout, status::RolloutStatus};
use crate::{
    metrics::{Family, Sample, Source},
    rollout::{
        phase::{Phase, Transition},
        state::ObligationKind,
    },
};

/// Tells [`Family::PHASE`], [`Family::TRANSITIONS`], [`Family::GATE_PASSED`], [`Family::OVERDUE`],
/// [`Family::POST_ANALYSES_OPEN`] and [`Family::JOURNAL_FAILING`], as the last command or tick left them.
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
            for step in Transition::ALL {
                let labels = [step.from().as_str(), step.to().as_str()];
                sample(&labels, status.state.count_of(step).into());
            }
        } else if *family == Family::GATE_PASSED {
            for report in &status.gates {
                sample(&[report.name().as_str()], report.passed().into());
            }
        } else if *family == Family::OVERDUE {
            for what in ObligationKind::ALL {
                sample(&[what.as_str()], status.overdue.contains(&what).into());
            }
        } else if *family == Family::POST_ANALYSES_OPEN {
            let due = status.state.open_post_analyses().count();
            sample(&[], (due as u64).into());
        } else if *family == Family::JOURNAL_FAILING {
            sample(&[], status.journal_error.is_some().into());
        }
    }
}

fn phases(status: &RolloutStatus, sample: &mut Sample<'_>) {
    let flag = status.state.flag_name().as_str();
    for phase in Phase::ALL {
        let holds = phase == status.state.phase();
        sample(&[flag, phase.as_str()], holds.into());
    }
}
