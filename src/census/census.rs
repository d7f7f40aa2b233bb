//! The census itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{caller::Kinds, per_contract::PerContract, storage::saver::Saver, time::Clock};

use super::{
    binding::Binding,
    coverage::GapCause,
    due::Due,
    endpoints::{EndpointSlot, Endpoints},
    keeping::Keeping,
    open_error::OpenErrorKind,
    overflow::Overflow,
    report::Report,
    reporting::Draft,
    settings::Settings,
    sighting::CallerEvent,
    table::Table,
    timeline::{Moment, Timeline},
    window::Window,
};

/// Who still depends on the legacy shapes.
///
/// Told of each answered request by [`Census::record`], which may be called from any number of threads; asked by
/// [`Census::report`] and [`Census::list`]. Its periodic work is its [`Tick`](crate::worker::Tick), to be called about once a second.
///
/// ```
/// use legacy_http_compat::{
///     caller::{Caller, Fingerprint, Generation, Kinds},
///     census::{Census, Dependence, CallerEvent, Window},
/// };
///
/// let kinds = Kinds::new(["AGENT"]).expect("one name");
/// let census = Census::new(&kinds);
/// let poll = census.endpoint("device_poll");
/// let agent = kinds.find("AGENT").expect("AGENT is in the set");
/// let old = Caller::new(agent, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(1));
/// census.record(&CallerEvent { caller: old, endpoint: poll, dependence: Dependence::Served });
/// assert_eq!(census.report(Window::DAY).kind("AGENT").expect("a kind").dependent, 1);
///
/// let upgraded = Caller::new(agent, Generation::Target).with_fingerprint(Fingerprint::from_u128(1));
/// census.record(&CallerEvent { caller: upgraded, endpoint: poll, dependence: Dependence::None });
/// let report = census.report(Window::DAY);
/// assert_eq!((report.all.dependent, report.all.migrated), (0, 1));
/// ```
pub struct Census {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) timeline: Timeline,
    pub(super) table: Table,
    pub(super) endpoints: Endpoints,
    pub(super) per_contract: PerContract<Binding>,
    kinds: Vec<String>,
    /// Taken before any bucket or the overflow, never while holding one of them.
    keeping: Mutex<Keeping>,
    overflow: Mutex<Overflow>,
    pub(super) ready: Mutex<Arc<[Report]>>,
    pub(super) due: Mutex<Due>,
    pub(super) saver: Option<Saver>,
}

impl Census {
    /// The slot of an endpoint, to be asked for once for each endpoint and not for each request. There are 63; when
    /// they are used up, and for names above 256 bytes, it is [`EndpointSlot::OTHER`].
    #[must_use]
    pub fn endpoint(&self, name: &str) -> EndpointSlot {
        self.endpoints.slot(name)
    }

    /// Takes in one answered request. For a caller known already: no allocation, and no lock but that of a bucket with a few others.
    pub fn record(&self, sighting: &CallerEvent) {
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

    /// The reports for [`Window::STANDARD`] in this order, as the last [`Tick`](crate::worker::Tick) made them: at most 5 seconds
    /// old while the census is kept, and made anew if there are none yet.
    #[must_use]
    pub fn cached_reports(&self) -> Arc<[Report]> {
        let ready = Arc::clone(&lock(&self.ready));
        if ready.is_empty() {
            self.refresh()
        } else {
            ready
        }
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

    /// The names of the kinds, `other` first.
    pub(crate) fn kind_names(&self) -> &[String] {
        &self.kinds
    }

    /// A census that does not watch yet, with its own time at `time` milliseconds.
    pub(super) fn starting_at(
        time: u64,
        kinds: &Kinds,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let kinds: Vec<String> = kinds.names().map(ToOwned::to_owned).collect();
        let timeline = Timeline::starting_at(time, &*clock);
        let now = timeline.moment(&*clock);
        Self {
            table: Table::new(settings.capacity, kinds.len()),
            endpoints: Endpoints::default(),
            per_contract: PerContract::default(),
            keeping: Mutex::new(Keeping::new(now, kinds.len())),
            overflow: Mutex::new(Overflow::new(kinds.len())),
            ready: Mutex::new(Arc::new([])),
            due: Mutex::new(Due::starting_at(now.time, &settings)),
            saver: None,
            clock,
            settings,
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

    fn drafts<const N: usize>(&self, windows: [Window; N], now: &Moment) -> [Draft; N] {
        let (keeping, overflow) = (self.lock_keeping(), self.lock_overflow());
        windows.map(|window| Draft::new(window, &self.kinds, now, (&keeping, &overflow)))
    }

    pub(super) fn moment(&self) -> Moment {
        self.timeline.moment(&*self.clock)
    }

    pub(super) fn lock_keeping(&self) -> MutexGuard<'_, Keeping> {
        lock(&self.keeping)
    }

    pub(super) fn lock_overflow(&self) -> MutexGuard<'_, Overflow> {
        lock(&self.overflow)
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

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left, at worst, an interval uncounted.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
