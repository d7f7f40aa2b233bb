//! When the census watched, and what it counted over time. Only heartbeats and reports touch it.

use serde::{Deserialize, Serialize};

use crate::time::{
    Clock,
    timeline::{Moment, Timeline},
};

use super::{
    coverage::{Coverage, GapCause},
    open_error::OpenErrorKind,
    record::Record,
    response_counts::ResponseHistory,
};

#[derive(Debug)]
pub(super) struct Watch {
    /// The last heartbeat.
    pub(super) last: Moment,
    pub(super) coverage: Coverage,
    pub(super) history: ResponseHistory,
    /// Per kind.
    pub(super) forgotten: Vec<Forgotten>,
    /// With their times on the timeline.
    pub(super) losses: Vec<(u64, OpenErrorKind)>,
}

/// How many callers of a kind were forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forgotten {
    pub(super) callers: u64,
    pub(super) dependents: u64,
}

impl Forgotten {
    pub(super) fn count(&mut self, record: &Record) {
        let dependents = u64::from(record.still_depends());
        self.add(&Self {
            callers: 1,
            dependents,
        });
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.callers = self.callers.saturating_add(more.callers);
        self.dependents = self.dependents.saturating_add(more.dependents);
    }
}

impl Watch {
    /// How many losses are remembered: the newest ones.
    pub(super) const MAX_LOSSES: usize = 16;

    pub(super) fn new(now: Moment, kinds: usize) -> Self {
        Self {
            last: now,
            coverage: Coverage::default(),
            history: ResponseHistory::new(kinds),
            forgotten: vec![Forgotten::default(); kinds],
            losses: Vec::new(),
        }
    }

    /// Records a heartbeat, moves the timeline past any jump of the clock, and returns the moment.
    pub(super) fn beat(&mut self, timeline: &Timeline, clock: &dyn Clock, longest: u64) -> Moment {
        let now = timeline.moment(clock);
        let step = self.last.step_to(&now, longest);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        match step.break_cause {
            Some(cause) => self.begin(now.time, cause.into()),
            None => self.coverage.extend(now.time),
        }
        self.last = now;
        now
    }

    fn begin(&mut self, now: u64, cause: GapCause) {
        self.coverage.begin(now, cause);
        tracing::warn!(cause = cause.as_str(), "gap in the census's coverage");
    }

    pub(super) fn lose(&mut self, reason: OpenErrorKind) {
        if self.losses.len() == Self::MAX_LOSSES {
            self.losses.remove(0);
        }
        self.losses.push((self.last.time, reason));
    }
}
