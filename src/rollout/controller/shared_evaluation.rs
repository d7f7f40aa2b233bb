//! Holds the shared evaluation until it is old.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use crate::{rollout::evaluation::Evaluation, time::Clock};

/// The last evaluation, and when it is due again.
#[derive(Debug, Default)]
pub(super) struct SharedEvaluation {
    last: Mutex<Option<Made>>,
    /// Held while one is made.
    making: Mutex<()>,
}

/// What an evaluation was made of: the last decision, and the last change of the flag.
pub(super) type EvaluatedState = (u64, Option<u64>);

#[derive(Clone, Debug)]
struct Made {
    evaluation: Arc<Evaluation>,
    state: EvaluatedState,
    /// When it was finished, by the monotonic clock.
    finished: Duration,
}

impl Made {
    const MIN_AGE: Duration = Duration::from_secs(2);

    /// How many times its cost it lasts.
    const WORTH: u32 = 20;

    fn is_current(&self, state: EvaluatedState, now: Duration) -> bool {
        let lasts = Self::MIN_AGE.max(self.evaluation.cost * Self::WORTH);
        self.state == state && now.saturating_sub(self.finished) < lasts
    }
}

impl SharedEvaluation {
    /// The evaluation of a state, made anew if it is due.
    pub(super) fn get(
        &self,
        state: EvaluatedState,
        clock: &dyn Clock,
        evaluate: impl FnOnce() -> Evaluation,
    ) -> Arc<Evaluation> {
        let current = |made: &Made| made.is_current(state, clock.monotonic());
        let last = self.last();
        if let Some(made) = last.as_ref().filter(|made| current(made)) {
            return Arc::clone(&made.evaluation);
        }
        let _making = match (self.making.try_lock(), &last) {
            (Ok(making), _) => making,
            // Another thread makes one: what there is of the same state serves meanwhile.
            (Err(TryLockError::WouldBlock), Some(made)) if made.state == state => {
                return Arc::clone(&made.evaluation);
            }
            _ => lock(&self.making),
        };
        if let Some(made) = self.last().filter(current) {
            return made.evaluation;
        }
        let evaluation = Arc::new(evaluate());
        *lock(&self.last) = Some(Made {
            evaluation: Arc::clone(&evaluation),
            state,
            finished: clock.monotonic(),
        });
        evaluation
    }

    fn last(&self) -> Option<Made> {
        lock(&self.last).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Safe after a panic: an evaluation is stored whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
