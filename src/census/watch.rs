//! When the census watched, and what it counted over time. Only heartbeats and reports touch it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::time::{
    Clock, Timestamp,
    timeline::{BreakCause, Moment, Timeline, ticks},
};

use super::{
    failures::Failures,
    open_error::OpenCensusErrorKind,
    record::{CallerState, Judge, Record},
    response_counts::{ResponseCounts, ResponseHistory},
    rules::RulesInForce,
};

#[derive(Debug)]
pub(super) struct Watch {
    /// The last heartbeat.
    pub(super) last: Moment,
    pub(super) coverage: Coverage,
    pub(super) history: ResponseHistory,
    pub(super) failures: Failures,
    pub(super) rules: RulesInForce,
    /// When the census began, on its timeline.
    pub(super) began: u64,
    /// Per kind.
    pub(super) forgotten: Vec<Forgotten>,
    /// With their times on the timeline.
    pub(super) losses: Vec<(u64, OpenCensusErrorKind)>,
    /// The event that last changed the flag, by its number and time in the journal, and when that was on the timeline.
    pub(super) flag_changed: Option<((u64, u64), u64)>,
    /// What is handed over to the census of a fleet, if this one is part of it.
    pub(super) outgoing: Option<Outgoing>,
}

/// What is handed over besides the callers.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// When the process watched, fed or not.
    pub(super) alive: Coverage,
    /// Responses by second and kind.
    pub(super) responses: BTreeMap<(u32, u8), ResponseCounts>,
}

/// How many callers of a kind are not known any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forgotten {
    /// Not seen for the retention.
    pub(super) callers: u64,
    /// Of these the ones that had depended and not migrated.
    pub(super) dependents: u64,
    /// Target callers that were dropped from a full table.
    pub(super) dropped: u64,
}

impl Forgotten {
    /// Counts a caller that was not seen for the retention.
    pub(super) fn count(&mut self, record: &Record, judge: Judge<'_>) {
        self.callers = self.callers.saturating_add(1);
        if record.depended() && record.state(judge) != CallerState::Migrated {
            self.dependents = self.dependents.saturating_add(1);
        }
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.callers = self.callers.saturating_add(more.callers);
        self.dependents = self.dependents.saturating_add(more.dependents);
        self.dropped = self.dropped.saturating_add(more.dropped);
    }
}

impl Watch {
    /// How many losses are remembered: the newest ones.
    pub(super) const MAX_LOSSES: usize = 16;

    pub(super) fn new(now: Moment, rules: RulesInForce) -> Self {
        let kinds = rules.kinds.len();
        Self {
            last: now,
            coverage: Coverage::default(),
            history: ResponseHistory::new(kinds),
            failures: Failures::default(),
            rules,
            began: now.time,
            forgotten: vec![Forgotten::default(); kinds],
            losses: Vec::new(),
            flag_changed: None,
            outgoing: None,
        }
    }

    /// Records a heartbeat, moves the timeline past any jump of the clock, and returns the moment. Without a feeder the
    /// time is not watched.
    pub(super) fn beat(
        &mut self,
        (timeline, clock): (&Timeline, &dyn Clock),
        longest: u64,
        is_fed: bool,
    ) -> Moment {
        let now = timeline.moment(clock);
        let step = self.last.step_to(&now, longest);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        let cause = step.break_cause.map(GapCause::from);
        if let Some(cause) = cause {
            tracing::warn!(cause = cause.as_str(), "gap in the census's coverage");
        }
        self.coverage.beat((now.time, longest), cause, is_fed);
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.alive.beat((now.time, longest), cause, true);
        }
        self.last = now;
        now
    }

    /// Counts responses of a second.
    pub(super) fn count(&mut self, second: u32, kind: usize, responses: &ResponseCounts) {
        self.history.add(second, kind, responses);
        let number = u8::try_from(kind).unwrap_or(0);
        if let Some(outgoing) = self.outgoing.as_mut().filter(|_| !responses.is_none()) {
            let counted = outgoing.responses.entry((second, number)).or_default();
            counted.add(responses);
        }
    }

    pub(super) fn lose(&mut self, reason: OpenCensusErrorKind) {
        if self.losses.len() == Self::MAX_LOSSES {
            self.losses.remove(0);
        }
        self.losses.push((self.last.time, reason));
    }
}

/// The watched intervals, oldest first; between them are gaps. Times are milliseconds of the census's timeline.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    watched: VecDeque<WatchedInterval>,
    /// Whether the time since the last interval is not watched, for want of a feeder.
    unfed: bool,
    /// Why the time since the last interval is a gap already, in the coverage of a fleet.
    tail: Option<GapCause>,
    /// Whether there are other gaps than when this was last taken.
    changed: bool,
}

/// An interval without gaps, from its first to its last heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WatchedInterval {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The cause of the gap before it.
    pub(super) before: GapCause,
}

