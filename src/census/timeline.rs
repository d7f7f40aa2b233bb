//! The census's own time.
//!
//! It follows the monotonic clock, so that a wall clock that is set back changes nothing. Where the wall clock runs
//! ahead of the monotonic one (the machine slept, or the clock was set forward), the time between is added: if it was
//! real, windows must move on; if it was not, callers leave the windows early, but the windows then are full of a gap.
//! Windows, ages and orders are all reckoned in this time. Wall time is only what it is shown in.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::time::{Clock, millis};

use super::coverage::GapCause;

/// Where a new census's time starts, in milliseconds: later than the second 0, which means "never", by more than any
/// window or sensible retention.
pub(crate) const ORIGIN: u64 = 400 * 86_400_000;

/// Wall and monotonic time may disagree by so much between two heartbeats before it is a jump. NTP slews at most half a
/// millisecond a second, and its small steps are of no account for windows of minutes.
const TOLERANCE: u64 = 2_000;

/// No jump or downtime counts for more: it is longer than any window or sensible retention, and a clock that is
/// wildly wrong does not use up the 136 years that seconds in 32 bits can tell.
const LONGEST_STEP: u64 = 400 * 86_400_000;

/// A wall clock that was set back by less than this while the process was down is trusted to have been right before.
const RESTART_TOLERANCE: u64 = 60_000;

#[derive(Debug)]
pub(crate) struct Timeline {
    /// What is added to the monotonic clock's milliseconds, modulo 2⁶⁴: a clock that has run for long is ahead of a new
    /// census.
    offset: AtomicU64,
}

/// One reading of all clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The census's own time.
    pub(crate) time: u64,
    /// Since the Unix epoch.
    pub(crate) wall: u64,
    monotonic: u64,
}

/// How the time since an earlier moment went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What the census's time must be put forward by.
    pub(crate) forward: u64,
    /// Why the step is no coverage, if it is none.
    pub(super) gap: Option<GapCause>,
}

/// How a census that was saved goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    pub(crate) time: u64,
    /// The wall clock went back, so nobody knows how long the process was down.
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

    /// The present second of the census's time. It is asked for at every sighting, and so does without the care for
    /// numbers that no clock reaches.
    #[inline]
    pub(super) fn second(&self, clock: &dyn Clock) -> u32 {
        let elapsed = clock.monotonic();
        let ms = elapsed
            .as_secs()
            .wrapping_mul(1_000)
            .wrapping_add(u64::from(elapsed.subsec_millis()));
        seconds(self.time(ms))
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
            // Relaxed: a sighting stamped with the time before the jump falls into the gap that the jump makes.
            self.offset.fetch_add(by, Ordering::Relaxed);
        }
    }

    fn time(&self, monotonic: u64) -> u64 {
        monotonic.wrapping_add(self.offset.load(Ordering::Relaxed))
    }
}

impl Moment {
    /// How the time went by from this moment to a later one, if heartbeats must not be further apart than `longest`
    /// milliseconds.
    pub(crate) fn step_to(&self, later: &Self, longest: u64) -> Step {
        let passed = later.monotonic.saturating_sub(self.monotonic);
        let expected = self.wall.saturating_add(passed);
        let forward = later.wall.saturating_sub(expected);
        let gap = if later.wall.abs_diff(expected) > TOLERANCE {
            Some(GapCause::ClockJump)
        } else if passed > longest {
            Some(GapCause::Stalled)
        } else {
            None
        };
        let jumped = if forward > TOLERANCE {
            forward.min(LONGEST_STEP)
        } else {
            0
        };
        // A monotonic clock that goes back breaks its promise; the census's time does not go back with it.
        let made_up = self.time.saturating_sub(later.time);
        Step {
            forward: jumped.max(made_up),
            gap,
        }
    }

    /// This moment after the time was put forward.
    pub(crate) fn forwarded(mut self, by: u64) -> Self {
        self.time = self.time.saturating_add(by);
        self
    }

    /// A moment of the census's time as wall time, by what the wall clock shows now.
    pub(crate) fn unix_ms(&self, time: u64) -> u64 {
        if time <= self.time {
            self.wall.saturating_sub(self.time - time)
        } else {
            self.wall.saturating_add(time - self.time)
        }
    }
}

/// How the census's time goes on when it was saved at `time` with the wall clock at `saved_wall`.
pub(crate) fn resume(time: u64, saved_wall: u64, wall: u64) -> Resumed {
    let back = saved_wall.saturating_sub(wall);
    let down = match wall.saturating_sub(saved_wall) {
        // Set back a little: the most that can have gone unnoticed.
        0 if back > 0 => RESTART_TOLERANCE,
        down => down.min(LONGEST_STEP),
    };
    let unknown_downtime = back > RESTART_TOLERANCE;
    Resumed {
        time: time.saturating_add(if unknown_downtime { 0 } else { down }),
        unknown_downtime,
    }
}

/// Whole seconds, at most what 32 bits hold.
#[inline]
pub(super) fn seconds(ms: u64) -> u32 {
    u32::try_from(ms / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::time::ManualClock;

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
        assert_eq!(step.gap, Some(GapCause::ClockJump));
    }

    #[test]
    fn a_wall_clock_set_back_is_a_gap_and_time_goes_on() {
        let step = step(|clock| clock.set_unix_ms(0));
        assert_eq!((step.forward, step.gap), (0, Some(GapCause::ClockJump)));
    }

    #[test]
    fn a_suspended_process_is_a_gap_and_a_slewed_clock_is_none() {
        let stalled = step(|clock| clock.advance(Duration::from_secs(11)));
        assert_eq!((stalled.forward, stalled.gap), (0, Some(GapCause::Stalled)));
        let slewed = step(|clock| clock.set_unix_ms(1_001_900));
        assert_eq!((slewed.forward, slewed.gap), (0, None));
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
