//! Readiness, errors, and requests that are none of the layer's business.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompat, LegacyHttpCompatLayer,
    observation::{Observation, Observe, Shape, SkipReason},
};
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_test::mock;

use super::{
    APPROVED, PENDING, device_flow,
    exchange::{json, request, respond},
    observed::{self, Notes},
    on, order, orders, poll,
    scripted::{Broken, Pieces, Scripted, Seen, Step, read, record},
};

type Mock = mock::Mock<Request<()>, Response<Scripted>>;
type Handle = mock::Handle<Request<()>, Response<Scripted>>;

fn mocked() -> (mock::Spawn<LegacyHttpCompat<Mock>>, Handle, observed::Notes) {
    let (layer, _, notes) = device_flow();
    let (service, handle) = mock::spawn_with(move |mock| layer.layer(mock));
    (service, handle, notes)
}

#[tokio::test]
async fn the_service_is_ready_when_the_inner_one_is_and_not_before() {
    let (mut service, mut handle, _) = mocked();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready().is_ready());
}

#[tokio::test]
async fn back_pressure_of_the_inner_service_holds_the_next_request_back() {
    let (mut service, mut handle, _) = mocked();
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let _response = service.call(poll());
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[tokio::test]
async fn an_error_of_the_inner_readiness_passes() {
    let (mut service, mut handle, _) = mocked();
    handle.send_error("not ready");
    let Poll::Ready(Err(error)) = service.poll_ready() else {
        panic!("the inner service failed");
    };
    assert_eq!(error.to_string(), "not ready");
}

#[tokio::test]
async fn the_clone_that_was_polled_ready_is_the_one_that_is_called() {
    #[derive(Debug)]
    struct OnlyWhenReady(bool);
    impl Clone for OnlyWhenReady {
        fn clone(&self) -> Self {
            Self(false)
        }
    }
    impl tower::Service<Request<()>> for OnlyWhenReady {
        type Response = Response<Scripted>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Self::Response, Infallible>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
            self.0 = true;
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<()>) -> Self::Future {
            assert!(std::mem::take(&mut self.0), "called without readiness");
            std::future::ready(Ok(json(200, Scripted::one(PENDING))))
        }
    }
    let (layer, _, _) = device_flow();
    let mut service = layer.layer(OnlyWhenReady(false)).clone();
    for _ in 0..2 {
        let response = service.ready().await.unwrap().call(poll()).await.unwrap();
        assert_eq!(response.status(), 401);
    }
}