/// The cause of a gap. Snapshots store the position of a variant: append new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapCause {
    /// The census did not exist yet, or its data was lost.
    Beginning,
    /// The process was down: shut down, crashed or killed. Reaches back to the last snapshot.
    Restart,
    /// No heartbeats: the process was suspended, or starved of processor time.
    Stalled,
    /// The wall clock jumped.
    ClockJump,
    /// Nothing fed the census: there was no service with the layer.
    Unfed,
    /// In a whole hour an endpoint with legacy shapes gave ten responses or more, and all of them were 5xx.
    Failing,
    /// No response on any endpoint of the contract for longer than the policy allows.
    NoResponses,
    /// An instance that shares the census was gone without having left: what it had not handed over is lost.
    InstanceLost,
    /// The store that the instances share could not be reached.
    StoreUnreachable,
    /// Fewer instances counted than the policy says that serve.
    TooFewInstances,
}

/// A stretch of time in which the census did not watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Gap {
    /// The last heartbeat before.
    pub from: Timestamp,
    /// The first heartbeat after.
    pub to: Timestamp,
    /// Its cause.
    pub cause: GapCause,
}

impl Coverage {
    /// How many intervals are kept. Beyond that the oldest is dropped and counts as not watched.
    pub(super) const MAX: usize = 4_096;

    /// Watching begins, or begins again.
    pub(super) fn begin(&mut self, now: u64, before: GapCause) {
        self.changed = true;
        if self.watched.len() == Self::MAX {
            self.watched.pop_front();
        }
        self.watched.push_back(WatchedInterval {
            from: now,
            to: now,
            before,
        });
    }

    /// Watching continued without a gap.
    pub(super) fn extend(&mut self, now: u64) {
        match self.watched.back_mut() {
            Some(last) => last.to = last.to.max(now),
            None => self.begin(now, GapCause::Beginning),
        }
    }

    /// A heartbeat, with the cause of a gap before it if there was one. A census that has just begun may wait for its feeder
    /// as long as for a heartbeat; that belongs to the gap before it.
    pub(super) fn beat(&mut self, (now, longest): (u64, u64), gap: Option<GapCause>, is_fed: bool) {
        let was_unfed = std::mem::replace(&mut self.unfed, !is_fed);
        self.changed |= was_unfed == is_fed;
        match gap {
            _ if !is_fed => {}
            _ if was_unfed => {
                let last = self.watched.back().copied();
                let begun = last.filter(|last| last.from == last.to && now - last.to <= longest);
                if begun.is_some() {
                    self.watched.pop_back();
                }
                self.begin(now, begun.map_or(GapCause::Unfed, |begun| begun.before));
            }
            Some(cause) => self.begin(now, cause),
            None => self.extend(now),
        }
    }

    /// Makes a time that was watched a gap.
    pub(super) fn cut(&mut self, from: u64, to: u64, cause: GapCause) {
        let mut rest = Vec::new();
        while let Some(last) = self.watched.back().copied().filter(|last| last.to > from) {
            self.watched.pop_back();
            if last.to >= to {
                let before = if last.from < to { cause } else { last.before };
                let from = last.from.max(to);
                rest.push(WatchedInterval {
                    from,
                    before,
                    ..last
                });
            }
            if last.from < from {
                self.watched.push_back(WatchedInterval { to: from, ..last });
                break;
            }
        }
        self.watched.extend(rest.into_iter().rev());
        self.changed = true;
        while self.watched.len() > Self::MAX {
            self.watched.pop_front();
        }
    }

    /// Drops all coverage: how long ago it was is unknown.
    pub(super) fn forget(&mut self) {
        self.watched.clear();
    }

    /// Drops intervals that no query about the time after this moment needs. An interval is needed as long as the gap
    /// after it, whose length depends on it.
    pub(super) fn prune(&mut self, before: u64) {
        while self.watched.get(1).is_some_and(|next| next.from < before) {
            self.watched.pop_front();
        }
    }

    /// How many milliseconds between the two moments were watched.
    pub(super) fn watched_between(&self, from: u64, to: u64) -> u64 {
        let within = |interval: &WatchedInterval| {
            interval.to.min(to).saturating_sub(interval.from.max(from))
        };
        self.watched.iter().map(within).sum()
    }

    /// The gaps that reach into the time between the two moments, clipped to it, oldest first. The time since the last
    /// heartbeat is not a gap yet, unless nothing feeds the census.
    pub(super) fn gaps_between(&self, from: u64, to: u64) -> Vec<(u64, u64, GapCause)> {
        let mut end = 0;
        let mut gaps = Vec::new();
        for interval in &self.watched {
            // A clock that was set back between two heartbeats of one moment gives a gap of length zero.
            if interval.from > from && end <= to {
                gaps.push((end.max(from), interval.from.min(to), interval.before));
            }
            end = interval.to;
        }
        let unfed = self.unfed.then_some(GapCause::Unfed);
        if let Some(cause) = self.tail.or(unfed).filter(|_| end < to) {
            gaps.push((end.max(from), to, cause));
        }
        gaps
    }

