//! The layer with detector, census and metrics, by callers and threads; reports and snapshots, by callers.

use std::{
    hint::black_box,
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use http::{HeaderValue, Request};
use legacy_http_compat::{
    LegacyHttpCompatLayer,
    census::{Census, Window},
    metrics::Metrics,
};
use tower::Layer as _;

use crate::{
    measure::{Effort, fastest, per_operation, time},
    panel::{Line, Panel, Unit},
    support::{POLL, Plain, detector, exchange, layer, named_request, response},
};

const CALLERS: [usize; 4] = [1, 1_000, 100_000, 1_000_000];

/// How many requests a run has.
const REQUESTS: usize = 2_000;

/// Callers in an order in which no two neighbours are close: this is prime to each number of them.
const STRIDE: usize = 104_729;

/// A layer that has met so many callers, and its census.
fn met(callers: usize) -> (LegacyHttpCompatLayer, Arc<Census>) {
    let detector = Arc::new(detector());
    let census = Census::builder(&*detector).capacity(callers.max(1_024));
    let census = Arc::new(census.open().expect("in memory"));
    let layer = layer(true)
        .detector(detector)
        .observer(census.clone())
        .observer(Arc::new(Metrics::new()));
    let mut service = layer.layer(Plain(response("APPROVED", 40)));
    for caller in 0..callers {
        exchange(&mut service, request_by(caller));
    }
    (layer, census)
}

fn request_by(caller: usize) -> Request<()> {
    let mut request = named_request(POLL);
    let id = HeaderValue::try_from(format!("agent-{caller:07}")).expect("ASCII");
    request.headers_mut().insert("x-client-id", id);
    request
}

/// Requests by known callers all over the census.
fn requests(operations: usize, callers: usize, first: usize) -> Vec<Request<()>> {
    let order = (0..operations).map(|number| (first + number) * STRIDE % callers);
    order.map(request_by).collect()
}

pub(crate) fn known_caller(effort: Effort) -> Panel {
    let operations = effort.operations(REQUESTS);
    let cost = |callers| {
        let (layer, _census) = met(callers);
        let mut service = layer.layer(Plain(response("APPROVED", 40)));
        let mut first = 0;
        fastest(effort, operations, || {
            let requests = requests(operations, callers, first);
            first += operations;
            time(|| {
                for request in requests {
                    exchange(&mut service, request);
                }
            })
        })
    };
    Panel {
        title: "A request of a known caller",
        of: "callers",
        unit: Unit::Nanoseconds,
        lines: vec![Line::new("not rewritten", effort.sizes(CALLERS), cost)],
    }
}

pub(crate) fn threads(effort: Effort) -> Panel {
    const CALLERS: usize = 10_000;
    let operations = effort.operations(REQUESTS);
    let (layer, _census) = met(CALLERS);
    let cost = |threads| {
        let runs =
            (0..effort.operations(60)).map(|_| together(&layer, threads, operations, CALLERS));
        per_operation(runs.min().unwrap_or_default(), operations)
    };
    Panel {
        title: "A request on each thread",
        of: "threads at once",
        unit: Unit::Nanoseconds,
        lines: vec![Line::new("not rewritten", vec![1, 2], cost)],
    }
}

/// The time of the slowest of so many threads.
fn together(
    layer: &LegacyHttpCompatLayer,
    threads: usize,
    operations: usize,
    callers: usize,
) -> Duration {
    let start = Arc::new(Barrier::new(threads));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let mut service = layer.layer(Plain(response("APPROVED", 40)));
            let requests = requests(operations, callers, thread * operations);
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                time(|| {
                    for request in requests {
                        exchange(&mut service, request);
                    }
                })
            })
        })
        .collect();
    let times = workers
        .into_iter()
        .map(|worker| worker.join().expect("no panic"));
    times.max().unwrap_or_default()
}

pub(crate) fn reports(effort: Effort) -> Panel {
    let (mut one, mut five) = (Vec::new(), Vec::new());
    for callers in effort.sizes(CALLERS) {
        let (_layer, census) = met(callers);
        let few = |report: &dyn Fn()| (0..effort.operations(10)).map(|_| time(report)).min();
        let report = few(&|| drop(black_box(census.report(Window::DAY))));
        one.push((callers, per_operation(report.unwrap_or_default(), 1)));
        let reports = few(&|| drop(black_box(census.reports(Window::STANDARD))));
        five.push((callers, per_operation(reports.unwrap_or_default(), 1)));
    }
    Panel {
        title: "A report",
        of: "callers",
        unit: Unit::Milliseconds,
        lines: vec![
            Line {
                name: "one window",
                points: one,
            },
            Line {
                name: "five windows",
                points: five,
            },
        ],
    }
}

pub(crate) fn snapshots(effort: Effort) -> Panel {
    let (mut encoded, mut read) = (Vec::new(), Vec::new());
    for callers in effort.sizes(CALLERS) {
        let (_layer, census) = met(callers);
        let bytes = census.to_bytes().expect("in memory");
        let few = |work: &dyn Fn()| (0..effort.operations(10)).map(|_| time(work)).min();
        let write = few(&|| drop(black_box(census.to_bytes())));
        encoded.push((callers, per_operation(write.unwrap_or_default(), 1)));
        let open = || {
            let builder = Census::builder(&detector()).capacity(callers.max(1_024));
            drop(black_box(
                builder.open_bytes(&bytes).expect("its own snapshot"),
            ));
        };
        read.push((callers, per_operation(few(&open).unwrap_or_default(), 1)));
    }
    Panel {
        title: "A snapshot",
        of: "callers",
        unit: Unit::Milliseconds,
        lines: vec![
            Line {
                name: "encoded",
                points: encoded,
            },
            Line {
                name: "read",
                points: read,
            },
        ],
    }
}
