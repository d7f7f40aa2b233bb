//! When the flag changed.

use std::sync::{Mutex, PoisonError};

use crate::{
    flag::FlagState,
    rollout::{Projection, RolloutState, journal::Journal},
    time::Timestamp,
};

/// A change of the flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlagChange {
    pub(crate) at: Timestamp,
    /// What it is since then.
    pub(crate) flag: FlagState,
}

/// All changes of the flag. Each event of the journal is read once.
#[derive(Debug, Default)]
pub(crate) struct FlagChanges(Mutex<Read>);

#[derive(Debug, Default)]
struct Read {
    projection: Projection,
    changes: Vec<FlagChange>,
}

/// How many events are read at a time.
const BATCH: usize = 256;

impl FlagChanges {
    /// The changes so far, in order; those before the first fault if the journal cannot be read.
    pub(crate) fn read(&self, journal: &dyn Journal) -> Vec<FlagChange> {
        // Events are applied one by one, so what was read before a panic stays valid.
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while read.next(journal) {}
        read.changes.clone()
    }
}

impl Read {
    /// Reads the next events; whether there may be more.
    fn next(&mut self, journal: &dyn Journal) -> bool {
        let Ok(events) = journal.read(self.projection.head().seq, BATCH) else {
            return false;
        };
        for event in &events {
            if self.projection.apply(event).is_err() {
                return false;
            }
            let flag = self.projection.state().map(RolloutState::flag);
            if let Some(flag) = flag.filter(|flag| self.last() != Some(*flag)) {
                let at = event.at;
                self.changes.push(FlagChange { at, flag });
            }
        }
        !events.is_empty()
    }

    fn last(&self) -> Option<FlagState> {
        self.changes.last().map(|change| change.flag)
    }
}
