//! What the clock of this instance says of the brownouts in the journal.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    rollout::state::{Brownout, RolloutState},
    time::{Clock, Timestamp},
};

/// What the clock of this instance says of the brownouts in the journal.
///
/// The flag is off only while the journal says that a brownout began, and between its start and end by the wall clock. Within
/// a process it lasts no longer by the monotonic clock either, and does not begin again, wherever the wall clock is set.
#[derive(Debug, Default)]
pub(super) struct BrownoutWatch {
    /// The one because of which the flag is off, and when that ends by the monotonic clock.
    off: Option<(u64, Duration)>,
    /// Those that are over here and not in the journal.
    over: BTreeSet<u64>,
}

/// How much earlier than the journal a clock may be.
const SKEW: Duration = Duration::from_secs(60);

impl BrownoutWatch {
    /// When a process begins to watch. A clock that is before the beginning of a brownout was set back, so how long that
    /// lasted is not known, and it is over.
    pub(super) fn new(state: &RolloutState, clock: &dyn Clock) -> Self {
        let now = Timestamp::now(clock);
        let later = |brownout: &&Brownout| {
            let began = brownout.began.as_ref();
            began.is_some_and(|began| began.at.since(now) > SKEW)
        };
        let distrusted = state.running_brownout().filter(later);
        let mut watch = Self {
            off: None,
            over: distrusted.into_iter().map(Brownout::seq).collect(),
        };
        watch.update(state, clock);
        watch
    }

    /// Brings it up to date.
    pub(super) fn update(&mut self, state: &RolloutState, clock: &dyn Clock) {
        let (now, monotonic) = (Timestamp::now(clock), clock.monotonic());
        let is_pending = |seq| state.brownout(seq).is_some_and(Brownout::is_pending);
        self.over.retain(|seq| is_pending(*seq));
        for brownout in state.pending_brownouts() {
            let seq = brownout.seq();
            let elapsed = |(off, until)| off == seq && until <= monotonic;
            if brownout.until <= now || self.off.is_some_and(elapsed) {
                self.over.insert(seq);
            }
        }
        let running = state.running_brownout();
        let running = running.filter(|brownout| !self.is_over(brownout.seq()));
        self.off = running.and_then(|brownout| {
            let known = self.off.filter(|(seq, _)| *seq == brownout.seq());
            let begins = || (brownout.seq(), monotonic + brownout.until.since(now));
            known.or_else(|| (brownout.start <= now).then(begins))
        });
    }

    /// The brownout because of which the flag is off.
    pub(super) fn running(&self) -> Option<u64> {
        self.off.map(|(seq, _)| seq)
    }

    /// Whether a brownout is over here, and that is not in the journal.
    pub(super) fn is_over(&self, seq: u64) -> bool {
        self.over.contains(&seq)
    }

    /// Ends a brownout here.
    pub(super) fn end(&mut self, seq: u64) {
        self.over.insert(seq);
    }
}
