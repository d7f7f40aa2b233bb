//! When an installation calls: in bursts, with a pause after each.

use crate::{
    random::Random,
    times::{DAY, HOUR, MINUTE, SECOND},
};

/// Bursts of calls with pauses of about the same length between them.
#[derive(Clone, Debug)]
pub(crate) struct Rhythm {
    pause: u64,
    calls: u64,
    step: u64,
    /// The calls left in the burst that runs.
    left: u64,
}

impl Rhythm {
    /// A rhythm whose pauses are at most `longest`, and that costs at most about `calls_a_day`.
    pub(crate) fn draw(random: &mut Random, longest: u64, calls_a_day: u64) -> Self {
        let calls = random.magnitude(1..=64);
        let shortest = (calls * DAY / calls_a_day.max(1)).clamp(MINUTE, longest / 2);
        Self {
            // A tenth is kept for the jitter.
            pause: random.magnitude(shortest..=longest) * 10 / 11,
            calls,
            step: random.pick(&[SECOND, 5 * SECOND, 30 * SECOND]),
            left: 0,
        }
    }

    /// One call each hour or so, for ever.
    pub(crate) const fn hourly() -> Self {
        Self {
            pause: HOUR,
            calls: 1,
            step: SECOND,
            left: 0,
        }
    }

    /// The longest time between two calls.
    pub(crate) const fn period(&self) -> u64 {
        self.pause + self.pause / 10
    }

    /// The time from one call to the next.
    pub(crate) fn next(&mut self, random: &mut Random) -> u64 {
        if self.left > 0 {
            self.left -= 1;
            return self.step;
        }
        self.left = self.calls - 1;
        let jitter = self.pause / 10;
        self.pause - jitter + random.within(0..=2 * jitter)
    }
}
