//! The rollout as a source of metrics.

use std::time::Duration;

use super::rollout::Rollout;
use crate::{
    census::ExchangeStatus,
    metrics::{Family, Sample, Source, Value},
    rollout::{
        fleet::{FleetView, SyncWord},
        phase::{Phase, Transition},
        state::{BrownoutStage, ObligationKind, RolloutState},
        status::RolloutStatus,
        unwaived::UnwaivedFigures,
    },
    time::Timestamp,
};

/// The families [`Family::PHASE`], [`Family::TRANSITIONS`], [`Family::GATE_PASSED`], [`Family::OVERDUE`],
/// [`Family::POST_ANALYSES_OPEN`], those of brownouts, [`Family::DEPENDENT_CALLERS`], [`Family::STRANDED_CALLERS`],
/// [`Family::STRANDED_ANONYMOUS_RESPONSES`], [`Family::JOURNAL_FAILING`] and [`Family::JOURNAL_LOSSES`], as of the last
/// command or tick; gates and callers by the shared [evaluation](Rollout::evaluation). Those of the journal and the instances have samples where there is a
/// table of instances.
impl Source for Rollout {
    fn families(&self) -> &'static [Family] {
        &[
            Family::PHASE,
            Family::TRANSITIONS,
            Family::GATE_PASSED,
            Family::OVERDUE,
            Family::POST_ANALYSES_OPEN,
            Family::BROWNOUTS,
            Family::BROWNOUT_START_SECONDS,
            Family::BROWNOUT_END_SECONDS,
            Family::BROWNOUT_RATIO,
            Family::DEPENDENT_CALLERS,
            Family::STRANDED_CALLERS,
            Family::STRANDED_ANONYMOUS_RESPONSES,
            Family::JOURNAL_FAILING,
            Family::JOURNAL_LOSSES,
            Family::JOURNAL_STALE,
            Family::JOURNAL_FORKED,
            Family::INSTANCES,
            Family::APPLIED_LAG_SECONDS,
            Family::EXCHANGE_AGE_SECONDS,
            Family::STORE_UP,
            Family::CLOCK_OFFSET_SECONDS,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let status = self.status();
        let flag = status.state.flag_name.as_str();
        if *family == Family::PHASE {
            for phase in Phase::ALL {
                let current = *phase == status.state.phase;
                sample(&[flag, phase.as_str()], current.into());
            }
        } else if *family == Family::TRANSITIONS {
            for step in Transition::ALL.iter().copied() {
                let labels = [flag, step.from().as_str(), step.to().as_str()];
                sample(&labels, status.state.count_of(step).into());
            }
        } else if *family == Family::GATE_PASSED {
            for report in &self.evaluation().gates {
                sample(&[flag, report.name.as_str()], report.passed.into());
            }
        } else if *family == Family::OVERDUE {
            for kind in ObligationKind::ALL {
                let overdue = status.overdue.contains(kind);
                sample(&[flag, kind.as_str()], overdue.into());
            }
        } else if *family == Family::POST_ANALYSES_OPEN {
            let open = status.state.open_post_analyses().count();
            sample(&[flag], (open as u64).into());
        } else if *family == Family::BROWNOUTS {
            for stage in BrownoutStage::ALL {
                let all = status.state.brownouts.iter();
                let of_stage = all.filter(|brownout| brownout.stage() == *stage).count();
                sample(&[flag, stage.as_str()], (of_stage as u64).into());
            }
        } else if let Some(value) = brownout_value(family, &status, self.now()) {
            sample(&[flag], value);
        } else if let Some(figure) = unwaived_figure(family) {
            for figures in &self.evaluation().unwaived {
                if let Some(number) = figure(figures) {
                    sample(&[flag, &figures.kind], number.into());
                }
            }
        } else if *family == Family::JOURNAL_FAILING {
            sample(&[flag], status.journal_error.is_some().into());
        } else if *family == Family::JOURNAL_LOSSES {
            sample(&[flag], (status.losses.len() as u64).into());
        } else if *family == Family::STORE_UP {
            if let Some(up) = self.reaches_store(&status) {
                sample(&[flag], up.into());
            }
        } else if *family == Family::EXCHANGE_AGE_SECONDS {
            if let Some(age) = self.exchange().and_then(|exchange| exchange.age()) {
                sample(&[flag], age.as_secs_f64().into());
            }
        } else if let Some(fleet) = self.fleet_view(&status) {
            if *family == Family::INSTANCES {
                for (state, count) in instances(&fleet) {
                    sample(&[flag, state], (count as u64).into());
                }
            } else if let Some(value) = fleet_value(family, &fleet, &status) {
                sample(&[flag], value);
            }
        }
    }
}

