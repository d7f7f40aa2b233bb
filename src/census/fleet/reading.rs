//! The census of a store, for a process that counts nothing.

use std::{sync::Arc, time::Duration};

use crate::{
    caller::Kinds,
    census::{builder::DEFAULT_SETTINGS, census::Census, rules::RulesInForce},
    time::{SystemClock, Timestamp},
};

use super::{
    merged::Merged,
    rules::Rules,
    store::{CensusStore, CensusStoreError, Loaded, LoadedState},
};

impl Census {
    /// What the instances of a store counted, and the moment it is of, by the store's clock. Its coverage is of times at which
    /// at least so many processes watched. Kinds, contract and the detector's rules are those of the instance that watched last.
    ///
    /// # Errors
    ///
    /// When the store has no census, or cannot be reached.
    pub(crate) fn of_store(
        store: &dyn CensusStore,
        processes: u32,
        patience: Duration,
    ) -> Result<(Arc<Self>, Timestamp), CensusStoreError> {
        let mut read: Option<(Merged, RulesInForce)> = None;
        store.load(
            &mut |part| {
                if let Loaded::State(state) = &part {
                    read = Some(empty(state));
                }
                if let Some((merged, _)) = &mut read {
                    merged.load(part);
                }
            },
            patience,
        )?;
        let (mut merged, rules) = read.ok_or(CensusStoreError::Empty)?;
        loop {
            let followed = store.follow(merged.change, patience)?;
            for member in followed.members {
                merged.set_member(member);
            }
            merged.clock.set(followed.now, followed.wall);
            // Of changes that a later version wrote the rows are read.
            let Some(changes) = followed.batches else {
                break;
            };
            for change in &changes {
                merged.apply(change);
            }
            if !followed.more {
                break;
            }
        }
        merged.settle(processes, &rules);
        let at = merged.census.wall();
        Ok((merged.census, at))
    }
}

/// A copy with the kinds and rules of a state, which has not taken it in yet.
fn empty(state: &LoadedState) -> (Merged, RulesInForce) {
    let names = state.names.kinds.iter();
    let names = names.filter(|name| *name != "other").take(Kinds::MAX - 1);
    // The names of a store are distinct.
    let kinds = Kinds::new(names.cloned()).unwrap_or_default();
    let watched = state.intervals.iter().map(|(_, interval)| interval);
    let last = watched.max_by_key(|interval| interval.to);
    let rules = last.map_or_else(Rules::default, |last| Rules::from_text(&last.rules));
    let rules = rules.in_force(&kinds);
    let clock = Arc::new(SystemClock::new());
    let merged = Merged::new((kinds, rules.clone()), clock, DEFAULT_SETTINGS);
    (merged, rules)
}
