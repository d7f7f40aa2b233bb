//! The times in which all instances watched.
//!
//! A moment is watched when at least as many instances as the policy requires were registered, every registered one
//! watched, and something fed one of them. An instance is registered from when it joined until it left, was replaced by a
//! later run or written off, or was silent for a quarter of an hour in which the store could be reached.

use std::{cmp::Ordering, collections::BTreeMap};

use crate::census::watch::{GapCause, WatchedInterval};

use super::{
    batch::{Member, MemberInterval},
    store::MemberState,
};

/// After how long without a word an instance counts as lost, in milliseconds.
pub(super) const LEASE: u64 = 10_000;

/// How long a lost instance stays registered, in milliseconds.
const WRITTEN_OFF: u64 = 15 * 60_000;

/// What is known of one run of an instance. Times are milliseconds of the store's time.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) state: MemberState,
    /// In which it watched, oldest first.
    pub(super) watched: Vec<MemberInterval>,
    /// In which it was fed.
    pub(super) fed: Vec<(u64, u64)>,
}

/// All runs, by instance and start.
pub(super) type Runs = BTreeMap<Member, Run>;

/// The watched intervals of all, and why the time since is a gap already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FleetCoverage {
    pub(super) watched: Vec<WatchedInterval>,
    pub(super) tail: Option<GapCause>,
}

impl Run {
    pub(super) const fn new(state: MemberState) -> Self {
        Self {
            state,
            watched: Vec::new(),
            fed: Vec::new(),
        }
    }

    /// Takes in what the store said of it. Another thread may have read what is newer: an end is final, and of two signs of life
    /// the later one counts.
    pub(super) fn learn(&mut self, said: &MemberState) {
        let known = &mut self.state;
        if said.ended.is_some() {
            (known.ended, known.left) = (said.ended, said.left);
        }
        known.excused = match said.seen.cmp(&known.seen) {
            Ordering::Less => known.excused,
            Ordering::Equal => known.excused.max(said.excused),
            Ordering::Greater => said.excused,
        };
        known.seen = known.seen.max(said.seen);
        known.joined = known.joined.min(said.joined);
    }

    /// Notes a sign of life, which may be the last.
    pub(super) fn heard(&mut self, at: u64, leaves: bool) {
        let known = &mut self.state;
        if at > known.seen {
            (known.seen, known.excused) = (at, 0);
        }
        if leaves {
            (known.ended, known.left) = (Some(at), true);
        }
    }

    /// Takes in an interval, or what became of one.
    pub(super) fn add(&mut self, interval: &MemberInterval) {
        if interval.fed {
            add(
                &mut self.fed,
                (interval.from, interval.to),
                |known, more| known.1 = known.1.max(more.1),
                |one| one.0,
            );
        } else {
            add(
                &mut self.watched,
                interval.clone(),
                |known, more| known.to = known.to.max(more.to),
                |one| one.from,
            );
        }
    }

    /// Up to when it is known to have watched.
    pub(super) fn complete_to(&self) -> u64 {
        self.watched
            .last()
            .map_or(self.state.joined, |last| last.to)
    }

    pub(super) fn is_live(&self, now: u64) -> bool {
        self.state.ended.is_none() && now.saturating_sub(self.state.seen) <= LEASE
    }

    /// Neither live nor ended, nor silent for so long that it does not count any more.
    pub(super) fn is_lost(&self, now: u64) -> bool {
        self.state.ended.is_none() && !self.is_live(now) && now < self.counts_to()
    }

    /// Until when it stays registered if it is silent. While no instance reaches the store, nothing says that it is gone.
    fn counts_to(&self) -> u64 {
        self.complete_to() + WRITTEN_OFF + self.state.excused
    }

    /// In which it was registered.
    fn registered(&self, now: u64) -> (u64, u64) {
        let first = self.watched.first().map(|first| first.from);
        let joined = self.state.joined;
        // It joins before it serves, and watches from then on.
        let from = first
            .filter(|first| *first <= joined + LEASE)
            .unwrap_or(joined);
        let to = match self.state.ended {
            Some(_) if self.state.left => self.complete_to(),
            Some(ended) => ended.max(from),
            None if self.is_live(now) => u64::MAX,
            None => self.counts_to(),
        };
        (from, to)
    }
}

/// Inserts in order, or merges with what has the same key.
fn add<T>(all: &mut Vec<T>, more: T, merge: impl Fn(&mut T, &T), key: impl Fn(&T) -> u64) {
    let at = all.partition_point(|known| key(known) < key(&more));
    match all.get_mut(at).filter(|known| key(known) == key(&more)) {
        Some(known) => merge(known, &more),
        None => all.insert(at, more),
    }
}

/// What begins or ends at a moment.
#[derive(Clone, Copy, Debug)]
enum Edge {
    Registered(bool),
    Watched(bool),
    Fed(bool),
}

/// How many are what at a moment.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    registered: i64,
    watching: i64,
    fed: i64,
}