#[tokio::test]
async fn an_inner_error_passes_as_it_is_and_gives_no_observation() {
    let (layer, _, notes) = device_flow();
    let inner =
        service_fn(|_: Request<()>| async { Err::<Response<Scripted>, _>(Broken("inner")) });
    let error = layer.layer(inner).oneshot(poll()).await.unwrap_err();
    assert_eq!(error, Broken("inner"));
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_future_dropped_before_the_response_gives_no_observation() {
    let (mut service, mut handle, notes) = mocked();
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    drop(service.call(poll()));
    drop(handle.next_request().await);
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_future_dropped_while_the_body_is_looked_at_gives_no_observation() {
    let (layer, _, notes) = device_flow();
    let (_release, held) = tokio::sync::oneshot::channel();
    let body = Scripted::new([
        Step::Data(PENDING[..20].into()),
        Step::Held(held),
        Step::Data("".into()),
    ]);
    {
        let mut future = pin!(respond(&layer, poll(), json(200, body)));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_request_outside_the_contract_is_neither_rewritten_nor_observed() {
    let (layer, _, notes) = device_flow();
    for (method, path) in [
        ("GET", "/api/v1/auth/clients/device/poll"),
        ("POST", "/api/v1/auth/clients/device/poll/"),
        ("POST", "/auth/clients/device/poll"),
        ("POST", "/"),
        ("OPTIONS", "*"),
    ] {
        let response = respond(
            &layer,
            request(method, path),
            json(200, Scripted::one(PENDING)),
        )
        .await;
        assert_eq!(response.status(), 200, "{method} {path}");
        assert_eq!(read(response.into_body()).await, PENDING.as_bytes());
    }
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_query_does_not_take_a_request_off_the_contract() {
    let (layer, _, notes) = device_flow();
    let asked = request("POST", "/api/v1/auth/clients/device/poll?x=1");
    assert_eq!(
        respond(&layer, asked, json(200, Scripted::one(PENDING)))
            .await
            .status(),
        401
    );
    assert_eq!(notes.only().outcome, "PENDING");
}

#[tokio::test]
async fn head_is_never_on_the_contract() {
    let legacy = serde_json::json!({"status": 404, "body": {"json": {"error": "gone"}}});
    let (layer, _, notes) = on(orders(&serde_json::json!([
        {"name": "FOUND", "status": 200, "legacy": legacy},
    ])));
    let asked = request("HEAD", "/orders/7");
    let response = respond(&layer, asked, json(200, Scripted::new([]))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().len(), 1, "no Vary either");
    assert_eq!(notes.all(), []);
    assert_eq!(
        respond(&layer, order(), json(200, Scripted::new([])))
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_body_of_other_data_than_bytes_is_looked_at_and_handed_on_as_bytes() {
    let (layer, _, notes) = device_flow();
    let body = |text: &str| Scripted::playing([Step::Data(Pieces::of(text.as_bytes(), 3))]);
    let response = respond(&layer, poll(), json(200, body(PENDING))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(notes.take().1, Shape::Legacy);

    let response = respond(&layer, poll(), json(200, body(APPROVED))).await;
    let seen = record(response.into_body()).await;
    assert_eq!(
        seen[0].seen,
        Seen::Data(APPROVED.into()),
        "one frame stays one"
    );
    assert_eq!(notes.take().0, "APPROVED");
}

#[tokio::test]
async fn each_request_on_the_contract_gives_one_observation() {
    let (layer, _, notes) = device_flow();
    respond(&layer, poll(), json(200, Scripted::one(PENDING))).await;
    let denied = r#"{"status":"DENIED"}"#;
    respond(&layer, poll(), json(200, Scripted::one(denied))).await;
    respond(&layer, poll(), json(500, Scripted::one("{}"))).await;
    let outcomes: Vec<_> = notes
        .all()
        .into_iter()
        .map(|seen| (seen.outcome, seen.target_status))
        .collect();
    let expected = [("PENDING", 200), ("DENIED", 200), ("other", 500)];
    assert_eq!(
        outcomes,
        expected.map(|(outcome, status)| (outcome.to_owned(), status))
    );
}

pin_project_lite::pin_project! {
    /// A body that must not move once it has been polled.
    struct Unmovable {
        #[pin]
        body: Full<Bytes>,
        #[pin]
        pinned: std::marker::PhantomPinned,
    }
}

impl Body for Unmovable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.project().body.poll_frame(cx)
    }
}

#[tokio::test]
async fn a_body_that_must_not_move_is_served_in_a_box() {
    let flag = CompatFlag::new("f", true);
    let service = ServiceBuilder::new()
        .layer(LegacyHttpCompatLayer::new(
            Contract::device_flow(),
            flag.reader(),
        ))
        .layer(MapResponseBodyLayer::new(Box::pin))
        .service(service_fn(async |_: Request<()>| {
            let body = Unmovable {
                body: Full::from(r#"{"status":"DENIED"}"#),
                pinned: std::marker::PhantomPinned,
            };
            let response = Response::builder().header("content-type", "application/json");
            Ok::<_, Infallible>(response.body(body).unwrap())
        }));
    let poll = Request::post("/api/v1/auth/clients/device/poll")
        .body(())
        .unwrap();
    let response = service.oneshot(poll).await.unwrap();
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn a_response_with_as_many_headers_as_there_can_be_leaves_unchanged() {
    let endpoint = |status: u16| {
        orders(&serde_json::json!([
            {"name": "FOUND", "status": 200, "legacy": {
                "status": status, "append_headers": {"x-old": "1"}, "body": {"json": {}}}},
        ]))
    };
    for count in [24_576, 24_575, 24_574] {
        let (layer, _, notes) = on(endpoint(404));
        let mut response = Response::new(Scripted::one("{}"));
        for number in 0..count {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            response
                .headers_mut()
                .append(name, HeaderValue::from_static("1"));
        }
        let response = respond(&layer, order(), response).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().len(), count);
        let seen = notes.only();
        assert_eq!(seen.skip, Some(SkipReason::TooManyHeaders));
        assert!(seen.stranded);
    }
}

#[tokio::test]
async fn a_request_with_as_many_headers_as_there_can_be_is_served() {
    let (layer, _, notes) = device_flow();
    let mut request = poll();
    for number in 0..24_576 {
        let name = HeaderName::try_from(format!("x-{number}")).unwrap();
        request
            .headers_mut()
            .append(name, HeaderValue::from_static("1"));
    }
    let response = respond(&layer, request, json(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(notes.only().outcome, "PENDING");
}

struct Panics;

impl Observe for Panics {
    fn observe(&self, _: &Observation<'_>) {
        panic!("an observer");
    }
}

#[tokio::test]
async fn a_panicking_observer_loses_neither_the_response_nor_the_other_observers() {
    let (layer, _, notes) = device_flow();
    let after = Notes::default();
    let layer = layer
        .observer(Arc::new(Panics))
        .observer(Arc::new(after.clone()));
    for (body, status) in [(PENDING, 401), (APPROVED, 200), ("{", 200)] {
        let response = respond(&layer, poll(), json(200, Scripted::one(body))).await;
        assert_eq!(response.status(), status);
        assert!(!read(response.into_body()).await.is_empty());
    }
    assert_eq!((notes.all().len(), after.all().len()), (3, 3));
}

/// Responds, and holds a permit until it is dropped, as the future of a concurrency limit does.
struct Permitted {
    response: Option<Response<Scripted>>,
    _permit: Arc<()>,
}

impl Future for Permitted {
    type Output = Result<Response<Scripted>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(self.response.take().expect("polled once")))
    }
}

#[tokio::test]
async fn a_permit_of_the_inner_future_is_not_held_while_the_body_is_awaited() {
    let (layer, _, _) = device_flow();
    let permit = Arc::new(());
    let (_release, held) = tokio::sync::oneshot::channel();
    let body = Scripted::new([
        Step::Data("{".into()),
        Step::Held(held),
        Step::Data("}".into()),
    ]);
    let mut inner = Some(Permitted {
        response: Some(json(200, body)),
        _permit: Arc::clone(&permit),
    });
    let inner = service_fn(move |_: Request<()>| inner.take().expect("called once"));
    let mut future = pin!(layer.layer(inner).oneshot(poll()));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&permit), 1);
}
