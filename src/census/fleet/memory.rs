//! A store of a census in memory.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    caller::KeyCheck,
    time::{Clock, SystemClock, millis, timeline::ORIGIN},
};

use super::{
    batch::{Batch, Member},
    coverage::LEASE,
    store::{
        CensusStore, CensusStoreError, Change, Changed, Followed, Joined, Loaded, LoadedState,
        MemberState, Merged, Names, Sweep,
    },
};

/// A store of a census in memory, for several censuses in one process, and for tests: a model of what a database does.
///
/// It keeps all changes.
#[derive(Debug)]
pub struct MemoryCensusStore {
    clock: Arc<dyn Clock>,
    began: Duration,
    capacity: usize,
    state: Mutex<State>,
}

/// An instance that was silent for longer before the store was away was gone by then, in milliseconds.
const EXCUSABLE: u64 = 16 * 60_000;

#[derive(Debug, Default)]
struct State {
    away: bool,
    loses_responses: bool,
    key: Option<KeyCheck>,
    names: Names,
    changes: Vec<Change>,
    /// Each run with its last batch.
    members: BTreeMap<Member, (MemberState, u64)>,
    callers: HashSet<(u128, u8)>,
    /// By how much the store's clock was set.
    stepped: i64,
    /// When it was last changed.
    changed: u64,
}

impl State {
    /// Notes that something is changed now. If nothing was for longer than a lease, no instance reached the store.
    fn change(&mut self, now: u64) {
        let before = std::mem::replace(&mut self.changed, now);
        if now.saturating_sub(before) <= LEASE {
            return;
        }
        for (row, _) in self.members.values_mut() {
            if row.ended.is_none() && row.seen + row.excused + EXCUSABLE > before {
                row.excused += now - before;
            }
        }
    }
}

impl MemoryCensusStore {
    /// An empty store by the clock of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// An empty store by another clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            began: clock.monotonic(),
            clock,
            capacity: 1_000_000,
            state: Mutex::default(),
        }
    }

    /// How many callers it has places for; a million by default.
    #[must_use]
    pub fn capacity(mut self, callers: usize) -> Self {
        self.capacity = callers;
        self
    }

    /// Sets whether it can be reached.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Sets whether what it says of a batch is lost, though the batch is merged.
    pub fn set_loses_responses(&self, loses: bool) {
        self.state().loses_responses = loses;
    }

    /// Sets its clock, in milliseconds forward or back.
    pub fn step_clock(&self, ms: i64) {
        self.state().stepped += ms;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Safe after a panic: a test has failed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, CensusStoreError> {
        let state = self.state();
        if state.away {
            return Err(CensusStoreError::unreachable("it is away"));
        }
        Ok(state)
    }

    /// Its time, which follows its clock forward, and never goes back.
    fn now(&self, state: &State) -> u64 {
        let passed = self.clock.monotonic().saturating_sub(self.began);
        ORIGIN + millis(passed) + u64::try_from(state.stepped.max(0)).unwrap_or(0)
    }

    fn wall(&self, state: &State) -> u64 {
        self.clock.unix_ms().saturating_add_signed(state.stepped)
    }
}

impl Default for MemoryCensusStore {
    fn default() -> Self {
        Self::new()
    }
}

impl CensusStore for MemoryCensusStore {
    fn join(
        &self,
        member: &Member,
        key: Option<KeyCheck>,
        _patience: Duration,
    ) -> Result<Joined, CensusStoreError> {
        let mut state = self.open()?;
        if let (Some(found), Some(own)) = (state.key, key)
            && found != own
        {
            return Err(CensusStoreError::OtherKey { found, own });
        }
        let now = self.now(&state);
        state.change(now);
        state.key = state.key.or(key);
        for (known, (row, _)) in &mut state.members {
            if known.name == member.name && known.started < member.started && row.ended.is_none() {
                row.ended = Some(now);
            }
        }
        let row = MemberState {
            member: member.clone(),
            joined: now,
            seen: now,
            excused: 0,
            ended: None,
            left: false,
        };
        state.members.entry(member.clone()).or_insert((row, 0));
        Ok(Joined { now })
    }

    fn name(&self, names: &Names, _patience: Duration) -> Result<Names, CensusStoreError> {
        let mut state = self.open()?;
        state.names.add(names);
        Ok(state.names.clone())
    }

