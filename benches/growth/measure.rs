//! Measures the time of an operation.

use std::time::{Duration, Instant};

/// How much is done for a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Enough for a figure.
    Measured,
    /// Once, to see that it works.
    Tried,
}

impl Effort {
    /// How many operations a run has, of at most so many.
    pub(crate) fn operations(self, most: usize) -> usize {
        match self {
            Self::Measured => most,
            Self::Tried => 1,
        }
    }

    /// The largest of these that is tried.
    pub(crate) fn sizes<const N: usize>(self, sizes: [usize; N]) -> Vec<usize> {
        let shown = match self {
            Self::Measured => N,
            Self::Tried => N.min(2),
        };
        sizes[..shown].to_vec()
    }

    const fn runs(self) -> usize {
        match self {
            Self::Measured => 60,
            Self::Tried => 1,
        }
    }
}

/// The nanoseconds of one operation, in the fastest of several runs: what else the machine does only adds.
pub(crate) fn fastest(effort: Effort, operations: usize, mut run: impl FnMut() -> Duration) -> f64 {
    let shortest = (0..effort.runs()).map(|_| run()).min();
    per_operation(shortest.unwrap_or_default(), operations)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn per_operation(time: Duration, operations: usize) -> f64 {
    time.as_secs_f64() * 1e9 / operations as f64
}

/// How long it takes.
pub(crate) fn time(operation: impl FnOnce()) -> Duration {
    let began = Instant::now();
    operation();
    began.elapsed()
}
