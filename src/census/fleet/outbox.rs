//! What an instance has yet to hand over, and handing it over exactly once.

use std::collections::{BTreeMap, HashMap};

use crate::{
    caller::ClientVersion,
    census::{
        caller_delta::{CallerDelta, KEPT},
        census::Census,
        event::Dependence,
        handing_over::Taken,
        overflow::Bucket,
        record::{IDENTIFIED, LATENT, MIXED, NEVER, NOT_YET, Record, TARGET},
        response_counts::ResponseCounts,
        striped_counters::Uncounted,
        watch::WatchedInterval,
    },
    time::timeline::{TICKS, ticks},
};

use super::{
    anchors::Anchors,
    batch::{Batch, EndpointFailures, Member, MemberInterval},
    numbers::Numbers,
    rules::Rules,
    store::Names,
};

/// What is to be handed over. Times are those of the local census until a batch is made of it.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) member: Member,
    pub(super) anchors: Anchors,
    pub(super) numbers: Numbers,
    /// The number of the last batch that was merged.
    merged: u64,
    /// What may have been merged or not.
    in_flight: Option<InFlight>,
    /// Since when the rules of each kind are in force, by the local numbers.
    in_force: Vec<u32>,
    callers: BTreeMap<(u128, u8), CallerDelta>,
    responses: BTreeMap<(u32, u8), ResponseCounts>,
    /// By minute and endpoint.
    failures: BTreeMap<(u64, u8), (bool, u64)>,
    watched: Watched,
    /// The first tick that the last scan had not seen.
    scanned: u32,
    /// Whether a caller had no place in the last batch that had any.
    is_full: bool,
}

/// When this instance watched, and by what.
#[derive(Debug, Default)]
struct Watched {
    alive: Vec<WatchedInterval>,
    fed: Vec<WatchedInterval>,
    /// The rules, each since when.
    rules: Vec<(u64, String)>,
    /// The starts that the store knows intervals by.
    starts: HashMap<(bool, u64), u64>,
    /// Up to when all has been taken.
    complete: u64,
    /// Up to when all has been handed over.
    sent: u64,
    /// The estimates, how often they changed, and the last tick in which they did.
    overflow: (Vec<Bucket>, u64, u32),
    /// How often they had changed when they were handed over, and when they last had.
    overflow_sent: (u64, u32),
}

#[derive(Debug)]
struct InFlight {
    batch: Batch,
    /// Its callers as the local census knows them.
    callers: Vec<CallerDelta>,
    /// Up to when all has been handed over once it is merged.
    sent: Option<u64>,
    overflow: (u64, u32),
}

/// How long before a scan began all responses are sure to be in it, in milliseconds.
const MARGIN: u64 = 1_000;

/// By how many ticks what is estimated may be older than what was estimated before.
const LATE: u32 = 24 * 3_600 * TICKS;

impl Outbox {
    pub(super) fn new(member: Member) -> Self {
        Self {
            member,
            anchors: Anchors::default(),
            numbers: Numbers::default(),
            merged: 0,
            in_flight: None,
            in_force: Vec::new(),
            callers: BTreeMap::new(),
            responses: BTreeMap::new(),
            failures: BTreeMap::new(),
            watched: Watched::default(),
            scanned: NEVER,
            is_full: false,
        }
    }

