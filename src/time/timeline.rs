//! A time that never goes back, shown as wall time.
//!
//! It follows the monotonic clock, so a wall clock that is set back changes nothing. Where the wall clock runs ahead of the
//! monotonic one (the machine slept, or the clock was set forward), the difference is added: if it was real, windows must
//! move on; if not, callers leave their windows early, but those windows then contain a gap. Windows, ages and order are
//! all computed in this time; wall time is for display only.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    clock::{Clock, millis},
    timestamp::Timestamp,
};

/// Where a new timeline starts, in milliseconds: later than tick 0, which means "never", by more than any window or
/// sensible retention.
pub(crate) const ORIGIN: u64 = 400 * 86_400_000;

/// How far wall and monotonic time may differ between two heartbeats before it is a jump. NTP slews at most half a
/// millisecond a second, and its small steps do not matter for windows of minutes.
const TOLERANCE: u64 = 2_000;

/// The longest jump or downtime that counts: longer than any window and than a caller can be due for, so that a wildly
/// wrong clock does not exhaust the eight years that fit into 32 bits of ticks.
const LONGEST_STEP: u64 = 100 * 86_400_000;

/// A wall clock set back by less than this during downtime is assumed to have been right before.
const RESTART_TOLERANCE: u64 = 60_000;

#[derive(Debug)]
pub(crate) struct Timeline {
    /// Added to the monotonic clock's milliseconds, modulo 2⁶⁴: a clock that has run for long is ahead of a new
    /// timeline.
    offset: AtomicU64,
}

/// One reading of all clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The timeline's own time.
    pub(crate) time: u64,
    /// Since the Unix epoch.
    pub(crate) wall: u64,
    monotonic: u64,
}

/// How time passed between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// How far the timeline must be put forward.
    pub(crate) forward: u64,
    /// Why the time between counts as not watched, if it does.
    pub(crate) break_cause: Option<BreakCause>,
}

/// Why the time between two heartbeats counts as not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakCause {
    /// The heartbeats were too far apart.
    Stalled,
    /// The wall clock jumped.
    ClockJump,
}

/// Where a saved timeline continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    pub(crate) time: u64,
    /// The wall clock went back, so the length of the downtime is unknown.
    pub(crate) unknown_downtime: bool,
}

impl Timeline {
    /// A timeline that shows `time` now.
    pub(crate) fn starting_at(time: u64, clock: &dyn Clock) -> Self {
        let offset = time.wrapping_sub(millis(clock.monotonic()));
        Self {
            offset: AtomicU64::new(offset),
        }
    }

    /// The present tick. Read for every observation, so it wraps instead of checking for values that no clock reaches.
    #[inline]
    pub(crate) fn tick(&self, clock: &dyn Clock) -> u32 {
        let elapsed = clock.monotonic();
        let ms = elapsed
            .as_secs()
            .wrapping_mul(1_000)
            .wrapping_add(u64::from(elapsed.subsec_millis()));
        ticks(self.time(ms))
    }

    pub(crate) fn moment(&self, clock: &dyn Clock) -> Moment {
        let monotonic = millis(clock.monotonic());
        Moment {
            time: self.time(monotonic),
            wall: clock.unix_ms(),
            monotonic,
        }
    }

    /// Puts the time forward, for all threads.
    pub(crate) fn forward(&self, by: u64) {
        if by > 0 {
            // Relaxed: an event that still carries the time before the jump falls into the gap that the jump makes.
            self.offset.fetch_add(by, Ordering::Relaxed);
        }
    }

    fn time(&self, monotonic: u64) -> u64 {
        monotonic.wrapping_add(self.offset.load(Ordering::Relaxed))
    }
}

impl Moment {
    /// How time passed from this moment to a later one, if heartbeats must be at most `longest` milliseconds apart.
    pub(crate) fn step_to(&self, later: &Self, longest: u64) -> Step {
        let passed = later.monotonic.saturating_sub(self.monotonic);
        let expected = self.wall.saturating_add(passed);
        let forward = later.wall.saturating_sub(expected);
        let break_cause = if later.wall.abs_diff(expected) > TOLERANCE {
            Some(BreakCause::ClockJump)
        } else if passed > longest {
            Some(BreakCause::Stalled)
        } else {
            None
        };
        let jumped = if forward > TOLERANCE {
            forward.min(LONGEST_STEP)
        } else {
            0
        };
        // A monotonic clock that goes back violates its contract; the timeline does not follow it.
        let made_up = self.time.saturating_sub(later.time);
        Step {
            forward: jumped.max(made_up),
            break_cause,
        }
    }

    /// By how much the timeline is ahead of the monotonic clock, modulo 2⁶⁴: it changes only where the time is put forward.
    pub(crate) const fn ahead(&self) -> u64 {
        self.time.wrapping_sub(self.monotonic)
    }

