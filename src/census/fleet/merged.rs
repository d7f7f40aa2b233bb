//! The census of all instances, as one of them reads it.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    caller::{ClientVersion, Kinds},
    census::{
        caller_delta::CallerDelta,
        census::{Census, Settings},
        failures::is_failing,
        overflow::Bucket,
        record::{CallerState, Judge, NEVER, Record},
        response_counts::BucketCounts,
        rules::{RulesInForce, ServedSince},
        watch::{Coverage, Forgotten, GapCause},
        window::Window,
    },
    time::{
        Clock,
        timeline::{TICKS, ticks},
    },
};

use super::{
    batch::{Batch, EndpointFailures, Member, MemberInterval},
    coverage::{Run, Runs, coverage},
    numbers::Numbers,
    rules::Rules,
    store::{Change, Changed, Loaded, LoadedCaller, LoadedState, MemberState, Names, Sweep},
    store_clock::StoreClock,
};

/// A copy of what the store has, as a census, and what it was made of.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) census: Arc<Census>,
    pub(super) clock: Arc<StoreClock>,
    /// The last change that it has.
    pub(super) change: u64,
    pub(super) names: Names,
    numbers: Numbers,
    pub(super) runs: Runs,
    failures: BTreeMap<(u32, u8), (bool, u64)>,
    overflow: HashMap<(Member, u32, u32, u8), Bucket>,
    /// Callers that were loaded with later changes than the rest, which are not merged once more.
    ahead: HashMap<(u128, u8), u64>,
}

/// How long after its end an hour of failures is complete, in milliseconds.
const HANDED_OVER: u64 = 2 * 60_000;

/// The share of a full store that is freed at once.
const SHARE: usize = 64;

const HOUR: u64 = 3_600_000;

impl Merged {
    /// An empty one with the kinds, rules and settings of a local census.
    pub(super) fn like(local: &Census) -> Self {
        let rules = local.lock_watch().rules.clone();
        let known = (local.kinds.clone(), rules);
        Self::new(known, Arc::clone(&local.clock), local.settings)
    }

    /// An empty one with these kinds and rules.
    pub(super) fn new(
        known: (Kinds, RulesInForce),
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let clock = Arc::new(StoreClock::new(clock));
        let settings = Settings {
            merged: true,
            ..settings
        };
        let census = Census::merged(known, Arc::clone(&clock) as _, settings);
        Self {
            census: Arc::new(census),
            clock,
            change: 0,
            names: Names::default(),
            numbers: Numbers::default(),
            runs: Runs::new(),
            failures: BTreeMap::new(),
            overflow: HashMap::new(),
            ahead: HashMap::new(),
        }
    }

