//! Makes the shared evaluation when it is due.

use std::{
    sync::{Arc, Mutex, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use super::rollout::Rollout;
use crate::{
    census::Window,
    rollout::{
        evaluation::Evaluation,
        evidence::GateReport,
        gate::{WaiverCover, evaluate},
        phase::Transition,
        stranded::Stranded,
        view::RolloutStatus,
    },
};

/// The last evaluation, and when it is due again.
#[derive(Debug, Default)]
pub(super) struct SharedEvaluation {
    last: Mutex<Option<Made>>,
    /// Held while one is made.
    making: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Made {
    evaluation: Arc<Evaluation>,
    /// The decision and the flag's last change that it was made at.
    state: (u64, Option<u64>),
    /// When it was finished, by the monotonic clock.
    finished: Duration,
}

impl Made {
    const MIN_AGE: Duration = Duration::from_secs(2);

    /// How many times its cost it lasts.
    const WORTH: u32 = 20;

    fn is_current(&self, state: (u64, Option<u64>), now: Duration) -> bool {
        let lasts = Self::MIN_AGE.max(self.evaluation.cost * Self::WORTH);
        self.state == state && now.saturating_sub(self.finished) < lasts
    }
}

impl Rollout {
    /// What the census says at the moment, or said a moment ago: see [`Evaluation`]. Blocks while it is made for the first
    /// time.
    #[must_use]
    pub fn evaluation(&self) -> Arc<Evaluation> {
        let (status, watch) = {
            let controller = self.controller();
            (self.status(), controller.flag_watch)
        };
        let state = (status.state.decision, watch.changed);
        let current = |made: &Made| made.is_current(state, self.deps.clock.monotonic());
        let last = self.shared.last();
        if let Some(made) = last.as_ref().filter(|made| current(made)) {
            return Arc::clone(&made.evaluation);
        }
        let _making = match (self.shared.making.try_lock(), &last) {
            (Ok(making), _) => making,
            // Another thread makes one: what there is of the same state serves meanwhile.
            (Err(TryLockError::WouldBlock), Some(made)) if made.state == state => {
                return Arc::clone(&made.evaluation);
            }
            _ => self
                .shared
                .making
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        };
        if let Some(made) = self.shared.last().filter(current) {
            return made.evaluation;
        }
        let lasted = watch.lasted(&*self.deps.clock);
        let evaluation = Arc::new(self.make(&status, lasted));
        *lock(&self.shared.last) = Some(Made {
            evaluation: Arc::clone(&evaluation),
            state,
            finished: self.deps.clock.monotonic(),
        });
        evaluation
    }

    fn make(&self, status: &RolloutStatus, lasted: Duration) -> Evaluation {
        // In real time: a clock that is set while it is made says nothing of its cost.
        let (started, now) = (Instant::now(), self.deps.now());
        let gates = status.next.map(|step| self.evaluate(status, step));
        let census = self.deps.census.as_deref();
        let reports = census.map(|census| census.reports(Window::STANDARD).into());
        let stranded = census.map(|census| {
            let waivers = WaiverCover::new(&status.state, now);
            Stranded::new(census, &waivers, now, (lasted, status.flag_lasted_before()))
        });
        Evaluation {
            at: now,
            next: status.next,
            gates: gates.unwrap_or_default(),
            reports: reports.unwrap_or_default(),
            stranded,
            cost: started.elapsed(),
        }
    }

    /// Evaluates the gates of a transition.
    pub(super) fn evaluate(&self, status: &RolloutStatus, step: Transition) -> Vec<GateReport> {
        let context = self.deps.context(step, &status.state, &status.policy);
        evaluate(&context, &self.deps.gates)
    }
}

impl SharedEvaluation {
    fn last(&self) -> Option<Made> {
        lock(&self.last).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Safe after a panic: an evaluation is stored whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