    /// This moment after the time was put forward.
    pub(crate) fn forwarded(mut self, by: u64) -> Self {
        self.time = self.time.saturating_add(by);
        self
    }

    /// A time of the timeline as wall time, by the wall clock of this moment.
    pub(crate) fn unix_ms(&self, time: u64) -> u64 {
        if time <= self.time {
            self.wall.saturating_sub(self.time - time)
        } else {
            self.wall.saturating_add(time - self.time)
        }
    }

    /// The same as a timestamp.
    pub(crate) fn timestamp(&self, time: u64) -> Timestamp {
        Timestamp::from_unix_ms(self.unix_ms(time))
    }
}

/// Where a timeline continues that was saved at `time` with the wall clock at `saved_wall`.
pub(crate) fn resume(time: u64, saved_wall: u64, wall: u64) -> Resumed {
    let back = saved_wall.saturating_sub(wall);
    let down = match wall.saturating_sub(saved_wall) {
        // Set back a little: the longest downtime that can hide in it.
        0 if back > 0 => RESTART_TOLERANCE,
        down => down.min(LONGEST_STEP),
    };
    let unknown_downtime = back > RESTART_TOLERANCE;
    Resumed {
        time: time.saturating_add(if unknown_downtime { 0 } else { down }),
        unknown_downtime,
    }
}

/// The next time at which something is due, on the timeline of its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due(u64);

impl Due {
    pub(crate) const fn at(time: u64) -> Self {
        Self(time)
    }

    /// Whether it is due now; if so, it is due again an interval later.
    pub(crate) fn take(&mut self, now: u64, interval: u64) -> bool {
        let is_due = now >= self.0;
        if is_due {
            self.0 = now.saturating_add(interval);
        }
        is_due
    }
}

/// Ticks in a second. In 32 bits they last for eight years.
pub(crate) const TICKS: u32 = 16;

/// Whole ticks, at most what 32 bits hold.
#[inline]
pub(crate) fn ticks(ms: u64) -> u32 {
    // 2/125 of a tick per millisecond, and no overflow for any time that fits into 32 bits of ticks.
    u32::try_from(ms.saturating_mul(2) / 125).unwrap_or(u32::MAX)
}

/// The first millisecond of a tick.
pub(crate) fn ticks_as_ms(ticks: u32) -> u64 {
    (u64::from(ticks) * 125).div_ceil(2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::time::clock::ManualClock;

    fn step(act: impl FnOnce(&ManualClock)) -> Step {
        let clock = ManualClock::new(1_000_000);
        let timeline = Timeline::starting_at(ORIGIN, &clock);
        let before = timeline.moment(&clock);
        act(&clock);
        before.step_to(&timeline.moment(&clock), 10_000)
    }

    #[test]
    fn a_wall_clock_set_forward_is_a_gap_and_moves_time() {
        let step = step(|clock| {
            clock.advance(Duration::from_secs(1));
            clock.set_unix_ms(1_000_000 + 3_601_000);
        });
        assert_eq!(step.forward, 3_600_000);
        assert_eq!(step.break_cause, Some(BreakCause::ClockJump));
    }

    #[test]
    fn a_wall_clock_set_back_is_a_gap_and_time_goes_on() {
        let step = step(|clock| clock.set_unix_ms(0));
        assert_eq!(
            (step.forward, step.break_cause),
            (0, Some(BreakCause::ClockJump))
        );
    }

    #[test]
    fn a_suspended_process_is_a_gap_and_a_slewed_clock_is_none() {
        let stalled = step(|clock| clock.advance(Duration::from_secs(11)));
        assert_eq!(
            (stalled.forward, stalled.break_cause),
            (0, Some(BreakCause::Stalled))
        );
        let slewed = step(|clock| clock.set_unix_ms(1_001_900));
        assert_eq!((slewed.forward, slewed.break_cause), (0, None));
    }

    #[test]
    fn a_wildly_wrong_clock_does_not_use_up_time() {
        let step = step(|clock| clock.set_unix_ms(u64::MAX));
        assert_eq!(step.forward, LONGEST_STEP);
    }

    #[test]
    fn downtime_is_added_unless_the_clock_went_back() {
        let resumed = |wall| resume(500, 1_000_000, wall);
        assert_eq!(resumed(1_003_000).time, 3_500);
        assert_eq!(
            resumed(1_000_000),
            Resumed {
                time: 500,
                unknown_downtime: false
            }
        );
        assert_eq!(
            resumed(999_000),
            Resumed {
                time: 60_500,
                unknown_downtime: false
            }
        );
        assert_eq!(
            resumed(900_000),
            Resumed {
                time: 500,
                unknown_downtime: true
            }
        );
    }
}