    /// The total length of the gaps between intervals that ended after this moment.
    pub(super) fn unwatched_since(&self, since: u64) -> u64 {
        let pairs = self.watched.iter().zip(self.watched.iter().skip(1));
        pairs
            .filter(|(_, next)| next.from >= since)
            .map(|(last, next)| next.from.saturating_sub(last.to))
            .sum()
    }

    /// The gaps of an hour or more that ended after this moment, in ticks; `None` if they are the same as the last time.
    pub(super) fn changed_gaps(&mut self, since: u64) -> Option<Vec<(u32, u32)>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let gaps = self.gaps_between(since, u64::MAX).into_iter();
        let long = gaps.filter(|(from, to, _)| to - from >= 3_600_000);
        Some(long.map(|(from, to, _)| (ticks(from), ticks(to))).collect())
    }

    pub(super) fn intervals(&self) -> impl ExactSizeIterator<Item = &WatchedInterval> {
        self.watched.iter()
    }

    /// Replaces all by the coverage of a fleet. `tail` says why the time since the last interval is a gap already.
    pub(super) fn replace(&mut self, watched: Vec<WatchedInterval>, tail: Option<GapCause>) {
        let surplus = watched.len().saturating_sub(Self::MAX);
        self.watched = watched.into_iter().skip(surplus).collect();
        self.tail = tail;
    }

    /// Says that the time since the last interval is a gap.
    pub(super) fn end(&mut self, cause: GapCause) {
        self.tail = Some(cause);
    }

    /// Restores the intervals of a snapshot; `false` unless each begins after the one before it has ended.
    pub(super) fn restore(&mut self, intervals: Vec<WatchedInterval>) -> bool {
        let ordered = intervals.windows(2).all(|pair| pair[0].to <= pair[1].from);
        let forward = intervals
            .iter()
            .all(|interval| interval.from <= interval.to);
        self.watched = intervals.into();
        ordered && forward && self.watched.len() <= Self::MAX
    }
}

impl GapCause {
    /// As in a report: `beginning`, `restart`, `stalled`, `clock_jump`, `unfed`, `failing`, `no_responses`, `instance_lost`,
    /// `store_unreachable` or `too_few_instances`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Restart => "restart",
            Self::Stalled => "stalled",
            Self::ClockJump => "clock_jump",
            Self::Unfed => "unfed",
            Self::Failing => "failing",
            Self::NoResponses => "no_responses",
            Self::InstanceLost => "instance_lost",
            Self::StoreUnreachable => "store_unreachable",
            Self::TooFewInstances => "too_few_instances",
        }
    }
}

impl From<BreakCause> for GapCause {
    fn from(cause: BreakCause) -> Self {
        match cause {
            BreakCause::Stalled => Self::Stalled,
            BreakCause::ClockJump => Self::ClockJump,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_clipped_to_the_window_and_names_its_cause() {
        let mut coverage = Coverage::default();
        coverage.begin(100, GapCause::Beginning);
        coverage.extend(200);
        coverage.begin(250, GapCause::Restart);
        coverage.extend(300);
        assert_eq!(coverage.watched_between(150, 300), 100);
        assert_eq!(
            coverage.gaps_between(50, 300),
            [
                (50, 100, GapCause::Beginning),
                (200, 250, GapCause::Restart)
            ]
        );
        assert_eq!(coverage.gaps_between(220, 300)[0].0, 220);
        assert_eq!(coverage.unwatched_since(250), 50);
        assert_eq!(coverage.unwatched_since(251), 0);
    }

    #[test]
    fn a_crash_loop_costs_coverage_and_no_memory() {
        let mut coverage = Coverage::default();
        for n in 0..2 * Coverage::MAX as u64 {
            coverage.begin(n * 10, GapCause::Restart);
            coverage.extend(n * 10 + 5);
        }
        assert_eq!(coverage.intervals().len(), Coverage::MAX);
        assert_eq!(
            coverage.watched_between(0, u64::MAX),
            5 * Coverage::MAX as u64
        );
    }

    #[test]
    fn intervals_out_of_order_are_refused() {
        let interval = |from, to| WatchedInterval {
            from,
            to,
            before: GapCause::Restart,
        };
        assert!(Coverage::default().restore(vec![interval(1, 2), interval(2, 3)]));
        assert!(!Coverage::default().restore(vec![interval(2, 3), interval(1, 2)]));
        assert!(!Coverage::default().restore(vec![interval(3, 2)]));
    }
}
