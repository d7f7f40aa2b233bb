//! The handler gets the request's body as if nothing were captured.

use std::{
    convert::Infallible,
    task::{Context, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    middleware::{CaptureRequestFieldsLayer, CapturedRequestBody},
};
use proptest::{collection::vec, prelude::*};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::mock;

use super::{
    harness::{contract, forbidden},
    scripted::{Scripted, Sight, Size, Step, record},
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[derive(Clone, Debug)]
enum Given {
    Data(Vec<u8>),
    Pending,
    Error,
    Trailers,
}

fn body(given: &[Given], size: Size, announces_end: bool) -> Scripted {
    let body = Scripted::new(given.iter().map(|given| match given {
        Given::Data(data) => Step::Data(Bytes::copy_from_slice(data)),
        Given::Pending => Step::Pending,
        Given::Error => Step::Error("broken"),
        Given::Trailers => Step::Trailers(HeaderMap::new()),
    }));
    let body = body.size(size);
    if announces_end {
        body
    } else {
        body.never_announces_end()
    }
}

/// What a handler inside both layers sees of the body of a request for this path.
fn seen_inside(path: &str, limit: usize, body: Scripted) -> Vec<Sight> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let flag = CompatFlag::new("f", true);
    let service = ServiceBuilder::new()
        .layer(LegacyHttpCompatLayer::new(contract(), flag.reader()))
        .layer(CaptureRequestFieldsLayer::new().limit(limit))
        .service(service_fn(
            |request: Request<CapturedRequestBody<Scripted>>| {
                let sender = sender.clone();
                async move {
                    sender.send(record(request.into_body()).await).unwrap();
                    Ok::<_, Infallible>(forbidden())
                }
            },
        ));
    let request = Request::post(path).header("content-type", "application/json");
    runtime()
        .block_on(service.oneshot(request.body(body).unwrap()))
        .unwrap();
    receiver.recv().unwrap()
}

fn given() -> impl Strategy<Value = Vec<Given>> {
    let json = r#"\{"who": \{"kind": "[AB]"\}\}"#;
    let data = prop_oneof![vec(any::<u8>(), 0..40), json.prop_map(String::into_bytes)];
    let step = prop_oneof![6 => data.prop_map(Given::Data), 2 => Just(Given::Pending), 1 => Just(Given::Error)];
    (vec(step, 0..8), any::<bool>()).prop_map(|(mut steps, trailers)| {
        steps.extend(trailers.then_some(Given::Trailers));
        steps
    })
}

proptest! {
    #[test]
    fn the_handler_sees_the_same_body(
        given in given(),
        size in prop_oneof![Just(Size::Unknown), Just(Size::Exact), Just(Size::AtLeastHalf)],
        announces_end: bool,
        limit in 0_usize..100,
        path in prop_oneof![Just("/token"), Just("/plain"), Just("/elsewhere")],
    ) {
        let direct = runtime().block_on(record(body(&given, size, announces_end)));
        prop_assert_eq!(seen_inside(path, limit, body(&given, size, announces_end)), direct);
    }
}

#[tokio::test]
async fn only_a_request_for_an_endpoint_that_asks_carries_a_slot() {
    let flag = CompatFlag::new("f", true);
    for (path, extensions) in [("/token", 1), ("/plain", 0), ("/elsewhere", 0)] {
        let service = ServiceBuilder::new()
            .layer(LegacyHttpCompatLayer::new(contract(), flag.reader()))
            .service(service_fn(async |request: Request<Full<Bytes>>| {
                assert_eq!(request.extensions().len(), extensions, "{path}");
                Ok::<_, Infallible>(forbidden())
            }));
        service
            .oneshot(Request::post(path).body(Full::default()).unwrap())
            .await
            .unwrap();
    }
}

#[test]
fn a_service_that_is_not_ready_makes_the_layer_wait() {
    let (inner, mut handle) =
        mock::pair::<Request<CapturedRequestBody<Full<Bytes>>>, http::Response<()>>();
    let mut service = CaptureRequestFieldsLayer::new().layer(inner);
    let mut is_ready = || {
        let mut cx = Context::from_waker(Waker::noop());
        Service::<Request<Full<Bytes>>>::poll_ready(&mut service, &mut cx).is_ready()
    };
    handle.allow(0);
    assert!(!is_ready());
    handle.allow(1);
    assert!(is_ready());
}
