//! The census.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use crate::{
    caller::{KeyCheck, Kinds},
    metrics::{Family, Sample, Source},
    observation::{Feeder, Feeders, Observation, Observe},
    per_contract::PerContract,
    storage::saver::Saver,
    time::{
        Clock,
        timeline::{Due, Moment, TICKS, Timeline, ticks},
    },
    worker::Tick,
};

use super::{
    event::{Binding, CallerEvent, EndpointSlot, Endpoints, Sighting},
    failures::EndpointHealth,
    open_error::OpenCensusErrorKind,
    overflow::Overflow,
    record::Judge,
    report::{Report, Tally, start},
    rules::RulesInForce,
    table::Table,
    watch::{Forgotten, GapCause, Watch},
    window::Window,
};

/// Distinct callers over time, by whether they still depend on the legacy shapes.
///
/// As an observer of the layer, or by [`Census::record`], it counts responses from any number of threads;
/// [`Census::report`] and [`Census::list`] query it. Its [`Tick`] is called about once a second.
///
/// ```
/// use legacy_http_compat::{
///     caller::{Caller, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector},
///     census::{CallerEvent, Census, Dependence, Window},
/// };
///
/// let detector = SignalDetector::builder(["AGENT"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
/// let census = Census::new(&detector);
/// let poll = census.endpoint("device_poll");
/// let agent = detector.kinds().find("AGENT").expect("AGENT is in the set");
/// let old = Caller::new(agent, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(1));
/// let event = CallerEvent { caller: old, endpoint: poll, dependence: Dependence::Served, failed: false };
/// census.record(&event);
/// assert_eq!(census.report(Window::DAY).kind("AGENT").expect("a kind").dependent, 1);
///
/// let upgraded = Caller::new(agent, Generation::Target).with_fingerprint(Fingerprint::from_u128(1));
/// census.record(&CallerEvent { caller: upgraded, dependence: Dependence::None, ..event });
/// let report = census.report(Window::DAY);
/// assert_eq!((report.all.dependent, report.all.migrated), (0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Census {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    /// The name of the flag whose callers it counts.
    pub(super) flag: OnceLock<Box<str>>,
    timeline: Timeline,
    pub(super) table: Table,
    pub(super) endpoints: Endpoints,
    pub(super) per_contract: PerContract<Binding>,
    pub(super) kinds: Kinds,
    pub(super) health: EndpointHealth,
    feeders: Feeders,
    /// Locked before any bucket or the overflow, never while holding one of them.
    watch: Mutex<Watch>,
    overflow: Mutex<Overflow>,
    cached: Mutex<Arc<[Report]>>,
    /// When cached reports, sweep and snapshot are due.
    schedule: Mutex<[Due; 3]>,
    pub(super) saver: Option<Saver>,
}

/// The settings of a census; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) capacity: usize,
    pub(super) retention: u64,
    pub(super) heartbeat_limit: u64,
    pub(super) snapshot_every: u64,
    pub(super) key_check: Option<KeyCheck>,
    /// Whether it only shows what others counted, in a time and with a coverage that are given.
    pub(super) merged: bool,
}

/// How often the cached reports are renewed, in milliseconds: with a tick a second they are at most five seconds old.
const REPORTS_EVERY: u64 = 4_000;

/// How often callers past the retention are looked for, in milliseconds.
const SWEEP_EVERY: u64 = 3_600_000;

impl Census {
    /// The slot of an endpoint. Look it up once per endpoint, not per request. There are 63; when they are used up, and
    /// for names longer than 256 bytes, it is [`EndpointSlot::OTHER`].
    #[must_use]
    pub fn endpoint(&self, name: &str) -> EndpointSlot {
        self.endpoints.slot(name)
    }

    /// Counts one observed response. For a known caller: no allocation, and no lock but that of a bucket with a few
    /// others.
    pub fn record(&self, event: &CallerEvent) {
        self.see(event.sighting());
    }

    #[inline]
    fn see(&self, sighting: Sighting<'_>) {
        let now = self.timeline.tick(&*self.clock);
        self.table.see(now, sighting, |uncounted| {
            self.lock_overflow().add(uncounted);
        });
        self.health.count(sighting.endpoint, sighting.failed);
    }

    /// A guard that shows that the census is fed. Time without one is a gap ([`GapCause::Unfed`]). A service with the layer
    /// holds one for each census among the layer's observers; take one for whatever else calls [`Census::record`].
    pub fn feeder(&self) -> Feeder {
        self.feeders.add()
    }

    /// The report of the window that ends now.
    #[must_use]
    pub fn report(&self, window: Window) -> Report {
        let [report] = self.reports([window]);
        report
    }

    /// One report for each window, from one pass over the callers.
    #[must_use]
    pub fn reports<const N: usize>(&self, windows: [Window; N]) -> [Report; N] {
        let now = self.heartbeat();
        let kinds = self.kinds.names().len();
        let tallies = windows.map(|window| {
            let length = window.as_millis();
            Tally::new((window, length), start(length, &now), kinds)
        });
        self.fill(tallies, &now)
    }

