//! When the census was really watching.

use std::collections::VecDeque;

use serde::Serialize;

/// Stretches of time between which nobody watched, oldest first. Times are milliseconds of the census's own time.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    watched: VecDeque<WatchedInterval>,
}

/// One unbroken stretch, from its first to its last heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WatchedInterval {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Why nobody watched before it.
    pub(super) before: GapCause,
}

/// Why nobody watched for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapCause {
    /// The census did not exist yet, or what it knew was lost.
    Beginning,
    /// The process was down: shut down, crashed or killed. Reaches back to the last snapshot.
    Restart,
    /// The heartbeats stopped: the process was suspended, or starved of processor time.
    Stalled,
    /// The wall clock jumped.
    ClockJump,
}

/// A stretch in which nobody watched, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Gap {
    /// The last heartbeat before.
    pub from_unix_ms: u64,
    /// The first heartbeat after.
    pub to_unix_ms: u64,
    /// Why.
    pub cause: GapCause,
}

impl Coverage {
    /// So many stretches are kept. Beyond them the oldest is forgotten, that is, taken as not watched.
    pub(super) const MAX: usize = 4_096;

    /// Watching begins, or begins again.
    pub(super) fn begin(&mut self, now: u64, before: GapCause) {
        if self.watched.len() == Self::MAX {
            self.watched.pop_front();
        }
        self.watched.push_back(WatchedInterval {
            from: now,
            to: now,
            before,
        });
    }

    /// Watching went on without a break.
    pub(super) fn extend(&mut self, now: u64) {
        match self.watched.back_mut() {
            Some(last) => last.to = last.to.max(now),
            None => self.begin(now, GapCause::Beginning),
        }
    }

    /// What was watched before is no longer taken as such: it cannot be told how long ago it was.
    pub(super) fn forget(&mut self) {
        self.watched.clear();
    }

    /// Drops what no question about the time after this moment needs. A stretch is needed as long as the gap after it
    /// is: that gap's length cannot be told without it.
    pub(super) fn prune(&mut self, before: u64) {
        while self.watched.get(1).is_some_and(|next| next.from < before) {
            self.watched.pop_front();
        }
    }

    /// How many of the milliseconds between the two moments were watched.
    pub(super) fn watched_between(&self, from: u64, to: u64) -> u64 {
        let within =
            |stretch: &WatchedInterval| stretch.to.min(to).saturating_sub(stretch.from.max(from));
        self.watched.iter().map(within).sum()
    }

    /// The stretches without watch that reach into the time between the two moments, cut to it, oldest first. The
    /// time since the last heartbeat is none yet.
    pub(super) fn gaps_between(&self, from: u64, to: u64) -> Vec<(u64, u64, GapCause)> {
        let mut end = 0;
        let mut gaps = Vec::new();
        for stretch in &self.watched {
            // A clock that was set back between two heartbeats of one moment makes a gap without length.
            if stretch.from > from && end <= to {
                gaps.push((end.max(from), stretch.from.min(to), stretch.before));
            }
            end = stretch.to;
        }
        gaps
    }

    /// The whole length of the gaps between two stretches that ended after this moment.
    pub(super) fn unwatched_since(&self, since: u64) -> u64 {
        let pairs = self.watched.iter().zip(self.watched.iter().skip(1));
        pairs
            .filter(|(_, next)| next.from >= since)
            .map(|(last, next)| next.from.saturating_sub(last.to))
            .sum()
    }

    pub(super) fn stretches(&self) -> impl ExactSizeIterator<Item = &WatchedInterval> {
        self.watched.iter()
    }

    /// Puts back stretches read from a snapshot; `false` unless each begins after the one before it has ended.
    pub(super) fn restore(&mut self, stretches: Vec<WatchedInterval>) -> bool {
        let ordered = stretches.windows(2).all(|pair| pair[0].to <= pair[1].from);
        let forward = stretches.iter().all(|stretch| stretch.from <= stretch.to);
        self.watched = stretches.into();
        ordered && forward && self.watched.len() <= Self::MAX
    }
}

impl GapCause {
    /// All causes; the place of each is its number in a snapshot.
    pub(super) const ALL: [Self; 4] = [
        Self::Beginning,
        Self::Restart,
        Self::Stalled,
        Self::ClockJump,
    ];

    /// As in a report: `beginning`, `restart`, `stalled` or `clock_jump`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Restart => "restart",
            Self::Stalled => "stalled",
            Self::ClockJump => "clock_jump",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_cut_to_the_window_and_names_its_cause() {
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
        assert_eq!(coverage.stretches().len(), Coverage::MAX);
        assert_eq!(
            coverage.watched_between(0, u64::MAX),
            5 * Coverage::MAX as u64
        );
    }

    #[test]
    fn stretches_out_of_order_are_refused() {
        let stretch = |from, to| WatchedInterval {
            from,
            to,
            before: GapCause::Restart,
        };
        assert!(Coverage::default().restore(vec![stretch(1, 2), stretch(2, 3)]));
        assert!(!Coverage::default().restore(vec![stretch(2, 3), stretch(1, 2)]));
        assert!(!Coverage::default().restore(vec![stretch(3, 2)]));
    }
}