/// The coverage of at least so many instances.
pub(super) fn coverage(runs: &Runs, processes: u32, now: u64) -> FleetCoverage {
    let mut edges: BTreeMap<u64, Vec<Edge>> = BTreeMap::new();
    let mut put = |(from, to): (u64, u64), edge: fn(bool) -> Edge| {
        if from < to {
            edges.entry(from).or_default().push(edge(true));
            edges.entry(to).or_default().push(edge(false));
        }
    };
    for run in runs.values() {
        let registered = run.registered(now);
        put(registered, Edge::Registered);
        for interval in &run.watched {
            let within = (
                interval.from.max(registered.0),
                interval.to.min(registered.1),
            );
            put(within, Edge::Watched);
        }
        for fed in &run.fed {
            put(*fed, Edge::Fed);
        }
    }
    let mut found = FleetCoverage::default();
    let (mut numbers, mut cause) = (Numbers::default(), Some(GapCause::Beginning));
    for (at, edges) in edges.range(..=now) {
        let watched = numbers.is_watched(processes);
        for edge in edges {
            numbers.count(*edge);
        }
        match (watched, numbers.is_watched(processes)) {
            (false, true) => {
                let before = cause.take().unwrap_or(GapCause::InstanceLost);
                found.watched.push(WatchedInterval {
                    from: *at,
                    to: *at,
                    before,
                });
            }
            (true, false) => {
                found.watched.last_mut().expect("one began").to = *at;
                cause = Some(why(runs, numbers, processes, *at));
            }
            (false, false) | (true, true) => {}
        }
    }
    found.tail = tail(runs, &mut found.watched, (numbers, processes), now);
    found
}

impl Numbers {
    fn is_watched(self, processes: u32) -> bool {
        self.registered >= i64::from(processes.max(1))
            && self.watching >= self.registered
            && self.fed > 0
    }

    fn count(&mut self, edge: Edge) {
        let (number, begins) = match edge {
            Edge::Registered(begins) => (&mut self.registered, begins),
            Edge::Watched(begins) => (&mut self.watching, begins),
            Edge::Fed(begins) => (&mut self.fed, begins),
        };
        *number += if begins { 1 } else { -1 };
    }
}

/// Why a moment is in a gap.
fn why(runs: &Runs, numbers: Numbers, processes: u32, at: u64) -> GapCause {
    if numbers.registered < i64::from(processes.max(1)) {
        return GapCause::TooFewInstances;
    }
    if numbers.watching >= numbers.registered {
        return GapCause::Unfed;
    }
    // One that went on by itself knows why.
    let later = runs
        .values()
        .filter(|run| !run.watched.iter().any(|one| one.from <= at && at < one.to));
    let next = later.filter_map(|run| {
        let began = run.watched.iter().any(|one| one.to <= at);
        run.watched.iter().find(|one| began && one.from > at)
    });
    next.min_by_key(|next| next.from)
        .map_or(GapCause::InstanceLost, |next| next.before)
}

/// Ends the last interval where it is known to be complete. Returns why the time since is a gap, unless it is only not
/// handed over yet.
fn tail(
    runs: &Runs,
    watched: &mut [WatchedInterval],
    (numbers, processes): (Numbers, u32),
    now: u64,
) -> Option<GapCause> {
    if numbers.is_watched(processes) {
        // Known by those whose intervals have no end yet.
        if let Some(last) = watched.last_mut() {
            last.to = last.to.max(now);
        }
        return None;
    }
    if numbers.registered < i64::from(processes.max(1)) {
        return Some(GapCause::TooFewInstances);
    }
    if runs.values().any(|run| run.is_lost(now)) {
        return Some(GapCause::InstanceLost);
    }
    // Each live one watched up to where it is complete: the rest is on its way.
    let live = runs.values().filter(|run| run.is_live(now));
    let complete = live.map(Run::complete_to).min().unwrap_or(0);
    let fed = runs
        .values()
        .filter_map(|run| run.fed.last())
        .map(|fed| fed.1)
        .max();
    (complete > fed.unwrap_or(0) + LEASE).then_some(GapCause::Unfed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seen: u64, excused: u64, ended: Option<u64>) -> MemberState {
        MemberState {
            member: Member {
                name: "core-0".to_owned(),
                started: 1,
            },
            joined: 10,
            seen,
            excused,
            ended,
            left: ended.is_some(),
        }
    }

    #[test]
    fn what_was_read_earlier_and_comes_later_changes_nothing() {
        let mut run = Run::new(said(100, 0, None));
        run.learn(&said(200, 50, Some(210)));
        let known = run.state.clone();
        run.learn(&said(150, 90, None));
        assert_eq!(run.state, known);
        run.learn(&said(200, 0, None));
        assert_eq!(run.state, known);
    }

    #[test]
    fn a_sign_of_life_ends_what_is_excused() {
        let mut run = Run::new(said(100, 0, None));
        run.learn(&said(100, 40, None));
        assert_eq!(run.state.excused, 40);
        run.heard(160, false);
        assert_eq!((run.state.seen, run.state.excused), (160, 0));
    }
}
