//! What the layer gives the census: a guard that shows that it is fed, latent callers, and failures.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    census::{CallerState, Census, GapCause, ListQuery, Window},
    middleware::CaptureRequestFieldsLayer,
    observation::{Feeder, Observation, Observe},
    time::ManualClock,
    worker::Tick as _,
};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};

use crate::exchange::{json, request, respond};

const HOUR: Duration = Duration::from_secs(3_600);

struct Stage {
    clock: Arc<ManualClock>,
    census: Arc<Census>,
    layer: LegacyHttpCompatLayer,
}

/// The layer with the device flow, and a census that is ticked once an hour.
fn stage() -> Stage {
    let clock = Arc::new(ManualClock::new(1_800_000_000_000));
    let detector = SignalDetector::builder(["UI_RUST", "AGENT"])
        .kind_header("x-client-kind")
        .version_header("x-client-version")
        .target_since("AGENT", "2.0.0")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let census = Census::builder(&detector).heartbeat_limit(2 * HOUR);
    let census = Arc::new(census.clock(clock.clone()).open().unwrap());
    let flag = CompatFlag::on("compat");
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag)
        .detector(Arc::new(detector))
        .observer(census.clone());
    Stage {
        clock,
        census,
        layer,
    }
}

impl Stage {
    fn pass(&self, hours: u32) {
        for _ in 0..hours {
            self.clock.advance(HOUR);
            self.census.tick();
        }
    }

    fn ratio(&self) -> f64 {
        self.census.report(Window::DAY).coverage.ratio
    }
}

/// A request of a client of this kind and version.
fn of(kind: &str, version: Option<&str>, path: &str) -> Request<()> {
    let mut request = request("POST", path);
    let headers = request.headers_mut();
    headers.insert("x-client-kind", kind.parse().unwrap());
    headers.insert("x-client-id", "one".parse().unwrap());
    if let Some(version) = version {
        headers.insert("x-client-version", version.parse().unwrap());
    }
    request
}

#[test]
fn the_census_is_fed_as_long_as_a_service_with_the_layer_lives() {
    let stage = stage();
    let inner =
        || service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    stage.pass(6);
    assert!(stage.ratio() < 0.01, "a layer alone feeds nothing");
    let service = stage.layer.layer(inner());
    let clone = service.clone();
    stage.pass(3);
    drop(service);
    stage.pass(3);
    let before = stage.ratio();
    assert!((before - 6.0 / 24.0).abs() < 0.05, "{before}");
    drop(clone);
    stage.pass(12);
    assert!(stage.ratio() <= before, "no service, no coverage");
    let gaps = stage.census.report(Window::DAY).coverage.gaps;
    assert_eq!(gaps.last().unwrap().cause, GapCause::Unfed);
}

/// An observer of one's own that passes everything on.
struct Tee(Arc<Census>);

impl Observe for Tee {
    fn observe(&self, observation: &Observation<'_>) {
        self.0.observe(observation);
    }

    fn feeder(&self) -> Option<Feeder> {
        Some(self.0.feeder())
    }
}

#[test]
fn an_observer_of_ones_own_passes_the_guard_on() {
    let stage = stage();
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &CompatFlag::on("compat"))
        .observer(Arc::new(Tee(stage.census.clone())));
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let _service = layer.layer(inner);
    stage.pass(12);
    assert!(stage.ratio() > 0.45);
}

#[tokio::test]
async fn a_legacy_client_is_latent_where_another_outcome_would_have_been_legacy() {
    for (version, identified) in [(Some("1.4.0"), true), (None, false)] {
        let stage = stage();
        let invalid = json(400, r#"{"code":"INVALID_DEVICE_CODE"}"#.to_owned());
        let poll = of("AGENT", version, "/api/v1/auth/clients/device/poll");
        let _ = respond(&stage.layer, poll, invalid).await;
        let page = stage.census.list(&ListQuery::new(Window::DAY));
        let row = &page.rows[0];
        assert_eq!(
            (row.state, row.identified),
            (CallerState::Latent, identified)
        );
    }
}

#[tokio::test]
async fn an_agent_that_mints_tokens_is_not_latent_there() {
    for (kind, state) in [
        ("AGENT", CallerState::NeverDependent),
        ("UI_RUST", CallerState::Latent),
    ] {
        let stage = stage();
        let mint = async |request: Request<_>| {
            let body: Full<bytes::Bytes> = http_body_util::BodyExt::collect(request.into_body())
                .await
                .map(|_| Full::from(r#"{"access_token":"t"}"#))
                .unwrap();
            Ok::<_, Infallible>(json(200, body))
        };
        let service = ServiceBuilder::new()
            .layer(stage.layer.clone())
            .layer(CaptureRequestFieldsLayer::new())
            .service(service_fn(mint));
        let head = of(kind, Some("1.4.0"), "/api/v1/auth/clients/token");
        let (mut head, ()) = head.into_parts();
        head.headers
            .insert("content-type", "application/json".parse().unwrap());
        let body = format!(r#"{{"client_id":"c","client_kind":"{kind}","secret_key":"s"}}"#);
        let request = Request::from_parts(head, Full::<bytes::Bytes>::from(body));
        let response = service.oneshot(request).await.unwrap();
        let _ = response.into_body().collect().await.unwrap();
        let page = stage.census.list(&ListQuery::new(Window::DAY));
        assert_eq!(page.rows[0].state, state, "{kind}");
    }
}

#[tokio::test]
async fn an_hour_of_5xx_on_an_endpoint_with_shapes_is_a_gap_and_on_another_is_none() {
    for (path, gaps) in [
        ("/api/v1/auth/clients/device/poll", 1),
        ("/api/v1/auth/clients/device/start", 0),
    ] {
        let stage = stage();
        let _feeder = stage.census.feeder();
        stage.pass(1);
        for _ in 0..10 {
            let failed = json(503, "{}".to_owned());
            let _ = respond(&stage.layer, of("AGENT", Some("1.4.0"), path), failed).await;
        }
        stage.pass(2);
        let report = stage.census.report(Window::DAY);
        let failing = report
            .coverage
            .gaps
            .iter()
            .filter(|gap| gap.cause == GapCause::Failing);
        assert_eq!(failing.count(), gaps, "{path}");
    }
}
