//! Evaluates gates, reports and stranded callers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{controller_state::FlagWatch, rollout::Rollout};
use crate::{
    census::Window,
    rollout::{
        evaluation::Evaluation,
        evidence::GateReport,
        gate::{WaiverCover, evaluate},
        phase::Transition,
        status::RolloutStatus,
        stranded::{Stranded, window},
        unwaived::unwaived_figures,
    },
};

impl Rollout {
    /// What the census says at the moment, or said a moment ago: see [`Evaluation`]. Blocks while it is made for the first
    /// time.
    #[must_use]
    pub fn evaluation(&self) -> Arc<Evaluation> {
        let (status, watch) = {
            let controller = self.controller();
            (self.status(), controller.flag_watch)
        };
        let clock = &*self.deps.clock;
        let state = (status.state.decision, watch.changed.map(|(event, _)| event));
        let make = || self.make(&status, self.lasted(&watch));
        self.shared.get(state, clock, make)
    }

    /// How long the flag has been as it is, as the census counts time: it also knows of jumps of the clock.
    pub(super) fn lasted(&self, watch: &FlagWatch) -> Duration {
        let lasted = watch.lasted(&*self.deps.clock);
        let census = self.census().zip(watch.changed);
        census.map_or(lasted, |(census, changed)| {
            census.flag_lasted(changed, lasted)
        })
    }

    fn make(&self, status: &RolloutStatus, lasted: Duration) -> Evaluation {
        // In real time: a clock that is set meanwhile says nothing of its cost.
        let (started, now) = (Instant::now(), self.now());
        let gates = status.next.map(|step| self.evaluate(status, step));
        let census = self.census();
        let reports = census
            .as_ref()
            .map(|census| census.reports(Window::STANDARD).into());
        let callers = census.as_deref().map(|census| {
            let waivers = WaiverCover::new(&status.state, now);
            let lasted_before = status.state.flag_lasted_before();
            let stranded = Stranded::new(census, &waivers, census.wall(), (lasted, lasted_before));
            let unwaived = unwaived_figures(census, &waivers, &stranded, window(lasted));
            (stranded, unwaived)
        });
        let (stranded, unwaived) = callers.unzip();
        Evaluation {
            at: now,
            next: status.next,
            gates: gates.unwrap_or_default(),
            reports: reports.unwrap_or_default(),
            stranded,
            unwaived: unwaived.unwrap_or_default(),
            cost: started.elapsed(),
        }
    }

    /// Evaluates the gates of a transition.
    pub(super) fn evaluate(&self, status: &RolloutStatus, step: Transition) -> Vec<GateReport> {
        let census = self.deps.read_census(&status.policy);
        if let Ok(Some(census)) = &census {
            census.rollout_opened(status.state.opened.at);
        }
        let context = self
            .deps
            .context(step, &status.state, &status.policy, &census);
        evaluate(&context, &self.deps.gates)
    }
}
