//! What the census ought to know: each observed sighting, and what follows from all of them.
//!
//! Written from the definitions, without the records and rings of the census: a list of sightings, from which everything is
//! computed anew.

use std::collections::HashMap;

use legacy_http_compat::census::{Counts, Window};

use crate::times::{DAY, MINUTE};

/// One observed response to a caller with an identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    at: u64,
    pub(crate) target: bool,
    pub(crate) dependent: bool,
    pub(crate) stranded: bool,
}

/// An identity, as the detector in force sees it.
pub(crate) type Key = (&'static str, u64);

/// The sightings, by the time of the census: it follows the monotonic clock, and is put forward when the wall clock runs
/// ahead or the process was down.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    time: u64,
    wall: u64,
    sightings: HashMap<Key, Vec<Sighting>>,
}

/// The numbers that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) never_dependent: u64,
    pub(crate) dependent: u64,
    pub(crate) stranded: u64,
    pub(crate) regressed: u64,
    pub(crate) inconclusive: u64,
    pub(crate) migrated: u64,
    pub(crate) inactive: u64,
}

impl Ledger {
    pub(crate) fn new(wall: u64) -> Self {
        Self {
            time: 400 * DAY,
            wall,
            sightings: HashMap::new(),
        }
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

    pub(crate) fn see(&mut self, key: Key, sighting: Sighting) {
        let sighting = Sighting {
            at: self.time,
            ..sighting
        };
        self.sightings.entry(key).or_default().push(sighting);
    }

    pub(crate) const fn wall(&self) -> u64 {
        self.wall
    }

    pub(crate) fn states(&self, window: Window) -> States {
        let since = self.time.saturating_sub(window.as_millis()) / 1_000 * 1_000;
        let mut states = States::default();
        for sightings in self.sightings.values() {
            states.add(sightings, since);
        }
        states
    }
}

impl Sighting {
    pub(crate) const fn new(target: bool, dependent: bool, stranded: bool) -> Self {
        Self {
            at: 0,
            target,
            dependent,
            stranded,
        }
    }
}

impl States {
    /// The states in which both differ, and by how much.
    pub(crate) fn differences(&self, other: &Self) -> impl Iterator<Item = (&'static str, u64)> {
        let pairs = [
            (
                "never_dependent",
                self.never_dependent,
                other.never_dependent,
            ),
            ("dependent", self.dependent, other.dependent),
            ("stranded", self.stranded, other.stranded),
            ("regressed", self.regressed, other.regressed),
            ("inconclusive", self.inconclusive, other.inconclusive),
            ("migrated", self.migrated, other.migrated),
            ("inactive", self.inactive, other.inactive),
        ];
        let differences = pairs.map(|(state, truth, counted)| (state, truth.abs_diff(counted)));
        differences
            .into_iter()
            .filter(|(_, difference)| *difference > 0)
    }

    fn add(&mut self, sightings: &[Sighting], since: u64) {
        let last = |which: fn(&Sighting) -> bool| sightings.iter().rposition(which);
        let within = |index: Option<usize>| index.is_some_and(|index| sightings[index].at >= since);
        let dependent = last(|sighting| sighting.dependent);
        let Some(last_dependent) = dependent else {
            self.never_dependent += 1;
            return;
        };
        if last(|sighting| sighting.target).is_some_and(|target| target > last_dependent) {
            self.migrated += 1;
        } else if within(dependent) {
            self.dependent += 1;
            self.stranded += u64::from(within(last(|sighting| sighting.stranded)));
            let first = sightings.iter().position(|sighting| sighting.dependent);
            let first = first.unwrap_or(last_dependent);
            let came_back = sightings[first..last_dependent]
                .iter()
                .any(|sighting| sighting.target);
            self.regressed += u64::from(came_back);
        } else if within(sightings.len().checked_sub(1)) {
            self.inconclusive += 1;
        } else {
            self.inactive += 1;
        }
    }
}

impl From<Counts> for States {
    fn from(counts: Counts) -> Self {
        Self {
            never_dependent: counts.never_dependent,
            dependent: counts.dependent,
            stranded: counts.stranded,
            regressed: counts.regressed,
            inconclusive: counts.inconclusive,
            migrated: counts.migrated,
            inactive: counts.inactive,
        }
    }
}
