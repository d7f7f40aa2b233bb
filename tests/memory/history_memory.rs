//! What a history costs, all in.

use std::{
    convert::Infallible,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    admin::history::{History, HistoryRange},
    caller::{Caller, Detect, Fingerprint, Generation, Kind, Kinds},
    census::Census,
    contract::{Endpoint, LegacyShape, Outcome},
    metrics::Metrics,
    time::ManualClock,
    worker::Tick,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::{alone, in_use};

/// The callers of all kinds in turn, the next for each request.
struct Next(Kinds);

impl Detect for Next {
    fn detect(&self, head: &http::request::Parts) -> Caller {
        let number: u128 = *head.extensions.get().expect("the test numbers requests");
        let names: Vec<_> = self.0.names().collect();
        let name = names[usize::try_from(number).unwrap() % names.len()];
        let kind = self.0.find(name).unwrap_or(Kind::OTHER);
        Caller::new(kind, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(number))
    }

    fn kinds(&self) -> &Kinds {
        &self.0
    }
}

struct Process {
    clock: Arc<ManualClock>,
    flag: CompatFlag,
    layer: LegacyHttpCompatLayer,
    census: Arc<Census>,
    metrics: Arc<Metrics>,
}

impl Process {
    fn new(contract: Contract, kinds: &Kinds) -> Self {
        let clock = Arc::new(ManualClock::new(1_800_000_000_000));
        let census = Census::builder(&Next(kinds.clone()))
            .clock(clock.clone())
            .open()
            .unwrap();
        let (census, metrics) = (Arc::new(census), Arc::new(Metrics::new()));
        let flag = CompatFlag::new("f", true);
        let layer = LegacyHttpCompatLayer::new(contract, flag.reader());
        let layer = layer
            .detector(Arc::new(Next(kinds.clone())))
            .observer(census.clone());
        Self {
            layer: layer.observer(metrics.clone()),
            clock,
            flag,
            census,
            metrics,
        }
    }

    fn history(&self) -> History {
        let builder = History::builder(self.census.clone(), self.metrics.clone());
        builder.clock(self.clock.clone()).open().unwrap()
    }

    fn ask(&self, number: u128, path: &str, status: u16, body: &'static str) {
        let handler = service_fn(move |_: Request<()>| {
            let response = Response::builder().status(status);
            let response = response.header("content-type", "application/json");
            let response = response.body(Full::new(Bytes::from_static(body.as_bytes())));
            std::future::ready(Ok::<_, Infallible>(response.unwrap()))
        });
        let mut request = Request::post(path).body(()).unwrap();
        request.extensions_mut().insert(number);
        let response = self.layer.layer(handler).oneshot(request);
        match pin!(response).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => drop(response.unwrap()),
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    fn pass(&self, history: &History) {
        self.clock.advance(Duration::from_secs(10));
        self.census.tick();
        history.tick();
    }
}

/// The most that a history keeps, after it has seen `see` with the flag on and off: without what is in use before it.
fn kept(process: &Process, see: impl Fn(&Process)) -> usize {
    // What census and metrics keep themselves is there before.
    for on in [true, false] {
        process.flag.set(on);
        see(process);
    }
    process.census.tick();
    let before = in_use();
    let history = process.history();
    for on in [true, false] {
        process.flag.set(on);
        see(process);
        process.pass(&history);
    }
    let kept = in_use() - before;
    println!(
        "{kept} bytes in memory, {} in the file",
        history.to_bytes().unwrap().len()
    );
    assert!(history.time_series(HistoryRange::Month).responses.len() <= History::MAX_OUTCOMES);
    kept
}

const POLL: &str = "/api/v1/auth/clients/device/poll";

fn device_flow(process: &Process) {
    for number in 0..40 {
        for (status, body) in [
            (200, r#"{"status":"PENDING"}"#),
            (200, r#"{"status":"APPROVED"}"#),
            (200, r#"{"status":"DENIED"}"#),
            (200, r#"{"status":"EXPIRED"}"#),
            (400, r#"{"code":"INVALID_DEVICE_CODE"}"#),
            (429, r#"{"code":"SLOW_DOWN"}"#),
        ] {
            process.ask(number, POLL, status, body);
        }
    }
}

/// The most distinct endpoints and kinds, each used in both shapes.
fn full_contract() -> Contract {
    let builder = (0..300).fold(Contract::builder(), |builder, number| {
        let shape = LegacyShape::new(403).json(serde_json::json!({"code": "GONE"}));
        let outcome = Outcome::new("GONE", 410).legacy(shape);
        builder
            .endpoint(Endpoint::post(format!("e{number}"), format!("/{number}")).outcome(outcome))
    });
    builder.build().unwrap()
}

// One test, because all of a process's tests share one allocator.
#[test]
fn the_polls_of_the_device_flow_cost_under_half_a_megabyte_and_nothing_costs_more_than_thirteen() {
    let _alone = alone();
    let process = Process::new(
        Contract::device_flow(),
        &Kinds::new(["UI_RUST", "AGENT", "MCP"]).unwrap(),
    );
    let device = kept(&process, device_flow);
    assert!(device <= 500_000, "{device} bytes");

    let kinds: Vec<_> = (1..Kinds::MAX)
        .map(|number| format!("kind{number}"))
        .collect();
    let process = Process::new(full_contract(), &Kinds::new(kinds).unwrap());
    let most = kept(&process, |process| {
        for number in 0..300_u128 {
            process.ask(number, &format!("/{number}"), 410, "{}");
        }
    });
    assert!(most <= 13_000_000, "{most} bytes");
}
