//! The census itself.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    caller::{Fingerprint, Kinds},
    clock::Clock,
    keeper::Tick,
};

use super::{
    builder::{CensusBuilder, Settings},
    codec::{Malformed, Read, Writer},
    coverage::GapCause,
    endpoints::{EndpointSlot, Endpoints},
    format::{self, Saved},
    keeping::Keeping,
    list::{CallerRow, ListQuery, Names, Page, Select},
    open_error::OpenErrorKind,
    overflow::Overflow,
    record::Record,
    report::Report,
    reporting::{Draft, start},
    sighting::Sighting,
    status::{Saver, SnapshotStatus},
    table::Table,
    timeline::{Moment, Timeline, seconds},
    window::Window,
};

/// Who still depends on the legacy shapes.
///
/// Told of each answered request by [`Census::record`], which may be called from any number of threads; asked by
/// [`Census::report`] and [`Census::list`]. Its periodic work is its [`Tick`], to be called about once a second.
///
/// ```
/// use legacy_http_compat::{
///     caller::{Caller, Fingerprint, Generation, Kinds},
///     census::{Census, Dependence, Sighting, Window},
/// };
///
/// let kinds = Kinds::new(["AGENT"]);
/// let census = Census::new(&kinds);
/// let poll = census.endpoint("device_poll");
/// let agent = kinds.find("AGENT").expect("AGENT is in the set");
/// let old = Caller::new(agent, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(1));
/// census.record(&Sighting { caller: old, endpoint: poll, dependence: Dependence::Served });
/// assert_eq!(census.report(Window::DAY).kind("AGENT").expect("a kind").dependent, 1);
///
/// let upgraded = Caller::new(agent, Generation::StatusDriven).with_fingerprint(Fingerprint::from_u128(1));
/// census.record(&Sighting { caller: upgraded, endpoint: poll, dependence: Dependence::None });
/// let report = census.report(Window::DAY);
/// assert_eq!((report.all.dependent, report.all.migrated), (0, 1));
/// ```
pub struct Census {
    clock: Arc<dyn Clock>,
    settings: Settings,
    timeline: Timeline,
    pub(super) table: Table,
    endpoints: Endpoints,
    kinds: Vec<String>,
    /// Taken before any bucket or the overflow, never while holding one of them.
    keeping: Mutex<Keeping>,
    overflow: Mutex<Overflow>,
    ready: Mutex<Arc<[Report]>>,
    due: Mutex<Due>,
    saver: Option<Saver>,
}

/// When periodic work is to be done next, in the census's own time.
#[derive(Clone, Copy, Debug)]
struct Due {
    reports: u64,
    sweep: u64,
    snapshot: u64,
}

/// How old the ready-made reports get, in milliseconds.
const REPORTS_EVERY: u64 = 5_000;

/// So many callers, about, are written at once.
const PART: usize = 1_024;

/// How often callers past the retention are looked for, in milliseconds.
const SWEEP_EVERY: u64 = 3_600_000;

impl Census {
    /// A census in memory with the default settings.
    #[must_use]
    pub fn new(kinds: &Kinds) -> Self {
        Self::builder(kinds).fresh(None)
    }

    /// A census to be set up. `kinds` must be those of the detector that tells the callers apart.
    pub fn builder(kinds: &Kinds) -> CensusBuilder {
        CensusBuilder::new(kinds)
    }

    /// The slot of an endpoint, to be asked for once for each endpoint and not for each request. There are 63; when
    /// they are used up, and for names above 256 bytes, it is [`EndpointSlot::OTHER`].
    #[must_use]
    pub fn endpoint(&self, name: &str) -> EndpointSlot {
        self.endpoints.slot(name)
    }

    /// Takes in one answered request. For a caller known already: no allocation, and no lock but that of a bucket with a few others.
    pub fn record(&self, sighting: &Sighting) {
        let now = self.timeline.second(&*self.clock);
        self.table.see(now, sighting, |uncounted| {
            self.lock_overflow().add(uncounted);
        });
    }

