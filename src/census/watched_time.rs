//! The watched time up to now, as gates count it.

use std::time::Duration;

use crate::time::{
    millis,
    timeline::{Moment, ticks_as_ms},
};

use super::{
    record::{Judge, Record},
    watch::{GapCause, Watch},
    window::Window,
};

/// The longest stretch that a window may take to be watched.
const LONGEST_STRETCH: u64 = Window::MONTH.as_millis();

/// The longest time that an inactive caller can be due.
const LONGEST_DUE: u64 = 90 * 86_400_000;

/// The watched intervals up to a moment and the gaps between them, oldest first; times are milliseconds of the timeline.
#[derive(Debug)]
pub(crate) struct WatchedTime {
    pub(super) now: Moment,
    gaps: Vec<(u64, u64, GapCause)>,
}

/// What a gate requires of its window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowRules {
    pub(crate) window: Window,
    /// The least share of the stretch that must be watched.
    pub(crate) min_ratio: f64,
}

/// The shortest stretch of time up to now that holds the watched time of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) window: Window,
    /// Its start, on the timeline.
    pub(super) from: u64,
    pub(crate) length_ms: u64,
    pub(crate) watched_ms: u64,
    pub(crate) gaps: usize,
    /// How long it takes until the window was watched if there is no further gap; 0 if it was.
    missing_ms: u64,
}

impl WatchedTime {
    /// More than `max_silence` without a response is a gap as well.
    pub(super) fn new(watch: &Watch, now: Moment, max_silence: Duration) -> Self {
        let reach = now.time.saturating_sub(LONGEST_DUE + LONGEST_STRETCH);
        let mut gaps = watch.coverage.gaps_between(reach, now.time);
        let end = watch
            .coverage
            .intervals()
            .last()
            .map_or(now.time, |last| last.to);
        if end < now.time && gaps.last().is_none_or(|(_, to, _)| *to < now.time) {
            gaps.push((end, now.time, GapCause::Stalled));
        }
        let silences = silences(watch, now.time, millis(max_silence));
        gaps.extend(
            silences
                .into_iter()
                .map(|(from, to)| (from, to, GapCause::NoResponses)),
        );
        Self {
            now,
            gaps: joined(gaps),
        }
    }

    /// The stretch of a window, of which nothing before `not_before` counts.
    pub(crate) fn stretch(&self, rules: WindowRules, not_before: u64) -> Stretch {
        let (window, now) = (rules.window.as_millis(), self.now.time);
        let longest = longest_stretch(window, rules.min_ratio);
        let watched_at = |later: u64| {
            let from = (now + later).saturating_sub(longest).max(not_before);
            later + self.watched_since(from)
        };
        let later = first(window, |later| watched_at(later) >= window);
        self.since(rules.window, self.start_of(window), later)
    }

    /// The window up to now, watched or not.
    pub(crate) fn plain(&self, window: Window) -> Stretch {
        let from = self.now.time.saturating_sub(window.as_millis());
        self.since(window, from, 0)
    }

    fn since(&self, window: Window, from: u64, missing_ms: u64) -> Stretch {
        let gaps = self.gaps.iter().filter(|(_, to, _)| *to > from);
        Stretch {
            window,
            from,
            length_ms: self.now.time - from,
            watched_ms: self.watched_since(from),
            gaps: gaps.count(),
            missing_ms,
        }
    }

    /// Since when responses count whose callers cannot be followed, so that each may be the last before a gap: one within a
    /// window before a gap counts until a window after it, or after the latest time at which its caller was due.
    pub(super) fn unfollowed_since(&self, stretch: &Stretch) -> u64 {
        let (window, now) = (stretch.window.as_millis(), self.now.time);
        let recent = |(from, to, _): &&(u64, u64, GapCause)| from < to && to + window > now;
        let before = |(from, ..): &(u64, u64, GapCause)| {
            let earliest = now.saturating_sub((2 * window).min(LONGEST_STRETCH));
            from.saturating_sub(window).max(earliest)
        };
        let since = self.gaps.iter().find(recent).map(before);
        since.map_or(stretch.from, |since| since.min(stretch.from))
    }

