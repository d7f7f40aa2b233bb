//! What the census ought to know: each observed sighting, and what follows from all of them.
//!
//! Written from the definitions, without the records and rings of the census: lists of sightings, from which everything is
//! computed anew.

use std::collections::{HashMap, HashSet};

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
    /// The later, the higher.
    number: u64,
    at: u64,
    /// The kind that was shown.
    kind: Kind,
    seen: Seen,
    /// Since when the rules were in force.
    in_force: u64,
    /// A legacy caller that had been a target caller before, by rules that were in force then.
    mixed: bool,
    /// How many cutovers there had been.
    cutovers: u32,
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
    cutovers: u32,
    /// How often installations were observed, each with its incarnation.
    observed: HashMap<(usize, u32), u64>,
    /// When calls were not observed, or not counted as such.
    gaps: Vec<(u64, u64)>,
    sightings: u64,
}

/// The revision of the detector and its identity signal.
pub(crate) type Rules = (u32, &'static str);

/// The sightings of one identity under one kind.
#[derive(Clone, Debug)]
struct Record {
    kind: Kind,
    sightings: Vec<Sighting>,
    last_legacy: Option<u64>,
    /// The longest pause between two sightings; before one as a legacy caller since the last such one, since a clone that was
    /// upgraded says nothing of one that was not.
    pause: u64,
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
            cutovers: 0,
            observed: HashMap::new(),
            gaps: Vec::new(),
            sightings: 0,
        }
    }

    /// What a process knows that starts with nothing.
    pub(crate) fn forget(&mut self, rules: Rules) {
        let cutovers = self.cutovers;
        *self = Self::new(self.wall, rules);
        self.cutovers = cutovers;
    }

    pub(crate) const fn wall(&self) -> u64 {
        self.wall
    }

    pub(crate) fn pass(&mut self, time: u64) {
        self.time += time;
        self.wall += time;
    }

    /// So much time up to now was a gap.
    pub(crate) fn note_gap(&mut self, length: u64) {
        self.gaps
            .push((self.time.saturating_sub(length), self.time));
    }

    /// The wall clock was set while the census runs.
    pub(crate) fn set_wall(&mut self, wall: u64) {
        let ahead = wall.saturating_sub(self.wall);
        self.time += ahead;
        self.note_gap(ahead);
        self.wall = wall;
    }

    /// A process starts with what `saved` knew.
    pub(crate) fn resume(&mut self, saved: &Self) {
        let back = saved.wall.saturating_sub(self.wall);
        let down = self.wall.saturating_sub(saved.wall);
        let (wall, cutovers) = (self.wall, self.cutovers);
        *self = saved.clone();
        (self.wall, self.cutovers) = (wall, cutovers);
        self.time += if back > 0 && back <= MINUTE {
            MINUTE
        } else {
            down
        };
        self.note_gap(self.time - saved.time);
    }

    /// A process starts with these rules. By others than before, target callers are not known to be such any more.
    pub(crate) fn apply_rules(&mut self, rules: Rules) {
        if self.rules != rules {
            (self.rules, self.in_force) = (rules, self.time);
        }
    }

    /// A response was observed. Returns the number of the sighting.
    pub(crate) fn see(&mut self, key: Key, kind: Kind, seen: Seen) -> u64 {
        self.sightings += 1;
        let sighting = Sighting {
            number: self.sightings,
            at: self.time,
            kind,
            seen,
            in_force: self.in_force,
            mixed: false,
            cutovers: self.cutovers,
        };
        add(self.callers.entry(key).or_default(), sighting);
        self.sightings
    }

    /// What was observed is lost: it is as if these sightings had not been.
    pub(crate) fn lose(&mut self, lost: &HashSet<u64>) {
        let is_lost = |sighting: &Sighting| lost.contains(&sighting.number);
        for records in self.callers.values_mut() {
            let all = records.iter().flat_map(|record| &record.sightings);
            if !all.clone().any(is_lost) {
                continue;
            }
            let mut left: Vec<Sighting> = all.filter(|one| !is_lost(one)).copied().collect();
            left.sort_by_key(|sighting| sighting.number);
            records.clear();
            for sighting in left {
                add(records, sighting);
            }
        }
        self.callers.retain(|_, records| !records.is_empty());
    }

    /// One observation of an installation was lost.
    pub(crate) fn unobserve(&mut self, index: usize, incarnation: u32) {
        let times = self.observed.entry((index, incarnation)).or_default();
        *times = times.saturating_sub(1);
    }

    pub(crate) fn times_observed(&self, index: usize, incarnation: u32) -> u64 {
        self.observed
            .get(&(index, incarnation))
            .copied()
            .unwrap_or(0)
    }

    /// A gap from so long ago until so long from now.
    pub(crate) fn note_gap_around(&mut self, ago: u64, ahead: u64) {
        self.gaps.push((self.time - ago, self.time + ahead));
    }

    /// The layer observed an installation, with an identity or without.
    pub(crate) fn observe(&mut self, index: usize, incarnation: u32) {
        *self.observed.entry((index, incarnation)).or_default() += 1;
    }

    pub(crate) fn has_observed(&self, index: usize, incarnation: u32) -> bool {
        self.times_observed(index, incarnation) > 0
    }

    /// The flag was switched off.
    pub(crate) fn cut_over(&mut self) {
        self.cutovers += 1;
    }

    /// The longest pause that an identity was seen to make.
    pub(crate) fn pause(&self, key: Key, kind: Kind) -> u64 {
        let own = self.of(key, kind).map(|record| record.pause);
        own.max().unwrap_or(0)
    }

    /// Whether an identity was last seen as a target caller, and never as a legacy caller since it was one.
    pub(crate) fn has_migrated(&self, key: Key, kind: Kind) -> bool {
        let mut own = self.of(key, kind);
        own.any(|record| record.ends_as_target() && !record.is_mixed())
    }

    /// What is known of an identity under a kind; a client that says no kind can be known under any.
    fn of(&self, key: Key, kind: Kind) -> impl Iterator<Item = &Record> {
        let records = self.callers.get(&key).into_iter().flatten();
        records.filter(move |record| kind == "other" || record.kind == kind)
    }

    /// How long ago the last caller was due that only silence resolves, the waived ones aside. Negative for one that is due
    /// yet.
    pub(crate) fn since_last_due(&self, waived: &HashSet<Key>) -> Option<i64> {
        let callers = self.callers.iter();
        let unwaived = callers.filter(|(key, _)| !waived.contains(key));
        let records = unwaived.flat_map(|(_, records)| records);
        let due = records.filter_map(|record| {
            let last = record.last_possible(self.in_force)?;
            Some(self.time.cast_signed() - self.due(last, record.pause).cast_signed())
        });
        due.min()
    }

    /// Until when a caller does not count as gone: one that may have been due in a gap is due once more.
    fn due(&self, last: u64, pause: u64) -> u64 {
        let gone = last + 2 * pause;
        let gaps = self
            .gaps
            .iter()
            .filter(|(from, to)| *from < gone && *to > last);
        let more: u64 = gaps.map(|(from, to)| pause + (to - from)).sum();
        (gone + more).min(last + 90 * DAY)
    }

    /// How many callers were stranded since the last cutover and have not migrated since, the waived ones aside.
    pub(crate) fn stranded(&self, waived: &HashSet<Key>) -> u64 {
        let callers = self.callers.iter();
        let unwaived = callers.filter(|(key, _)| !waived.contains(key));
        let records = unwaived.flat_map(|(_, records)| records);
        let stranded = records.filter(|record| {
            let mut sightings = record.sightings.iter();
            sightings.any(|sighting| {
                sighting.seen == Seen::Stranded && sighting.cutovers == self.cutovers
            }) && !record.has_migrated(self.in_force)
        });
        stranded.count() as u64
    }

    /// How many identities were seen under several kinds. What of such a one comes without a kind counts for the first kind that
    /// it was seen as: by the census of several instances, at the one that it comes to.
    pub(crate) fn of_several_kinds(&self) -> u64 {
        let several = self.callers.values().filter(|records| records.len() > 1);
        several.count() as u64
    }

    /// How many responses callers with an identity got, and how many of them were dependent.
    pub(crate) fn responses(&self) -> [u64; 2] {
        let records = self.callers.values().flatten();
        let sightings = records.flat_map(|record| &record.sightings);
        sightings.fold([0, 0], |[all, dependent], sighting| {
            [all + 1, dependent + u64::from(sighting.seen.is_dependent())]
        })
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

/// Adds the latest sighting of an identity.
fn add(records: &mut Vec<Record>, sighting: Sighting) {
    let Sighting {
        at, seen, in_force, ..
    } = sighting;
    let record = record(records, sighting.kind);
    let target =
        |before: &Sighting| before.mixed || before.seen == Seen::Target && before.at >= in_force;
    let mixed = seen != Seen::Target && record.sightings.iter().any(target);
    let last = record.sightings.last().map(|last| last.at);
    let last_legacy = record.last_legacy.filter(|_| seen != Seen::Target);
    let pause = last_legacy.or(last).map_or(0, |last| at - last);
    record.pause = record.pause.max(pause);
    if seen != Seen::Target {
        record.last_legacy = Some(at);
    }
    record.sightings.push(Sighting { mixed, ..sighting });
}

/// Its own record, else that under `other`, which a named kind takes over; what comes as `other` counts for the first kind.
fn record(records: &mut Vec<Record>, kind: Kind) -> &mut Record {
    let known = records.iter().position(|record| record.kind == kind);
    let unnamed = || records.iter().position(|record| record.kind == "other");
    let first = || Some(0).filter(|_| kind == "other" && !records.is_empty());
    let index = known.or_else(unnamed).or_else(first).unwrap_or_else(|| {
        records.push(Record {
            kind,
            sightings: Vec::new(),
            last_legacy: None,
            pause: 0,
        });
        records.len() - 1
    });
    if records[index].kind == "other" {
        records[index].kind = kind;
    }
    &mut records[index]
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

    /// Whether one sighting resolved it, by rules that are in force.
    fn has_migrated(&self, in_force: u64) -> bool {
        let last_target = self.last(|seen| seen == Seen::Target);
        last_target.is_some_and(|at| at >= ticks(in_force))
            && self.ends_as_target()
            && !self.is_mixed()
    }

    /// When one that only silence resolves was last seen as a legacy caller, or as a target one by rules that are not in force:
    /// by those that are, it may have been a legacy caller all the time.
    fn last_possible(&self, in_force: u64) -> Option<u64> {
        let may_depend = |seen: Seen| seen == Seen::Latent || seen.is_dependent();
        match self.last(|seen| seen == Seen::Target) {
            Some(at) if at < ticks(in_force) => self.sightings.last().map(|last| last.at),
            _ if self.has_migrated(in_force) => None,
            _ => self.last_legacy.filter(|_| self.last(may_depend).is_some()),
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