    pub(super) fn fill<const N: usize>(
        &self,
        mut tallies: [Tally; N],
        now: &Moment,
    ) -> [Report; N] {
        let in_force = self.table.all_in_force();
        self.table.visit(|bucket| {
            for tally in &mut tallies {
                tally.count(bucket, &in_force);
            }
        });
        // Once more: then the responses of every caller that was counted are among them.
        self.drain(&mut self.lock_watch());
        let (watch, overflow) = (self.lock_watch(), self.lock_overflow());
        tallies.map(|tally| tally.report(&self.kinds, now, (&watch, &overflow)))
    }

    /// The reports of [`Window::STANDARD`] in this order, as of the last [`Tick`]: at most 5 seconds old while the census
    /// ticks. Computed now if there are none yet.
    #[must_use]
    pub fn cached_reports(&self) -> Arc<[Report]> {
        let cached = Arc::clone(&lock(&self.cached));
        if cached.is_empty() {
            self.renew_reports()
        } else {
            cached
        }
    }

    /// How many callers are known individually.
    #[must_use]
    pub fn known(&self) -> usize {
        self.table.known()
    }

    /// How many callers can be known individually.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.settings.capacity
    }

    /// Identifies the fingerprint key of its detector, if that has one.
    #[cfg(feature = "rollout")]
    pub(crate) fn key_check(&self) -> Option<KeyCheck> {
        self.settings.key_check
    }

    /// Names the flag whose callers it counts, if that has no name yet. Another name than the one it has is logged, since
    /// alerts join the series of the census and of the rollout by it.
    pub(crate) fn name_flag(&self, name: &str) {
        let known = self.flag.get_or_init(|| name.into());
        if **known != *name {
            tracing::warn!(%known, name, "the census is of another flag than the rollout that uses it");
        }
    }

    #[cfg(feature = "admin")]
    pub(crate) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// A census that does not watch yet, with its timeline at `time` milliseconds.
    pub(super) fn starting_at(
        time: u64,
        (kinds, rules): (Kinds, RulesInForce),
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let count = kinds.names().len();
        let timeline = Timeline::starting_at(time, &*clock);
        let now = timeline.moment(&*clock);
        Self {
            table: Table::new(settings.capacity, count),
            endpoints: Endpoints::default(),
            per_contract: PerContract::default(),
            health: EndpointHealth::default(),
            feeders: Feeders::default(),
            watch: Mutex::new(Watch::new(now, rules)),
            overflow: Mutex::new(Overflow::new(count)),
            cached: Mutex::new(Arc::new([])),
            schedule: Mutex::new([
                Due::at(now.time),
                Due::at(now.time),
                Due::at(now.time.saturating_add(settings.snapshot_every)),
            ]),
            saver: None,
            clock,
            settings,
            flag: OnceLock::new(),
            timeline,
            kinds,
        }
    }

    /// Starts to watch, at the time the census was made with.
    pub(super) fn begin(&self, cause: GapCause, loss: Option<OpenCensusErrorKind>) {
        let mut watch = self.lock_watch();
        let now = watch.last.time;
        watch.coverage.begin(now, cause);
        if let Some(reason) = loss {
            watch.lose(reason);
        }
    }

    /// Records that the census is watching, and takes in what was counted since the last time.
    pub(super) fn heartbeat(&self) -> Moment {
        let mut watch = self.lock_watch();
        if self.settings.merged {
            watch.last = self.moment();
            return watch.last;
        }
        let limit = self.settings.heartbeat_limit;
        let (time, is_fed) = ((&self.timeline, &*self.clock), self.feeders.any());
        let now = watch.beat(time, limit, is_fed);
        // In a fleet all of them are judged together.
        let failing = match &watch.outgoing {
            Some(_) => None,
            None => watch.failures.take(&self.health, now.time),
        };
        if let Some((from, to)) = failing {
            tracing::warn!("an endpoint failed for an hour: gap in the census's coverage");
            watch.coverage.cut(from, to, GapCause::Failing);
        }
        let longest_pause = now.time.saturating_sub(Window::MONTH.as_millis() * 2);
        if let Some(gaps) = watch.coverage.changed_gaps(longest_pause) {
            self.table.set_gaps(gaps);
        }
        self.drain(&mut watch);
        now
    }

    /// Takes in what was counted since the last time.
    pub(super) fn drain(&self, watch: &mut Watch) {
        let second = ticks(watch.last.time) / TICKS;
        let uncounted = self
            .table
            .drain(|kind, responses| watch.count(second, kind, responses));
        if !uncounted.is_empty() {
            self.lock_overflow().add(&uncounted);
        }
    }

    pub(super) fn moment(&self) -> Moment {
        self.timeline.moment(&*self.clock)
    }

    pub(super) fn lock_watch(&self) -> MutexGuard<'_, Watch> {
        lock(&self.watch)
    }

    pub(super) fn lock_overflow(&self) -> MutexGuard<'_, Overflow> {
        lock(&self.overflow)
    }

    pub(super) fn renew_reports(&self) -> Arc<[Report]> {
        let reports: Arc<[Report]> = self.reports(Window::STANDARD).into();
        *lock(&self.cached) = Arc::clone(&reports);
        reports
    }

    /// Drops target callers if the table is full.
    fn free_places(&self) {
        if self.hands_over() {
            return;
        }
        let mut dropped = vec![0; self.kinds.names().len()];
        self.table
            .free_places(|record| dropped[usize::from(record.kind)] += 1);
        if dropped.iter().any(|dropped| *dropped > 0) {
            let mut watch = self.lock_watch();
            for (forgotten, dropped) in watch.forgotten.iter_mut().zip(dropped) {
                forgotten.add(&Forgotten {
                    dropped,
                    ..Forgotten::default()
                });
            }
        }
    }

    /// Forgets the callers that were not seen for the retention, not counting gaps.
    fn sweep(&self, now: &Moment) {
        if self.hands_over() {
            return;
        }
        let mut watch = self.lock_watch();
        let since = now.time.saturating_sub(self.settings.retention);
        let unwatched = watch.coverage.unwatched_since(since);
        let since = ticks(since.saturating_sub(unwatched));
        let in_force = self.table.all_in_force();
        let judge = Judge {
            since,
            in_force: &in_force,
        };
        self.table.retain(|record| {
            let keep = record.last_seen() >= since;
            if !keep {
                watch.forgotten[usize::from(record.kind)].count(record, judge);
            }
            keep
        });
        self.lock_overflow().expire(ticks(now.time));
        let month = Window::MONTH.as_millis();
        let longest = self.settings.retention.saturating_add(month);
        watch.coverage.prune(now.time.saturating_sub(longest));
    }
}