    /// Until when an inactive caller does not count as gone: for two of its longest pauses; if it was due in a gap, until it
    /// was due once more; and if it was not seen for long enough to know its pauses, it may have been due in any gap within
    /// a window, and be due again within another.
    pub(super) fn gone_at(&self, record: &Record, judge: Judge<'_>, window: Window) -> u64 {
        let last = ticks_as_ms(record.last_possible(judge));
        let pause = ticks_as_ms(record.pause_ticks());
        let known = last - ticks_as_ms(record.first_seen).min(last);
        let mut due = last + pause;
        while let Some(end) = self.gap_end(due).filter(|_| pause > 0) {
            due += (end - due).div_ceil(pause).max(1) * pause;
        }
        let mut gone = due + pause;
        let window = window.as_millis();
        if known < window {
            let before = self
                .gaps
                .partition_point(|(from, ..)| *from < last + window);
            let latest = before.checked_sub(1).map(|index| self.gaps[index].1);
            let latest = latest.filter(|end| *end > last + known.max(pause));
            gone = gone.max(latest.map_or(0, |end| end.min(last + window) + window));
        }
        gone.min(last + LONGEST_DUE)
    }

    /// The end of the gap that holds a time.
    fn gap_end(&self, time: u64) -> Option<u64> {
        let next = self.gaps.partition_point(|(from, ..)| *from <= time);
        let (_, end, _) = self.gaps[..next].last()?;
        (*end > time).then_some(*end)
    }

    fn watched_since(&self, from: u64) -> u64 {
        let within = |(start, end, _): &(u64, u64, GapCause)| end.saturating_sub(from.max(*start));
        let unwatched: u64 = self.gaps.iter().map(within).sum();
        (self.now.time.saturating_sub(from)).saturating_sub(unwatched)
    }

    /// Where the shortest stretch begins that holds this much watched time, or the longest one.
    fn start_of(&self, window: u64) -> u64 {
        let earliest = self.now.time.saturating_sub(LONGEST_STRETCH);
        let length = first(LONGEST_STRETCH, |length| {
            self.watched_since(self.now.time.saturating_sub(length)) >= window
        });
        earliest.max(self.now.time.saturating_sub(length))
    }
}

impl Stretch {
    /// Whether the window was watched, as the policy requires.
    pub(crate) const fn is_watched(&self) -> bool {
        self.missing_ms == 0
    }

    /// How long it takes until the window was watched if there is no further gap.
    pub(crate) const fn missing_ms(&self) -> u64 {
        self.missing_ms
    }

    /// The share of it that was watched.
    #[expect(
        clippy::cast_precision_loss,
        reason = "30 days in milliseconds are exact in 64-bit floats"
    )]
    pub(crate) fn ratio(&self) -> f64 {
        self.watched_ms as f64 / self.length_ms.max(1) as f64
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a policy's ratio is positive"
)]
fn longest_stretch(window: u64, min_ratio: f64) -> u64 {
    ((window as f64 / min_ratio) as u64).clamp(window, LONGEST_STRETCH)
}

/// The first number up to `last` for which something holds that holds from there on; `last` if it holds of no earlier one.
fn first(last: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The times without a response that hold more watched time than the policy allows.
fn silences(watch: &Watch, now: u64, longest: u64) -> Vec<(u64, u64)> {
    let began = now.saturating_sub(LONGEST_STRETCH).max(watch.began);
    let pauses = watch.history.pauses(began / 1_000, now / 1_000).into_iter();
    let pauses = pauses.map(|(from, to)| ((from * 1_000).max(began), (to * 1_000).min(now)));
    pauses
        .filter(|(from, to)| watch.coverage.watched_between(*from, *to) > longest)
        .collect()
}

/// Gaps that overlap or touch become one, with the cause of the first.
fn joined(mut gaps: Vec<(u64, u64, GapCause)>) -> Vec<(u64, u64, GapCause)> {
    gaps.sort_unstable_by_key(|(from, ..)| *from);
    let mut joined: Vec<(u64, u64, GapCause)> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        match joined.last_mut().filter(|last| gap.0 <= last.1) {
            Some(last) => last.1 = last.1.max(gap.1),
            None => joined.push(gap),
        }
    }
    joined
}