    /// The names of its kinds and endpoints, by its own numbers.
    pub(super) fn own_names(census: &Census) -> Names {
        Names {
            kinds: census.kinds.names().map(str::to_owned).collect(),
            endpoints: census
                .endpoints
                .names()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }

    pub(super) fn set_names(&mut self, names: &Names) {
        for name in &names.endpoints {
            let _ = self.census.endpoint(name);
        }
        self.numbers = Numbers::new(names, &Self::own_names(&self.census));
        self.names = names.clone();
    }

    /// Takes a part of what is loaded.
    pub(super) fn load(&mut self, part: Loaded) {
        match part {
            Loaded::State(state) => self.load_state(*state),
            Loaded::Callers(callers) => {
                for LoadedCaller { caller, change } in callers {
                    if change > self.change {
                        self.ahead.insert(caller.key(), change);
                    }
                    // Its flags and its first target sighting are by the rules in force when it was merged last.
                    self.absorb(&caller, NEVER);
                }
            }
            Loaded::Change(change) => self.apply(&change),
        }
    }

    fn load_state(&mut self, state: LoadedState) {
        self.clock.set(state.now, state.wall);
        self.change = state.change;
        self.set_names(&state.names);
        for member in state.members {
            self.set_member(member);
        }
        for (member, interval) in &state.intervals {
            self.add_interval(member, interval);
        }
        for failures in &state.failures {
            self.add_failures(failures);
        }
        for (member, bucket) in state.overflow {
            self.add_overflow(&member, bucket);
        }
        let now = self.census.moment();
        let mut watch = self.census.lock_watch();
        watch.last = now;
        watch.began = state.began;
        for bucket in &state.responses {
            let kind = self.numbers.kind(bucket.kind);
            watch.history.restore(&BucketCounts { kind, ..*bucket });
        }
        for (kind, callers, dependents, dropped) in state.forgotten {
            let kind = usize::from(self.numbers.kind(kind));
            watch.forgotten[kind].add(&Forgotten {
                callers,
                dependents,
                dropped,
            });
        }
    }

    /// Takes a run that joined or was ended.
    pub(super) fn set_member(&mut self, state: MemberState) {
        match self.runs.entry(state.member.clone()) {
            Entry::Occupied(mut known) => known.get_mut().learn(&state),
            Entry::Vacant(new) => {
                new.insert(Run::new(state));
            }
        }
    }

    /// Applies the next change.
    pub(super) fn apply(&mut self, change: &Change) {
        // Another thread may have read the same.
        if change.number <= self.change {
            return;
        }
        match &change.what {
            Changed::Batch(batch) => self.merge(batch, change),
            Changed::Swept(sweep) => self.sweep(sweep, change),
        }
        self.change = change.number;
        if !self.ahead.is_empty() {
            self.ahead.retain(|_, last| *last > change.number);
        }
    }

    fn merge(&mut self, batch: &Batch, change: &Change) {
        let mut refused = change.refused.iter().copied().peekable();
        for (at, caller) in (0..).zip(&batch.callers) {
            if refused.next_if_eq(&at).is_some() || self.is_ahead(caller.key(), change.number) {
                continue;
            }
            self.absorb(caller, batch.in_force(caller.kind));
        }
        let mut watch = self.census.lock_watch();
        for (second, kind, counts) in &batch.responses {
            watch
                .history
                .add(*second, self.numbers.kind(*kind).into(), counts);
        }
        drop(watch);
        for failures in &batch.failures {
            self.add_failures(failures);
        }
        let run = self.runs.entry(batch.member.clone()).or_insert_with(|| {
            Run::new(MemberState {
                member: batch.member.clone(),
                joined: change.at,
                seen: change.at,
                excused: 0,
                ended: None,
                left: false,
            })
        });
        run.heard(change.at, batch.leaves);
        for interval in &batch.intervals {
            self.add_interval(&batch.member, interval);
        }
        for bucket in &batch.overflow {
            self.add_overflow(&batch.member, bucket.clone());
        }
    }

    /// Whether what a change did with a caller was loaded already.
    fn is_ahead(&self, caller: (u128, u8), change: u64) -> bool {
        !self.ahead.is_empty() && self.ahead.get(&caller).is_some_and(|last| *last >= change)
    }

    fn absorb(&self, caller: &CallerDelta, in_force: u32) {
        let version = ClientVersion::parse(&caller.version);
        let delta = CallerDelta {
            endpoints: self.numbers.endpoints(caller.endpoints),
            ..caller.clone()
        };
        let kind = self.numbers.kind(caller.kind);
        self.census
            .table
            .absorb(&delta, (kind, in_force), version.as_ref());
    }

    fn add_interval(&mut self, member: &Member, interval: &MemberInterval) {
        if let Some(run) = self.runs.get_mut(member) {
            run.add(interval);
        }
    }

    fn add_failures(&mut self, failures: &EndpointFailures) {
        let known = self
            .failures
            .entry((failures.hour, failures.endpoint))
            .or_default();
        *known = (known.0 | failures.worked, known.1 + failures.failed);
    }

    fn add_overflow(&mut self, member: &Member, mut bucket: Bucket) {
        bucket.kind = self.numbers.kind(bucket.kind);
        let key = (member.clone(), bucket.width, bucket.number, bucket.kind);
        self.overflow.insert(key, bucket);
    }

    fn sweep(&mut self, sweep: &Sweep, change: &Change) {
        let removed = (0..)
            .zip(&sweep.callers)
            .filter(|(at, _)| !change.refused.contains(at));
        let swept: HashMap<(u128, u8), (bool, bool)> = removed
            .map(|(_, (fingerprint, kind, depended, dropped))| {
                (
                    (*fingerprint, self.numbers.kind(*kind)),
                    (*depended, *dropped),
                )
            })
            .filter(|(key, _)| !self.is_ahead(*key, change.number))
            .collect();
        let mut forgotten = vec![Forgotten::default(); self.census.kinds.names().len()];
        self.census.table.retain(|record| {
            let found = swept.get(&(record.fingerprint, record.kind));
            let Some((depended, dropped)) = found else {
                return true;
            };
            forgotten[usize::from(record.kind)].add(&Forgotten {
                callers: u64::from(!dropped),
                dependents: u64::from(*depended && !dropped),
                dropped: u64::from(*dropped),
            });
            false
        });
        let mut watch = self.census.lock_watch();
        for (all, more) in watch.forgotten.iter_mut().zip(&forgotten) {
            all.add(more);
        }
    }

    /// Makes coverage, estimates and rules of what was merged, for so many processes that serve.
    pub(super) fn settle(&mut self, processes: u32, own: &RulesInForce) {
        let now = self.census.heartbeat();
        let month = Window::MONTH.as_millis();
        let since = now
            .time
            .saturating_sub(self.census.settings.retention.saturating_add(month));
        self.prune(since, ticks(now.time));
        let found = coverage(&self.runs, processes, now.time);
        let mut coverage = Coverage::default();
        coverage.replace(found.watched, found.tail);
        for ((hour, _), (worked, failed)) in &self.failures {
            let (from, to) = (u64::from(*hour) * HOUR, u64::from(*hour + 1) * HOUR);
            if is_failing(*worked, *failed) && to + HANDED_OVER <= now.time {
                coverage.cut(from, to, GapCause::Failing);
            }
        }
        let rules = self.rules(own, now.time);
        for (kind, (_, since)) in rules.kinds.iter().enumerate() {
            self.census.table.set_in_force(kind, *since);
        }
        let mut watch = self.census.lock_watch();
        (watch.coverage, watch.rules) = (coverage, rules);
        drop(watch);
        let mut overflow = self.census.lock_overflow();
        overflow.buckets = self.overflow.values().cloned().collect();
        let finest = overflow.buckets.iter().filter(|bucket| bucket.width == 60);
        overflow.last = finest
            .map(Bucket::last_tick)
            .max()
            .unwrap_or(overflow.last)
            .min(ticks(now.time));
    }

    /// Forgets what no window can reach any more.
    fn prune(&mut self, since: u64, now: u32) {
        self.failures
            .retain(|(hour, _), _| u64::from(*hour + 1) * HOUR >= since);
        self.overflow.retain(|(_, width, number, _), _| {
            let month = 32 * 86_400;
            (u64::from(*number) + 1) * u64::from(*width) + month > u64::from(now / TICKS)
        });
        self.runs
            .retain(|_, run| run.state.ended.is_none_or(|ended| ended >= since));
    }

    /// The rules of this instance, in force since the last moment at which another one had others.
    fn rules(&self, own: &RulesInForce, now: u64) -> RulesInForce {
        let mut seen: HashMap<&str, u64> = HashMap::new();
        for run in self.runs.values() {
            let live = run.is_live(now);
            for (at, interval) in run.watched.iter().enumerate() {
                let is_last = at + 1 == run.watched.len();
                let to = if live && is_last { now } else { interval.to };
                let last = seen.entry(&interval.rules).or_default();
                *last = (*last).max(to);
            }
        }
        let seen: Vec<(Rules, u32)> = seen
            .into_iter()
            .map(|(text, to)| (Rules::from_text(text), ticks(to)))
            .collect();
        let last = |others: &dyn Fn(&Rules) -> bool| {
            seen.iter()
                .filter(|(rules, _)| others(rules))
                .map(|(_, to)| *to)
                .max()
                .unwrap_or(NEVER)
        };
        let kinds = self.census.kinds.names().zip(&own.kinds);
        let kinds =
            kinds.map(|(name, (digest, _))| (*digest, last(&|rules| !rules.has(name, *digest))));
        let contract = own.contract.as_ref().map(|served| ServedSince {
            digest: served.digest.clone(),
            since: last(&|rules| {
                rules
                    .contract
                    .as_ref()
                    .is_some_and(|other| *other != served.digest)
            }),
        });
        RulesInForce {
            kinds: kinds.collect(),
            contract,
        }
    }

    /// The callers that were not seen for the retention; `None` if there are none.
    pub(super) fn expired(&self) -> Option<Sweep> {
        let now = self.census.heartbeat().time;
        let since = now.saturating_sub(self.census.settings.retention);
        let unwatched = self.census.lock_watch().coverage.unwatched_since(since);
        let since = ticks(since.saturating_sub(unwatched));
        let in_force = self.census.table.all_in_force();
        let judge = Judge {
            since,
            in_force: &in_force,
        };
        self.sweep_of(|record| {
            let depends = || record.depended() && record.state(judge) != CallerState::Migrated;
            (record.last_seen() < since).then(|| (depends(), false))
        })
    }

    /// The target callers that make way in a full store: a part of all, those that were seen longest ago.
    pub(super) fn dispensable(&self) -> Option<Sweep> {
        let in_force = self.census.table.all_in_force();
        let place = |record: &Record| record.dispensable(in_force[usize::from(record.kind)]);
        let mut places: Vec<u64> = Vec::new();
        self.census
            .table
            .visit(|bucket| places.extend(bucket.iter().filter_map(place)));
        let most = (self.census.known() / SHARE).max(1).min(places.len());
        let (_, last, _) = places.select_nth_unstable(most.checked_sub(1)?);
        let (last, mut left) = (*last, most);
        self.sweep_of(|record| {
            let goes = left > 0 && place(record).is_some_and(|place| place <= last);
            left -= usize::from(goes);
            goes.then_some((false, true))
        })
    }

    fn sweep_of(&self, mut wanted: impl FnMut(&Record) -> Option<(bool, bool)>) -> Option<Sweep> {
        let store = Numbers::new(&Self::own_names(&self.census), &self.names);
        let mut callers = Vec::new();
        self.census.table.visit(|bucket| {
            let found = bucket.iter().filter_map(|record| {
                let (depended, dropped) = wanted(record)?;
                Some((
                    record.fingerprint,
                    store.kind(record.kind),
                    depended,
                    dropped,
                ))
            });
            callers.extend(found);
        });
        (!callers.is_empty()).then_some(Sweep {
            callers,
            known: self.change,
        })
    }

    /// What the others counted cannot be read: since when all were complete is a gap until it can.
    pub(super) fn cut_off(&self) {
        self.census
            .lock_watch()
            .coverage
            .end(GapCause::StoreUnreachable);
    }

    /// Takes over what only this process knows from an older copy.
    pub(super) fn go_on_from(&self, older: &Self) {
        let (flag_changed, losses) = {
            let watch = older.census.lock_watch();
            (watch.flag_changed, watch.losses.clone())
        };
        let mut watch = self.census.lock_watch();
        (watch.flag_changed, watch.losses) = (flag_changed, losses);
    }
}

impl Census {
    /// A census of what others counted.
    fn merged(known: (Kinds, RulesInForce), clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self::starting_at(0, known, clock, settings)
    }
}