    fn merge(&self, batch: &Batch, _patience: Duration) -> Result<Merged, CensusStoreError> {
        let mut state = self.open()?;
        let now = self.now(&state);
        let state = &mut *state;
        state.change(now);
        let unknown = || CensusStoreError::WrittenOff(batch.member.name.clone());
        let (row, last) = state.members.get_mut(&batch.member).ok_or_else(unknown)?;
        if *last >= batch.number {
            let same = state.changes.iter().rfind(|change| match &change.what {
                Changed::Batch(known) => {
                    known.member == batch.member && known.number == batch.number
                }
                Changed::Swept(_) => false,
            });
            let refused = same.map(|change| change.refused.clone());
            return Ok(Merged {
                refused: refused.unwrap_or_default(),
            });
        }
        if row.ended.is_some() {
            return Err(unknown());
        }
        (row.seen, row.excused, *last) = (now, 0, batch.number);
        if batch.leaves {
            (row.ended, row.left) = (Some(now), true);
        }
        let mut refused = Vec::new();
        for (at, caller) in (0..).zip(&batch.callers) {
            if state.callers.len() < self.capacity {
                state.callers.insert(caller.key());
            } else if !state.callers.contains(&caller.key()) {
                refused.push(at);
            }
        }
        let number = state.changes.len() as u64 + 1;
        let what = Changed::Batch(Box::new(batch.clone()));
        state.changes.push(Change {
            number,
            at: now,
            what,
            refused: refused.clone(),
        });
        if state.loses_responses {
            return Err(CensusStoreError::unreachable("the response was lost"));
        }
        Ok(Merged { refused })
    }

    fn follow(&self, after: u64, _patience: Duration) -> Result<Followed, CensusStoreError> {
        let state = self.open()?;
        let first = usize::try_from(after)
            .unwrap_or(usize::MAX)
            .min(state.changes.len());
        Ok(Followed {
            now: self.now(&state),
            wall: self.wall(&state),
            change: state.changes.len() as u64,
            batches: Some(state.changes[first..].to_vec()),
            more: false,
            members: state.members.values().map(|(row, _)| row.clone()).collect(),
            names: state.names.len(),
        })
    }

    fn load(
        &self,
        take: &mut dyn FnMut(Loaded),
        _patience: Duration,
    ) -> Result<(), CensusStoreError> {
        let state = self.open()?;
        take(Loaded::State(Box::new(LoadedState {
            now: self.now(&state),
            wall: self.wall(&state),
            began: ORIGIN,
            names: state.names.clone(),
            members: state.members.values().map(|(row, _)| row.clone()).collect(),
            ..LoadedState::default()
        })));
        for change in &state.changes {
            take(Loaded::Change(change.clone()));
        }
        Ok(())
    }

    fn sweep(&self, sweep: &Sweep, _patience: Duration) -> Result<(), CensusStoreError> {
        let mut state = self.open()?;
        let (now, number) = (self.now(&state), state.changes.len() as u64 + 1);
        let mut stay = Vec::new();
        for (at, (fingerprint, kind, ..)) in (0..).zip(&sweep.callers) {
            let touched = state
                .changes
                .iter()
                .rev()
                .take_while(|change| change.number > sweep.known);
            let mut touched = touched.filter_map(|change| match &change.what {
                Changed::Batch(batch) => Some(&batch.callers),
                Changed::Swept(_) => None,
            });
            if touched.any(|callers| {
                callers
                    .iter()
                    .any(|caller| caller.key() == (*fingerprint, *kind))
            }) {
                stay.push(at);
            } else {
                state.callers.remove(&(*fingerprint, *kind));
            }
        }
        let what = Changed::Swept(sweep.clone());
        state.changes.push(Change {
            number,
            at: now,
            what,
            refused: stay,
        });
        Ok(())
    }

    fn write_off(&self, instance: &str, _patience: Duration) -> Result<u64, CensusStoreError> {
        let mut state = self.open()?;
        let now = self.now(&state);
        let rows = state.members.values_mut().map(|(row, _)| row);
        let mut ended = 0;
        for row in rows.filter(|row| row.member.name == instance && row.ended.is_none()) {
            row.ended = Some(now);
            ended += 1;
        }
        Ok(ended)
    }
}
