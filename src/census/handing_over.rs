//! What a census hands over to the census of a fleet.

use crate::{
    caller::ClientVersion,
    time::timeline::{Moment, ticks},
};

use super::{
    census::Census,
    overflow::Bucket,
    record::{CHANGED, Record, TARGET},
    response_counts::ResponseCounts,
    striped_counters::Uncounted,
    watch::{GapCause, Outgoing, WatchedInterval},
};

/// What was counted since the last time. Times are those of the census.
pub(super) struct Taken {
    /// Everything that was counted before is in this or an earlier one, if all was taken.
    pub(super) at: Moment,
    /// Records whose counts are what was counted since they were last taken.
    pub(super) callers: Vec<(Record, Option<ClientVersion>)>,
    pub(super) responses: Vec<(u32, u8, ResponseCounts)>,
    /// Of each endpoint whether any response was no failure, and the failures.
    pub(super) failures: Vec<(u8, bool, u32)>,
    /// When the process watched.
    pub(super) alive: Vec<WatchedInterval>,
    /// When it was fed as well.
    pub(super) fed: Vec<WatchedInterval>,
    /// The estimates, how often they changed, and the last tick in which they did.
    pub(super) overflow: (Vec<Bucket>, u64, u32),
}

impl Census {
    /// From now on keeps what is to be handed over.
    pub(super) fn begin_handing_over(&self) {
        let now = self.heartbeat();
        let mut watch = self.lock_watch();
        if watch.outgoing.is_none() {
            let mut outgoing = Outgoing::default();
            outgoing.alive.begin(now.time, GapCause::Beginning);
            watch.outgoing = Some(outgoing);
        }
    }

    /// Whether it does, so that callers are dropped only once they were handed over.
    pub(super) fn hands_over(&self) -> bool {
        self.lock_watch().outgoing.is_some()
    }

    /// Takes what changed: all of it, or of callers only those whose state may have changed here, or is another one than in the
    /// merged census.
    pub(super) fn take(&self, all: bool, merged: &Self) -> Taken {
        let at = self.heartbeat();
        let mut callers = Vec::new();
        {
            let versions = self.table.versions().names();
            let differs =
                |record: &Record| !record.has(TARGET) && merged.table.is_target(record.fingerprint);
            let wanted = |record: &Record| all || record.has(CHANGED) || differs(record);
            self.table.take(wanted, |record| {
                callers.push((record, versions.get(record.version).copied()));
            });
        }
        let mut watch = self.lock_watch();
        // What the records have is in the counts as well.
        self.drain(&mut watch);
        let since = at.time.saturating_sub(RECENT);
        let recent = |all: &WatchedInterval| all.to >= since;
        let fed = watch.coverage.intervals().copied().filter(recent).collect();
        let outgoing = watch.outgoing.get_or_insert_default();
        let alive = outgoing.alive.intervals().copied().filter(recent).collect();
        let responses = std::mem::take(&mut outgoing.responses).into_iter();
        let responses = responses
            .map(|((second, kind), counts)| (second, kind, counts))
            .collect();
        drop(watch);
        Taken {
            at,
            callers,
            responses,
            failures: self.health.take().collect(),
            alive,
            fed,
            overflow: self.estimates(),
        }
    }

    /// The estimates, how often they changed, and the last tick in which they did.
    pub(super) fn estimates(&self) -> (Vec<Bucket>, u64, u32) {
        let overflow = self.lock_overflow();
        (overflow.buckets.clone(), overflow.changes, overflow.last)
    }

    /// Whether few callers more have a place.
    pub(super) fn is_nearly_full(&self) -> bool {
        self.known() + self.capacity() / 16 >= self.capacity()
    }

    /// Counts callers that the fleet's census has no place for among those without one.
    pub(super) fn estimate(&self, refused: &[Uncounted]) {
        if !refused.is_empty() {
            self.lock_overflow().add(refused);
        }
    }

    /// Forgets callers that were handed over and not seen for a while: the fleet's census knows them. In a full table all that
    /// were handed over.
    pub(super) fn forget_handed_over(&self) {
        let now = self.moment().time;
        let since = if self.is_nearly_full() {
            now
        } else {
            now.saturating_sub(DAY)
        };
        let since = ticks(since);
        self.table
            .retain(|record| record.responses > 0 || record.last_seen() >= since);
    }
}

const DAY: u64 = 86_400_000;

/// How long ago intervals ended that are handed over once more, in milliseconds: longer than any outage that is survived.
const RECENT: u64 = 7 * 86_400_000;
