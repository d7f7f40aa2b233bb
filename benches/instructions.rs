//! Runs one case many times, to count its instructions: `instructions CASE TIMES`.
//!
//! Without arguments, each case runs once. See `benches/README.md`.

mod support;

use std::{env, hint::black_box, io};

use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector,
    },
    census::{CallerEvent, Census, CensusBuilder, Dependence},
};
use support::{
    OTHER, POLL, Plain, SIZES, counting, exchange, layer, named_request, request, response,
    response_status_last,
};
use tower::Layer;

const CASES: [&str; 10] = [
    "bare",
    "outside",
    "off",
    "kept",
    "last",
    "rewritten",
    "uncounted",
    "counted",
    "encode",
    "read",
];

/// In the snapshot of the cases `encode` and `read`.
const CALLERS: u32 = 100_000;

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
        "encode" => encode(times),
        "read" => read(times),
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

fn encode(times: usize) {
    let (_, census) = census();
    for _ in 0..times {
        census.write_to(io::sink()).expect("a sink takes all");
    }
}

fn read(times: usize) {
    let (builder, census) = census();
    let bytes = census.to_bytes().expect("in memory");
    for _ in 0..times {
        let census = builder.clone().open_bytes(black_box(&bytes));
        assert_eq!(census.expect("intact").known(), CALLERS as usize);
    }
}

fn census() -> (CensusBuilder, Census) {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]));
    let detector = detector.expect("these settings are valid");
    let builder = Census::builder(&detector).capacity(CALLERS as usize);
    let census = builder.clone().open().expect("in memory");
    let agent = detector.kinds().find("AGENT").expect("AGENT is in the set");
    let version = ClientVersion::parse("1.4.2").expect("semver");
    let (caller, endpoint) = (
        Caller::new(agent, Generation::Legacy),
        census.endpoint("poll"),
    );
    for number in 1..=CALLERS {
        // Spread over all bits, as a keyed hash is.
        let fingerprint =
            u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let fingerprint = Fingerprint::from_u128(fingerprint);
        census.record(&CallerEvent {
            caller: caller.with_fingerprint(fingerprint).with_version(version),
            endpoint,
            dependence: Dependence::Served,
            failed: false,
        });
    }
    (builder, census)
}