    /// Goes on as another run, since this one was ended.
    pub(super) fn begin_run(&mut self, member: Member) {
        self.member = member.clone();
        self.merged = 0;
        self.watched.starts.clear();
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.batch.member = member;
            in_flight.batch.number = 1;
        }
    }

    /// Takes what a census counted: all, or changes of state only. `leaves` when nothing is counted any more.
    pub(super) fn scan(&mut self, (local, merged): (&Census, &Census), all: bool, leaves: bool) {
        let rules = local.rules_text();
        let changed = self
            .watched
            .rules
            .last()
            .is_none_or(|(_, last)| *last != rules);
        let all = all || changed;
        let taken = local.take(all, merged);
        if changed {
            let since = if self.watched.rules.is_empty() {
                0
            } else {
                taken.at.time
            };
            self.watched.rules.push((since, rules));
        }
        if all {
            let margin = if leaves { 0 } else { MARGIN };
            self.watched.complete = taken.at.time - margin;
        }
        self.add(taken);
    }

    fn add(&mut self, taken: Taken) {
        for (record, version) in &taken.callers {
            let delta = delta(record, version.as_ref(), self.scanned);
            let key = delta.key();
            match self.callers.get_mut(&key) {
                Some(known) => known.merge(&delta),
                None => drop(self.callers.insert(key, delta)),
            }
        }
        for (second, kind, counts) in taken.responses {
            self.responses
                .entry((second, kind))
                .or_default()
                .add(&counts);
        }
        let minute = taken.at.time / 60_000;
        for (endpoint, worked, failed) in taken.failures {
            let known = self.failures.entry((minute, endpoint)).or_default();
            known.0 |= worked;
            known.1 += u64::from(failed);
        }
        self.watched.alive = taken.alive;
        self.watched.fed = taken.fed;
        self.watched.overflow = taken.overflow;
        self.scanned = ticks(taken.at.time);
    }

    /// The next batch: the one before, if it is not known whether that was merged.
    pub(super) fn batch(&mut self, leaves: bool) -> Option<&Batch> {
        if self.in_flight.is_none() {
            self.in_flight = Some(self.next(leaves)?);
        }
        self.in_flight.as_ref().map(|in_flight| &in_flight.batch)
    }

    /// Whether a caller had no place in the last batch that had any.
    pub(super) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether there is something besides a sign of life.
    pub(super) fn is_empty(&self) -> bool {
        self.in_flight.is_none()
            && self.callers.is_empty()
            && self.responses.is_empty()
            && self.failures.is_empty()
            && self.watched.complete <= self.watched.sent
            && self.watched.overflow.1 == self.watched.overflow_sent.0
    }

    /// How many callers are not known to be merged.
    pub(super) fn waiting(&self) -> u64 {
        let in_flight = self.in_flight.iter();
        let in_flight: usize = in_flight.map(|sent| sent.callers.len()).sum();
        (in_flight + self.callers.len()) as u64
    }

    /// The batch was merged, but for the callers at these positions, which `local` then estimates.
    pub(super) fn merged(&mut self, refused: &[u32], local: &Census) {
        let Some(done) = self.in_flight.take() else {
            return;
        };
        self.merged = done.batch.number;
        self.watched.sent = done.sent.unwrap_or(self.watched.sent);
        self.watched.overflow_sent = done.overflow;
        let refused = refused
            .iter()
            .filter_map(|at| done.callers.get(usize::try_from(*at).ok()?));
        let refused: Vec<Uncounted> = refused.map(unplaced).collect();
        local.estimate(&refused);
        if !done.callers.is_empty() {
            self.is_full = !refused.is_empty();
        }
        if !refused.is_empty() {
            self.watched.overflow = local.estimates();
        }
    }

    fn next(&mut self, leaves: bool) -> Option<InFlight> {
        let mut callers = Vec::new();
        while callers.len() < Batch::MAX_CALLERS
            && let Some((_, delta)) = self.callers.pop_first()
        {
            callers.push(delta);
        }
        let mut mapped = Vec::with_capacity(callers.len());
        for local in &callers {
            let mut caller = self.mapped(local)?;
            let since = self.in_force.get(usize::from(local.kind));
            caller.forget_targets_before(since.copied().unwrap_or(NEVER));
            mapped.push(caller);
        }
        // The numbers of kinds may sort in another way.
        let mut order: Vec<usize> = (0..mapped.len()).collect();
        order.sort_by_key(|at| mapped[*at].key());
        let is_last = self.callers.is_empty() && (callers.is_empty() || !self.is_full);
        let intervals = if is_last {
            self.intervals()?
        } else {
            Vec::new()
        };
        let overflow = if is_last {
            self.overflow()?
        } else {
            Vec::new()
        };
        let (_, changes, last) = self.watched.overflow;
        let batch = Batch {
            member: self.member.clone(),
            number: self.merged + 1,
            leaves: leaves && is_last,
            callers: order.iter().map(|at| mapped[*at].clone()).collect(),
            responses: self.mapped_responses()?,
            failures: self.mapped_failures()?,
            intervals,
            in_force: self.mapped_in_force(),
            overflow,
        };
        self.responses.clear();
        self.failures.clear();
        Some(InFlight {
            batch,
            callers: order.into_iter().map(|at| callers[at].clone()).collect(),
            sent: is_last.then_some(self.watched.complete),
            overflow: if is_last {
                (changes, last)
            } else {
                self.watched.overflow_sent
            },
        })
    }

    /// A caller in the store's time and numbers.
    fn mapped(&self, local: &CallerDelta) -> Option<CallerDelta> {
        let first_target = match local.first_target {
            NOT_YET => NOT_YET,
            first => self.anchors.earliest_tick(first)?,
        };
        Some(CallerDelta {
            kind: self.numbers.kind(local.kind),
            endpoints: self.numbers.endpoints(local.endpoints),
            first_seen: self.anchors.earliest_tick(local.first_seen)?,
            last_legacy: self.anchors.latest_tick(local.last_legacy)?,
            last_dependent: self.anchors.latest_tick(local.last_dependent)?,
            last_stranded: self.anchors.latest_tick(local.last_stranded)?,
            first_target,
            last_target: self.anchors.earliest_tick(local.last_target)?,
            ..local.clone()
        })
    }

    fn mapped_in_force(&self) -> Vec<(u8, u32)> {
        let mut mapped = BTreeMap::new();
        for (kind, since) in (0..)
            .zip(&self.in_force)
            .filter(|(_, since)| **since != NEVER)
        {
            let known = mapped.entry(self.numbers.kind(kind)).or_insert(NEVER);
            *known = *since.max(known);
        }
        mapped.into_iter().collect()
    }

    fn mapped_responses(&self) -> Option<Vec<(u32, u8, ResponseCounts)>> {
        let mut mapped: BTreeMap<(u32, u8), ResponseCounts> = BTreeMap::new();
        for ((second, kind), counts) in &self.responses {
            let second = self.anchors.latest(u64::from(*second) * 1_000)? / 1_000;
            let key = (u32::try_from(second).ok()?, self.numbers.kind(*kind));
            mapped.entry(key).or_default().add(counts);
        }
        Some(
            mapped
                .into_iter()
                .map(|((second, kind), counts)| (second, kind, counts))
                .collect(),
        )
    }

    fn mapped_failures(&self) -> Option<Vec<EndpointFailures>> {
        let mut mapped: BTreeMap<(u32, u8), (bool, u64)> = BTreeMap::new();
        for ((minute, endpoint), (worked, failed)) in &self.failures {
            let hour = self.anchors.latest(minute * 60_000)? / 3_600_000;
            let key = (u32::try_from(hour).ok()?, self.numbers.endpoint(*endpoint));
            let known = mapped.entry(key).or_default();
            *known = (known.0 | worked, known.1 + failed);
        }
        let failures = mapped
            .into_iter()
            .map(|((hour, endpoint), (worked, failed))| EndpointFailures {
                hour,
                endpoint,
                worked,
                failed,
            });
        Some(failures.collect())
    }

    /// The intervals up to which all is handed over with this batch, as far as they are new.
    fn intervals(&mut self) -> Option<Vec<MemberInterval>> {
        let Watched {
            alive,
            fed,
            rules,
            sent,
            complete,
            ..
        } = &self.watched;
        let (sent, complete) = (*sent, *complete);
        let mut parts = Vec::new();
        for (is_fed, all) in [(false, alive), (true, fed)] {
            for interval in all
                .iter()
                .filter(|interval| interval.to.min(complete) > sent)
            {
                for (at, (since, text)) in rules.iter().enumerate() {
                    let until = rules.get(at + 1).map_or(u64::MAX, |(next, _)| *next);
                    let from = interval.from.max(*since);
                    let to = interval.to.min(complete).min(until);
                    if from < to && to > sent {
                        parts.push((is_fed, from, to, to == until, interval.before, text.clone()));
                    }
                }
            }
        }
        let mut mapped = Vec::with_capacity(parts.len());
        for (fed, from, to, is_cut, before, rules) in parts {
            let start = self.anchors.latest(from)?;
            let from = *self.watched.starts.entry((fed, from)).or_insert(start);
            // The next part begins where this one ends.
            let to = if is_cut {
                self.anchors.latest(to)?
            } else {
                self.anchors.earliest(to)?
            };
            if from < to {
                mapped.push(MemberInterval {
                    fed,
                    from,
                    to,
                    before,
                    rules,
                });
            }
        }
        Some(mapped)
    }

    /// The estimates that may have changed since they were last handed over.
    fn overflow(&self) -> Option<Vec<Bucket>> {
        let ((buckets, changes, _), (sent, before)) =
            (&self.watched.overflow, self.watched.overflow_sent);
        let since = before.saturating_sub(LATE);
        let mut mapped = Vec::new();
        for bucket in buckets
            .iter()
            .filter(|bucket| *changes > sent && bucket.last_tick() >= since)
        {
            let end = (u64::from(bucket.number) + 1) * u64::from(bucket.width) * 1_000 - 1;
            let number = self.anchors.latest(end)? / (u64::from(bucket.width) * 1_000);
            mapped.push(Bucket {
                number: u32::try_from(number).ok()?,
                kind: self.numbers.kind(bucket.kind),
                ..bucket.clone()
            });
        }
        Some(mapped)
    }

    /// Takes since when the rules of each kind are in force.
    pub(super) fn set_in_force(&mut self, in_force: Vec<u32>) {
        self.in_force = in_force;
    }

    /// Takes the store's names for those of the local census.
    pub(super) fn set_names(&mut self, store: &Names, local: &Names) {
        self.numbers = Numbers::new(local, store);
    }
}