    /// What was in the window that ends now.
    #[must_use]
    pub fn report(&self, window: Window) -> Report {
        let [report] = self.reports([window]);
        report
    }

    /// One report for each window, all of one look at the callers.
    #[must_use]
    pub fn reports<const N: usize>(&self, windows: [Window; N]) -> [Report; N] {
        let now = self.heartbeat();
        let mut drafts = self.drafts(windows, &now);
        for bucket in self.table.buckets() {
            for draft in &mut drafts {
                draft.count(&bucket);
            }
        }
        drafts.map(Draft::finish)
    }

    /// The reports for [`Window::READY_MADE`] in this order, as the last [`Tick`] made them: at most about 5 seconds
    /// old while the census is kept, and made anew if there are none yet.
    #[must_use]
    pub fn ready_made(&self) -> Arc<[Report]> {
        let ready = Arc::clone(&lock(&self.ready));
        if ready.is_empty() {
            self.refresh()
        } else {
            ready
        }
    }

    /// The callers that a query selects, a page of them.
    #[must_use]
    pub fn list(&self, query: &ListQuery) -> Page {
        let now = self.moment();
        let since = start(query.window, &now);
        let mut keys = Vec::new();
        for bucket in self.table.buckets() {
            let matching = bucket.iter().filter(|record| query.matches(record, since));
            keys.extend(matching.map(|record| query.key(record)));
        }
        let total = keys.len();
        let endpoints = self.endpoints.names();
        let keys = query.cut(keys).into_iter();
        let found = keys.filter_map(|key| self.table.find(query.fingerprint(key)));
        Page {
            total,
            offset: query.offset,
            rows: found
                .map(|record| self.row(&record, since, &now, &endpoints))
                .collect(),
        }
    }

    /// Looks at each caller that `select` means, in no order. No lock is held meanwhile, but callers that come meanwhile
    /// may or may not be among them.
    pub fn each_caller(&self, window: Window, select: Select, mut each: impl FnMut(CallerRow)) {
        let now = self.moment();
        let since = start(window, &now);
        let endpoints = self.endpoints.names();
        for bucket in self.table.buckets() {
            let found = bucket.iter().filter(|record| select.matches(record, since));
            let found: Vec<_> = found.copied().collect();
            drop(bucket);
            for record in found {
                each(self.row(&record, since, &now, &endpoints));
            }
        }
    }

    /// What is known of one caller, with its state in this window.
    #[must_use]
    pub fn caller(&self, fingerprint: Fingerprint, window: Window) -> Option<CallerRow> {
        let now = self.moment();
        let record = self.table.find(fingerprint.as_u128())?;
        let endpoints = self.endpoints.names();
        Some(self.row(&record, start(window, &now), &now, &endpoints))
    }

    /// How many callers are known one by one.
    #[must_use]
    pub fn known(&self) -> usize {
        self.table.known()
    }