/// Counts each response for its caller.
impl Observe for Census {
    #[inline]
    fn observe(&self, observation: &Observation<'_>) {
        let prepare = || Binding::new(observation, &self.endpoints, &self.kinds);
        let record = |binding: &Binding| self.see(binding.sighting(observation));
        self.per_contract.with(observation, prepare, record);
    }

    fn feeder(&self) -> Option<Feeder> {
        Some(self.feeders.add())
    }
}

impl Tick for Census {
    /// Records a heartbeat, and frees places in a full table; when due, renews the cached reports, forgets old callers and writes the snapshot.
    fn tick(&self) {
        let now = self.heartbeat();
        self.free_places();
        let intervals = [REPORTS_EVERY, SWEEP_EVERY, self.settings.snapshot_every];
        let [reports, sweep, snapshot] = {
            let mut schedule = lock(&self.schedule);
            std::array::from_fn(|index| schedule[index].take(now.time, intervals[index]))
        };
        if sweep {
            self.sweep(&now);
        }
        if reports {
            self.renew_reports();
        }
        if snapshot {
            // Logged, and shown by the status; the next due time tries again.
            let _ = self.save();
        }
    }

    /// A last heartbeat and a last snapshot.
    fn shutdown(&self) {
        let _ = self.save();
    }
}

/// [`Family::CALLERS`], [`Family::CENSUS_COVERAGE_RATIO`] and [`Family::CENSUS_OVERFLOWED`], as of the last tick. Their label
/// `flag` is what [`CensusBuilder::flag`](super::CensusBuilder::flag) or the rollout set, or else empty.
impl Source for Census {
    fn families(&self) -> &'static [Family] {
        &[
            Family::CALLERS,
            Family::CENSUS_COVERAGE_RATIO,
            Family::CENSUS_OVERFLOWED,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let reports = self.cached_reports();
        let flag = self.flag.get().map_or("", |name| &**name);
        if *family == Family::CALLERS {
            for report in &*reports {
                callers(flag, report, sample);
            }
        } else if *family == Family::CENSUS_COVERAGE_RATIO {
            for report in &*reports {
                sample(&[flag, &report.window], report.coverage.ratio.into());
            }
        } else if *family == Family::CENSUS_OVERFLOWED {
            // The longest window contains all others.
            let overflowed = reports.last().is_some_and(Report::overflowed);
            sample(&[flag], overflowed.into());
        }
    }
}

impl fmt::Debug for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Census")
            .field("known", &self.known())
            .field("capacity", &self.capacity())
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic, at most one interval is uncounted.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn callers(flag: &str, report: &Report, sample: &mut Sample<'_>) {
    for kind in &report.kinds {
        let counts = &kind.counts;
        for (state, count) in [
            ("dependent", counts.dependent),
            ("stranded", counts.stranded),
            ("migrated", counts.migrated),
            ("regressed", counts.regressed),
            ("inactive", counts.inactive),
        ] {
            sample(&[flag, &kind.kind, state, &report.window], count.into());
        }
    }
}
