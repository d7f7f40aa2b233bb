//! The Core example's own router, bare and behind the layer as the example has it.

use std::{sync::Arc, time::Duration};

use crate::{
    Group,
    core_app::{
        AppState, Settings,
        compat::{Compat, in_front_of},
        kind::ClientKind,
        router::router,
    },
    support::{POLL, by_hand::rewrite_by_hand, exchange, named_request},
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode},
    middleware::from_fn,
};
use criterion::BatchSize;
use legacy_http_compat::{
    Contract,
    caller::FingerprintKey,
    migration::{Migration, MigrationBuilder},
    rollout::{Phase, policy::Policy},
    time::SystemClock,
};

/// What stands in front of the router.
#[derive(Clone, Copy)]
enum InFront {
    Nothing,
    ByHand,
    Layer,
}

/// The cases in the order of the table: who polls an authorization that is pending, and what it gets.
const CASES: [(&str, InFront, Phase, bool, StatusCode); 5] = [
    (
        "bare",
        InFront::Nothing,
        Phase::Compat,
        false,
        StatusCode::OK,
    ),
    (
        "flag off",
        InFront::Layer,
        Phase::Observe,
        false,
        StatusCode::OK,
    ),
    (
        "new client",
        InFront::Layer,
        Phase::Compat,
        true,
        StatusCode::OK,
    ),
    (
        "rewritten",
        InFront::Layer,
        Phase::Compat,
        false,
        StatusCode::UNAUTHORIZED,
    ),
    (
        "by hand, rewritten",
        InFront::ByHand,
        Phase::Compat,
        false,
        StatusCode::UNAUTHORIZED,
    ),
];

pub(crate) fn cases() -> [&'static str; 5] {
    CASES.map(|(case, ..)| case)
}

/// Detector, census, metrics and rollout stand behind the layer, as they do in the example.
pub(crate) fn measure(group: &mut Group<'_>) {
    for (case, in_front, phase, is_new, expected) in CASES {
        let migration = migration(phase);
        let (mut app, code) = core(in_front, &migration);
        let body = Bytes::from(format!(r#"{{"device_code":"{code}"}}"#));
        let request = || poll(&body, is_new);
        assert_eq!(exchange(&mut app, request()), expected, "{case}");
        group.bench_function(case, |bencher| {
            bencher.iter_batched(
                request,
                |request| exchange(&mut app, request),
                BatchSize::SmallInput,
            );
        });
    }
}

fn migration(phase: Phase) -> Migration {
    let compat = Compat {
        contract: Contract::device_flow(),
        key: FingerprintKey::new([7; 16]),
        policy: Some(Policy::permissive()),
        opening_phase: Some(phase),
    };
    let migration = compat.open(MigrationBuilder::without_worker);
    migration.expect("a journal in memory opens")
}

/// The router, and the code of a device that waits for its user. It may poll as often as it likes.
fn core(in_front: InFront, migration: &Migration) -> (Router, String) {
    let settings = Settings {
        public_url: "http://core.example".to_owned(),
        interval: Duration::ZERO,
        expires_in: Duration::from_secs(24 * 60 * 60),
        attempts_per_minute: u32::MAX,
    };
    let state = AppState::new(&settings, migration, Arc::new(SystemClock::default()));
    let codes = state.flows().open(state.now(), ClientKind::Agent, None);
    let router = router(state);
    let app = match in_front {
        InFront::Nothing => router,
        InFront::ByHand => router.layer(from_fn(rewrite_by_hand)),
        InFront::Layer => in_front_of(router, migration),
    };
    (app, codes.device_code)
}

fn poll(body: &Bytes, is_new: bool) -> Request<Body> {
    let mut request = named_request::<Body>(POLL);
    if is_new {
        let one = axum::http::HeaderValue::from_static("1");
        request.headers_mut().insert("x-status-driven", one);
    }
    *request.body_mut() = Body::from(body.clone());
    request
}
