//! A layer whose callers and responses the test chooses, and a history of them.

use std::{
    convert::Infallible,
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE, request::Parts};
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    admin::history::{
        CallerSeries, History, HistoryBuilder, HistoryRange, ResponseSeries, TimeSeries,
    },
    caller::{Caller, Detect, Fingerprint, Generation, Kind, Kinds},
    census::Census,
    contract::{Endpoint, LegacyShape, Outcome},
    metrics::Metrics,
    time::ManualClock,
    worker::Tick,
};
use tower::{Layer, ServiceExt, service_fn};

/// 2027-01-15T08:00:00Z: a bucket of every span begins here.
pub(crate) const NOW: u64 = 1_800_000_000_000;

/// Who depends on the legacy shape, and who does not.
pub(crate) const OLD: Generation = Generation::Legacy;
pub(crate) const NEW: Generation = Generation::Target;

/// What a process has: the clock outlives it.
pub(crate) struct Stage {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) flag: CompatFlag,
    pub(crate) census: Arc<Census>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) history: History,
    layer: LegacyHttpCompatLayer,
}

/// Takes the caller from the extensions of the request.
struct ByExtension(Kinds);

impl Detect for ByExtension {
    fn detect(&self, head: &Parts) -> Caller {
        *head.extensions.get().expect("the test sets the caller")
    }

    fn kinds(&self) -> &Kinds {
        &self.0
    }
}

/// How a stage is to be.
pub(crate) struct Setting {
    pub(crate) kinds: &'static [&'static str],
    pub(crate) contract: Contract,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            kinds: &["AGENT", "MCP"],
            contract: contract(1),
        }
    }
}

/// A contract with so many endpoints, each of which knows `PENDING` and `APPROVED`.
pub(crate) fn contract(endpoints: usize) -> Contract {
    let builder = (0..endpoints).fold(Contract::builder(), |builder, number| {
        let shape = LegacyShape::new(403).json(serde_json::json!({"code": "PENDING"}));
        let pending = Outcome::new("PENDING", 200).field("/status", "PENDING");
        let approved = Outcome::new("APPROVED", 200).field("/status", "APPROVED");
        let endpoint = Endpoint::post(format!("poll{number}"), format!("/poll{number}"));
        builder.endpoint(endpoint.outcome(pending.legacy(shape)).outcome(approved))
    });
    builder.build().unwrap()
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::of(Setting::default())
    }

    pub(crate) fn of(setting: Setting) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        Self::at(clock, setting, |builder| builder)
    }

    /// A process that keeps its history in this file.
    pub(crate) fn with_file(clock: &Arc<ManualClock>, path: &Path) -> Self {
        Self::at(Arc::clone(clock), Setting::default(), |builder| {
            builder.file(path)
        })
    }

    pub(crate) fn at(
        clock: Arc<ManualClock>,
        setting: Setting,
        change: impl FnOnce(HistoryBuilder) -> HistoryBuilder,
    ) -> Self {
        let detector = ByExtension(Kinds::new(setting.kinds.iter().copied()).unwrap());
        // Small, because a report visits every bucket.
        let census = Census::builder(&detector).capacity(64).clock(clock.clone());
        let census = census.open().unwrap();
        let (census, metrics) = (Arc::new(census), Arc::new(Metrics::new()));
        let builder = History::builder(census.clone(), metrics.clone()).clock(clock.clone());
        let flag = CompatFlag::new("f", true);
        let layer = LegacyHttpCompatLayer::new(setting.contract, flag.reader())
            .detector(Arc::new(detector))
            .observer(census.clone())
            .observer(metrics.clone());
        Self {
            clock,
            flag,
            census,
            metrics,
            history: change(builder).open().unwrap(),
            layer,
        }
    }

    /// One tick after so many milliseconds, as a worker gives it.
    pub(crate) fn pass(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
        self.tick();
    }

    /// So many seconds with a tick in each.
    pub(crate) fn seconds(&self, seconds: u64) {
        (0..seconds).for_each(|_| self.pass(1_000));
    }

    pub(crate) fn tick(&self) {
        self.census.tick();
        self.history.tick();
    }

    /// A caller of this kind requests the first endpoint and gets `PENDING`.
    pub(crate) fn poll(&self, kind: &str, number: u128, generation: Generation) {
        self.ask(0, "PENDING", caller(kind, number, generation));
    }

    pub(crate) fn ask(&self, endpoint: usize, status: &str, caller: Caller) {
        let body = Bytes::from(format!(r#"{{"status":"{status}"}}"#));
        let handler = service_fn(move |_: Request<()>| {
            let response = Response::builder().header(CONTENT_TYPE, "application/json");
            let response = response.body(Full::new(body.clone())).unwrap();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let mut request = Request::post(format!("/poll{endpoint}")).body(()).unwrap();
        request.extensions_mut().insert(caller);
        let response = self.layer.layer(handler).oneshot(request);
        match pin!(response).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => drop(response.unwrap()),
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    pub(crate) fn time_series(&self, span: HistoryRange) -> TimeSeries {
        let series = self.history.time_series(span);
        assert_eq!(series.len, span.len());
        for series in &series.callers {
            assert_eq!(
                (series.dependent.len(), series.stranded.len()),
                (span.len(), span.len())
            );
        }
        for series in &series.responses {
            assert_eq!(
                (series.target.len(), series.legacy.len()),
                (span.len(), span.len())
            );
        }
        series
    }

    /// The last buckets of those that depended.
    pub(crate) fn dependent(
        &self,
        span: HistoryRange,
        kind: &str,
        last: usize,
    ) -> Vec<Option<u64>> {
        tail(&of_kind(&self.time_series(span), kind).dependent, last)
    }
}

pub(crate) fn caller(kind: &str, number: u128, generation: Generation) -> Caller {
    let kinds = Kinds::new(["AGENT", "MCP"]).unwrap();
    let kind = kinds.find(kind).unwrap_or(Kind::OTHER);
    Caller::new(kind, generation).with_fingerprint(Fingerprint::from_u128(number))
}

pub(crate) fn of_kind<'c>(series: &'c TimeSeries, kind: &str) -> &'c CallerSeries {
    let mut callers = series.callers.iter();
    callers.find(|series| series.kind == kind).unwrap()
}

pub(crate) fn of_pair<'c>(
    series: &'c TimeSeries,
    endpoint: &str,
    outcome: &str,
) -> &'c ResponseSeries {
    let mut responses = series.responses.iter();
    let found = responses.find(|series| series.endpoint == endpoint && series.outcome == outcome);
    found.unwrap()
}

pub(crate) fn tail(values: &[Option<u64>], last: usize) -> Vec<Option<u64>> {
    values[values.len() - last..].to_vec()
}

/// All of a series together.
pub(crate) fn sum(values: &[Option<u64>]) -> u64 {
    values.iter().flatten().sum()
}
