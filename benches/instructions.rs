//! Runs one case many times, to count its instructions: `instructions CASE TIMES`.
//!
//! Without arguments, each case runs once. See `benches/README.md`.

mod support;

use std::env;

use support::{
    OTHER, POLL, Plain, SIZES, counting, exchange, layer, named_request, request, response,
    response_status_last,
};
use tower::Layer;

const CASES: [&str; 8] = [
    "bare",
    "outside",
    "off",
    "kept",
    "last",
    "rewritten",
    "uncounted",
    "counted",
];

fn main() {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    match arguments.as_slice() {
        [case, times] => run(case, times.parse().expect("TIMES is a number")),
        _ => CASES.into_iter().for_each(|case| run(case, 1)),
    }
}

fn run(case: &str, times: usize) {
    let pending = Plain(response("PENDING", SIZES[0]));
    let approved = Plain(response("APPROVED", SIZES[0]));
    match case {
        "bare" => repeat(times, pending, POLL),
        "outside" => repeat(times, layer(true).layer(pending), OTHER),
        "off" => repeat(times, layer(false).layer(pending), POLL),
        "kept" => repeat(times, layer(true).layer(approved), POLL),
        "last" => {
            let last = Plain(response_status_last("APPROVED", SIZES[1]));
            repeat(times, layer(true).layer(last), POLL);
        }
        "rewritten" => repeat(times, layer(true).layer(pending), POLL),
        // Both build both layers, so that the allocator does the same work.
        "uncounted" | "counted" => {
            let layers = (layer(true), counting(layer(true)));
            let (uncounted, counted) = (layers.0.layer(pending.clone()), layers.1.layer(pending));
            repeat_named(
                times,
                if case == "counted" {
                    counted
                } else {
                    uncounted
                },
            );
        }
        case => panic!("{case} is none of {CASES:?}"),
    }
}

fn repeat<S, B>(times: usize, service: S, path: &'static str)
where
    S: tower::Service<
            http::Request<()>,
            Response = http::Response<B>,
            Error = std::convert::Infallible,
        >,
    B: http_body::Body + Unpin,
{
    send(times, service, || request(path));
}

/// Polls by one client that identifies itself.
fn repeat_named<S, B>(times: usize, service: S)
where
    S: tower::Service<
            http::Request<()>,
            Response = http::Response<B>,
            Error = std::convert::Infallible,
        >,
    B: http_body::Body + Unpin,
{
    send(times, service, || named_request(POLL));
}

fn send<S, B>(times: usize, mut service: S, request: impl Fn() -> http::Request<()>)
where
    S: tower::Service<
            http::Request<()>,
            Response = http::Response<B>,
            Error = std::convert::Infallible,
        >,
    B: http_body::Body + Unpin,
{
    for _ in 0..times {
        exchange(&mut service, request());
    }
}