/// What a record shows beyond what was taken before. `scanned` is when that was.
fn delta(record: &Record, version: Option<&ClientVersion>, scanned: u32) -> CallerDelta {
    let is_new = record.first_seen != NOT_YET;
    let first_seen = if is_new {
        record.first_seen
    } else {
        record.last_seen()
    };
    let first_target = if record.last_target == NEVER {
        NOT_YET
    } else if record.last_target < scanned {
        record.last_target
    } else if !is_new {
        // It was a target caller before.
        scanned.min(record.last_target)
    } else if record.has(TARGET) && !record.has(MIXED) {
        // Here it is known which sighting was first.
        let after_legacy = record.last_legacy.saturating_add(1);
        scanned
            .max(first_seen)
            .max(after_legacy)
            .min(record.last_target)
    } else {
        scanned.max(first_seen).min(record.last_target)
    };
    CallerDelta {
        fingerprint: record.fingerprint,
        kind: record.kind,
        flags: record.flags & KEPT,
        pause: record.pause,
        endpoints: record.endpoints,
        first_seen,
        last_legacy: record.last_legacy,
        last_dependent: record.last_dependent,
        last_stranded: record.last_stranded,
        first_target,
        last_target: record.last_target,
        responses: record.responses.into(),
        dependent: record.dependent.into(),
        stranded: record.stranded.into(),
        version: version.map_or_else(String::new, |version| version.as_str().to_owned()),
    }
}

/// A caller that has no place, as the estimates count it.
fn unplaced(caller: &CallerDelta) -> Uncounted {
    let dependence = if caller.stranded > 0 {
        Dependence::Stranded
    } else if caller.dependent > 0 {
        Dependence::Served
    } else if caller.flags & LATENT != 0 {
        Dependence::Latent
    } else {
        Dependence::None
    };
    Uncounted {
        at: caller.last_seen(),
        fingerprint: caller.fingerprint,
        kind: caller.kind,
        dependence,
        identified: caller.flags & IDENTIFIED != 0,
    }
}

impl Census {
    fn rules_text(&self) -> String {
        Rules::of(&self.lock_watch().rules, &self.kinds).to_text()
    }
}
