//! What the census ought to know: each observed sighting, and what follows from all of them.
//!
//! Written from the definitions, without the records and rings of the census: lists of sightings, from which everything is
//! computed anew.

use std::collections::HashMap;

use legacy_http_compat::census::Window;

use crate::{
    states::{State, States},
    times::{DAY, MINUTE},
};

/// An identifier, under the signal by which the detector reads it.
pub(crate) type Key = (&'static str, u64);

/// A kind as the census names it; `other` for a client that says none.
pub(crate) type Kind = &'static str;

/// What one response showed of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Target,
    /// A legacy caller on an endpoint without legacy shapes.
    Legacy,
    /// A legacy caller on an endpoint with legacy shapes, without one.
    Latent,
    Served,
    Stranded,
}

/// One observed response to a caller with an identity.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    at: u64,
    seen: Seen,
    /// A legacy caller that had been a target caller before, by rules that were in force then.
    mixed: bool,
}

/// The sightings, by the time of the census: it follows the monotonic clock, and is put forward when the wall clock runs
/// ahead or the process was down.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    time: u64,
    wall: u64,
    callers: HashMap<Key, Vec<Record>>,
    /// The rules of the detector, and since when they are in force.
    rules: Rules,
    in_force: u64,
}

/// The revision of the detector and its identity signal.
pub(crate) type Rules = (u32, &'static str);

/// The sightings of one identity under one kind.
#[derive(Clone, Debug)]
struct Record {
    kind: Kind,
    sightings: Vec<Sighting>,
}

/// The census's times are in sixteenths of a second.
const fn ticks(time: u64) -> u64 {
    time * 16 / 1_000
}

impl Ledger {
    pub(crate) fn new(wall: u64, rules: Rules) -> Self {
        Self {
            time: 400 * DAY,
            wall,
            callers: HashMap::new(),
            rules,
            in_force: 0,
        }
    }

    pub(crate) const fn wall(&self) -> u64 {
        self.wall
    }

    pub(crate) fn pass(&mut self, time: u64) {
        self.time += time;
        self.wall += time;
    }

    /// The wall clock was set while the census runs.
    pub(crate) fn set_wall(&mut self, wall: u64) {
        self.time += wall.saturating_sub(self.wall);
        self.wall = wall;
    }

    /// A process starts with what `saved` knew.
    pub(crate) fn resume(&mut self, saved: &Self) {
        let back = saved.wall.saturating_sub(self.wall);
        let down = self.wall.saturating_sub(saved.wall);
        let wall = self.wall;
        *self = saved.clone();
        self.wall = wall;
        self.time += if back > 0 && back <= MINUTE {
            MINUTE
        } else {
            down
        };
    }

    /// A process starts with these rules. By others than before, target callers are not known to be such any more.
    pub(crate) fn apply_rules(&mut self, rules: Rules) {
        if self.rules != rules {
            (self.rules, self.in_force) = (rules, self.time);
        }
    }

    pub(crate) fn see(&mut self, key: Key, kind: Kind, seen: Seen) {
        let (at, in_force) = (self.time, self.in_force);
        let sightings = record(self.callers.entry(key).or_default(), kind);
        let target = |before: &Sighting| {
            before.mixed || before.seen == Seen::Target && before.at >= in_force
        };
        let mixed = seen != Seen::Target && sightings.iter().any(target);
        sightings.push(Sighting { at, seen, mixed });
    }

    /// How many callers are in each state. One that is known under two kinds is what stands most in the way.
    pub(crate) fn states(&self, window: Window) -> States {
        let since = ticks(self.time.saturating_sub(window.as_millis()));
        let in_force = ticks(self.in_force);
        let mut states = States::default();
        for records in self.callers.values() {
            let each = records
                .iter()
                .map(|record| record.standing((since, in_force)));
            states.add(
                each.max()
                    .expect("an identity was seen as one kind at least"),
            );
        }
        states
    }
}

/// Its own record, else that under `other`, which a named kind takes over; what comes as `other` counts for the first kind.
fn record(records: &mut Vec<Record>, kind: Kind) -> &mut Vec<Sighting> {
    let known = records.iter().position(|record| record.kind == kind);
    let unnamed = || records.iter().position(|record| record.kind == "other");
    let first = || Some(0).filter(|_| kind == "other" && !records.is_empty());
    let index = known.or_else(unnamed).or_else(first).unwrap_or_else(|| {
        let sightings = Vec::new();
        records.push(Record { kind, sightings });
        records.len() - 1
    });
    if records[index].kind == "other" {
        records[index].kind = kind;
    }
    &mut records[index].sightings
}

impl Record {
    /// The state, and whether it is stranded and regressed.
    fn standing(&self, (since, in_force): (u64, u64)) -> (State, bool, bool) {
        let stranded = self.last(|seen| seen == Seen::Stranded);
        let mut sightings = self.sightings.iter();
        let regressed = sightings.any(|sighting| sighting.mixed && sighting.seen.is_dependent());
        let stranded = stranded.is_some_and(|at| at >= since);
        (self.state(since, in_force), stranded, regressed)
    }

    fn state(&self, since: u64, in_force: u64) -> State {
        let last_target = self.last(|seen| seen == Seen::Target);
        let last_legacy = self.last(|seen| seen != Seen::Target);
        let last_dependent = self.last(Seen::is_dependent);
        let is_target = last_target.is_some_and(|at| at >= in_force);
        let depended = last_dependent.is_some();
        let latent = self.last(|seen| seen == Seen::Latent).is_some();
        if !depended && !latent && (is_target || last_target.is_none()) {
            return State::NeverDependent;
        }
        let silent_as_legacy = last_legacy.is_none_or(|at| at < since);
        if is_target && self.ends_as_target() && (!self.is_mixed() || silent_as_legacy) {
            return if depended {
                State::Migrated
            } else {
                State::NeverDependent
            };
        }
        let silent = silent_as_legacy && (is_target || last_target.is_none_or(|at| at < since));
        match last_dependent {
            Some(at) if at >= since => State::Dependent,
            _ if silent => State::Inactive,
            Some(_) => State::Inconclusive,
            None => State::Latent,
        }
    }

    fn ends_as_target(&self) -> bool {
        let last = self.sightings.last();
        last.is_some_and(|last| last.seen == Seen::Target)
    }

    fn is_mixed(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.mixed)
    }

    /// When, in ticks, such a sighting was last.
    fn last(&self, which: impl Fn(Seen) -> bool) -> Option<u64> {
        let last = self
            .sightings
            .iter()
            .rfind(|sighting| which(sighting.seen))?;
        Some(ticks(last.at))
    }
}

impl Seen {
    fn is_dependent(self) -> bool {
        matches!(self, Self::Served | Self::Stranded)
    }
}