    /// How many callers can be known one by one.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.settings.capacity
    }

    /// How the writing of snapshots goes; `None` if there is no snapshot file.
    #[must_use]
    pub fn snapshot_status(&self) -> Option<SnapshotStatus> {
        self.saver.as_ref().map(Saver::status)
    }

    /// Writes the snapshot now and waits for the disk. Without a snapshot file it does nothing.
    ///
    /// # Errors
    ///
    /// When it could not be written; the file is then as it was before. [`Census::snapshot_status`] shows it as well.
    pub fn save(&self) -> io::Result<()> {
        let Some(saver) = &self.saver else {
            return Ok(());
        };
        let _alone = lock(&saver.writing);
        let written = saver.file.replace(|writer| self.write(writer));
        match written {
            Ok(bytes) => saver.succeeded(self.clock.unix_ms(), bytes),
            Err(error) => {
                saver.failed(&error);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The snapshot as bytes, for [`CensusBuilder::open_bytes`].
    ///
    /// # Errors
    ///
    /// None that a buffer in memory gives.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the bytes of a snapshot to somewhere else than the file, in many small parts, and flushes.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut writer = Writer::new(out);
        self.write(&mut writer)?;
        let (_, mut out) = writer.finish()?;
        out.flush()
    }

    pub(super) fn starting_at(builder: &CensusBuilder, time: u64) -> Self {
        let kinds: Vec<String> = builder.kinds.names().map(ToOwned::to_owned).collect();
        let timeline = Timeline::starting_at(time, &*builder.clock);
        let now = timeline.moment(&*builder.clock);
        Self {
            clock: Arc::clone(&builder.clock),
            settings: builder.settings,
            table: Table::new(builder.settings.capacity, kinds.len()),
            endpoints: Endpoints::default(),
            keeping: Mutex::new(Keeping::new(now, kinds.len())),
            overflow: Mutex::new(Overflow::new(kinds.len())),
            ready: Mutex::new(Arc::new([])),
            due: Mutex::new(Due {
                reports: now.time,
                sweep: now.time,
                snapshot: now.time.saturating_add(builder.settings.snapshot_every),
            }),
            saver: None,
            timeline,
            kinds,
        }
    }

    pub(super) fn saving_to(mut self, saver: Saver) -> Self {
        self.saver = Some(saver);
        self
    }

    /// Starts to watch, at the time the census was made with.
    pub(super) fn begin(&self, cause: GapCause, loss: Option<OpenErrorKind>) {
        let mut keeping = self.lock_keeping();
        let now = keeping.last.time;
        keeping.coverage.begin(now, cause);
        if let Some(reason) = loss {
            keeping.lose(reason);
        }
    }

    pub(super) fn kind_number(&self, name: &str) -> u8 {
        let place = self.kinds.iter().position(|known| known == name);
        place
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(0)
    }

    pub(super) fn fill_keeping(
        &self,
        saved: Saved<'_>,
        kinds: &[u8],
        unknown_downtime: bool,
    ) -> Read<()> {
        self.lock_overflow()
            .restore(saved.last_overflow, saved.overflow);
        let mut keeping = self.lock_keeping();
        for entry in &saved.history {
            keeping
                .history
                .restore(entry.width, entry.number, entry.kind.into(), &entry.answers);
        }
        for ((_, forgotten), kind) in saved.kinds.iter().zip(kinds) {
            keeping.forgotten[usize::from(*kind)].add(forgotten);
        }
        keeping.losses = saved.losses;
        let restored = keeping.coverage.restore(saved.stretches);
        if unknown_downtime {
            tracing::warn!(
                "the clock went back while the census was down: earlier coverage is void"
            );
            keeping.coverage.forget();
        }
        restored.then_some(()).ok_or(Malformed)
    }

    fn drafts<const N: usize>(&self, windows: [Window; N], now: &Moment) -> [Draft; N] {
        let (keeping, overflow) = (self.lock_keeping(), self.lock_overflow());
        windows.map(|window| Draft::new(window, &self.kinds, now, (&keeping, &overflow)))
    }

    fn moment(&self) -> Moment {
        self.timeline.moment(&*self.clock)
    }

    /// Notes that the census is watching, and takes in what was counted since the last time.
    fn heartbeat(&self) -> Moment {
        let mut keeping = self.lock_keeping();
        let limit = self.settings.heartbeat_limit;
        let now = keeping.beat(&self.timeline, &*self.clock, limit);
        let second = seconds(now.time);
        let uncounted = self
            .table
            .drain(|kind, answers| keeping.history.add(second, kind, answers));
        if !uncounted.is_empty() {
            self.lock_overflow().add(&uncounted);
        }
        now
    }

    fn refresh(&self) -> Arc<[Report]> {
        let reports: Arc<[Report]> = self.reports(Window::READY_MADE).into();
        *lock(&self.ready) = Arc::clone(&reports);
        reports
    }

    /// Forgets the callers that were not seen for the retention, time without watch apart.
    fn sweep(&self, now: &Moment) {
        let mut keeping = self.lock_keeping();
        let since = now.time.saturating_sub(self.settings.retention);
        let unwatched = keeping.coverage.unwatched_since(since);
        let since = seconds(since.saturating_sub(unwatched));
        self.table.retain(|record| {
            let keep = record.last_seen >= since;
            if !keep {
                keeping.forgotten[usize::from(record.kind)].count(record);
            }
            keep
        });
        self.lock_overflow().expire(seconds(now.time));
        let longest = self
            .settings
            .retention
            .saturating_add(Window::MONTH.as_millis());
        keeping.coverage.prune(now.time.saturating_sub(longest));
    }

    fn row(&self, record: &Record, since: u32, now: &Moment, endpoints: &[Box<str>]) -> CallerRow {
        let names = Names {
            kinds: &self.kinds,
            endpoints,
        };
        CallerRow::new(record, since, &names, |second| {
            now.unix_ms(u64::from(second) * 1_000)
        })
    }

    fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        writer.bytes(&self.head())?;
        let mut part = Vec::new();
        let mut records = Vec::new();
        for bucket in self.table.buckets() {
            // Copied, because the disk must not be waited for with the bucket locked.
            records.extend_from_slice(&bucket);
            drop(bucket);
            if records.len() >= PART {
                write_part(writer, &mut part, &mut records)?;
            }
        }
        if !records.is_empty() {
            write_part(writer, &mut part, &mut records)?;
        }
        write_part(writer, &mut part, &mut records)
    }

    /// All of a snapshot but the callers. They are written after it, so none of them is earlier than its time.
    fn head(&self) -> Vec<u8> {
        let now = self.heartbeat();
        let mut head = Vec::new();
        let keeping = self.lock_keeping();
        format::put_head(&mut head, self.settings.key_check, now.time, now.wall);
        let kinds = self.kinds.iter().zip(keeping.forgotten.iter().copied());
        format::put_names(&mut head, kinds, &self.endpoints.names(), &keeping.losses);
        format::put_coverage(&mut head, &keeping.coverage);
        format::put_history(&mut head, &keeping.history);
        format::put_overflow(&mut head, &self.lock_overflow());
        head
    }

    fn lock_keeping(&self) -> MutexGuard<'_, Keeping> {
        lock(&self.keeping)
    }

    fn lock_overflow(&self) -> MutexGuard<'_, Overflow> {
        lock(&self.overflow)
    }

    /// What has come due, and when it will next.
    fn due(&self, now: u64) -> (bool, bool, bool) {
        let mut due = lock(&self.due);
        (
            pass(&mut due.reports, now, REPORTS_EVERY),
            pass(&mut due.sweep, now, SWEEP_EVERY),
            pass(&mut due.snapshot, now, self.settings.snapshot_every),
        )
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

impl Tick for Census {
    /// Beats the heart; when due, makes the ready-made reports, forgets old callers and writes the snapshot.
    fn tick(&self) {
        let now = self.heartbeat();
        let (reports, sweep, snapshot) = self.due(now.time);
        if sweep {
            self.sweep(&now);
        }
        if reports {
            self.refresh();
        }
        if snapshot {
            // Logged and kept in the status already; it is tried again when it is due again.
            let _ = self.save();
        }
    }

    /// A last heartbeat and a last snapshot.
    fn finish(&self) {
        let _ = self.save();
    }
}

/// Writes some callers, or the end if there are none.
fn write_part<W: Write>(
    writer: &mut Writer<W>,
    part: &mut Vec<u8>,
    records: &mut Vec<Record>,
) -> io::Result<()> {
    part.clear();
    format::put_callers(part, records);
    records.clear();
    writer.bytes(part)
}

fn pass(due: &mut u64, now: u64, every: u64) -> bool {
    let is_due = now >= *due;
    if is_due {
        *due = now.saturating_add(every);
    }
    is_due
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left, at worst, an interval uncounted.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