impl Rollout {
    fn exchange(&self) -> Option<ExchangeStatus> {
        self.census_view()?.exchange()
    }

    /// Whether the store of journal and census could be reached the last time; `None` without one.
    fn reaches_store(&self, status: &RolloutStatus) -> Option<bool> {
        let exchange = self.exchange();
        if exchange.is_none() && self.fleet().is_none() {
            return None;
        }
        let is_current = SyncWord::from(status.sync) != SyncWord::Stale;
        Some(is_current && exchange.is_none_or(|exchange| exchange.error.is_none()))
    }
}

/// How many instances are in which state.
fn instances(fleet: &FleetView) -> [(&'static str, usize); 3] {
    let live = fleet.instances.iter().filter(|instance| instance.live);
    let live = live.count();
    [
        ("live", live),
        ("lost", fleet.instances.len() - live),
        ("waiting", fleet.propagation.waiting.len()),
    ]
}

/// The sample of a family that only instances that share a journal have.
fn fleet_value(family: &Family, fleet: &FleetView, status: &RolloutStatus) -> Option<Value> {
    if *family == Family::JOURNAL_STALE {
        Some((fleet.sync == SyncWord::Stale).into())
    } else if *family == Family::JOURNAL_FORKED {
        Some(fleet.is_forked().into())
    } else if *family == Family::APPLIED_LAG_SECONDS {
        status
            .applied_lag
            .map(|delay| Value::Ratio(delay.as_secs_f64()))
    } else if *family == Family::CLOCK_OFFSET_SECONDS {
        let mut instances = fleet.instances.iter();
        let own = instances.find(|instance| instance.instance == fleet.instance)?;
        own.clock
            .map(|clock| Value::Ratio(seconds(clock.offset_ms)))
    } else {
        None
    }
}

/// The sample of a family that the running or next brownout has, or the last day.
fn brownout_value(family: &Family, status: &RolloutStatus, now: Timestamp) -> Option<Value> {
    let state = &status.state;
    let next = || state.pending_brownouts().min_by_key(|found| found.start);
    let brownout = || state.running_brownout().or_else(next);
    let seconds = |at: Timestamp| Value::Ratio(Duration::from_millis(at.unix_ms()).as_secs_f64());
    if *family == Family::BROWNOUT_START_SECONDS {
        brownout().map(|brownout| seconds(brownout.start))
    } else if *family == Family::BROWNOUT_END_SECONDS {
        brownout().map(|brownout| seconds(brownout.until))
    } else if *family == Family::BROWNOUT_RATIO {
        Some(Value::Ratio(browned_out(state, now).div_duration_f64(DAY)))
    } else {
        None
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// How long the flag was off for brownouts in the last day.
fn browned_out(state: &RolloutState, now: Timestamp) -> Duration {
    let began = state.brownouts.iter().filter_map(|brownout| {
        let ended = brownout.ended.as_ref().map_or(now, |ended| ended.at);
        Some((
            brownout.began.as_ref()?.at,
            ended.min(brownout.until).min(now),
        ))
    });
    let day = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(86_400_000));
    began.map(|(from, to)| to.since(from.max(day))).sum()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of any clock are exact in a float"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// Which of the figures the samples of a family are.
fn unwaived_figure(family: &Family) -> Option<fn(&UnwaivedFigures) -> Option<u64>> {
    if *family == Family::DEPENDENT_CALLERS {
        Some(|figures| Some(figures.dependent))
    } else if *family == Family::STRANDED_CALLERS {
        Some(|figures| Some(figures.stranded))
    } else if *family == Family::STRANDED_ANONYMOUS_RESPONSES {
        Some(|figures| figures.stranded_anonymous)
    } else {
        None
    }
}
