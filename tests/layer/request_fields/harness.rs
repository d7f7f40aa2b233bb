//! A contract that asks for request fields, a handler that reads as much as a test says, and a recorder of observations.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    contract::{Contract, Endpoint, LegacyShape, Outcome, Placeholder, Template},
    middleware::{CaptureRequestFieldsLayer, CapturedRequestBody},
    observation::{Observation, Observe, SkipReason},
};
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// What one response was counted as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) outcome: String,
    pub(crate) skipped: Option<SkipReason>,
}

#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Seen>>>);

impl Observe for Recorder {
    fn observe(&self, observation: &Observation<'_>) {
        self.0.lock().unwrap().push(Seen {
            outcome: observation.outcome().to_owned(),
            skipped: observation.skip_reason(),
        });
    }
}

impl Recorder {
    pub(crate) fn only(&self) -> Seen {
        let seen = self.0.lock().unwrap();
        let [one] = seen.as_slice() else {
            panic!("one answer was expected: {seen:?}")
        };
        one.clone()
    }
}

/// `FORBIDDEN` as 403: for `kind` 1 or `"A"` in the request's `/who/kind` a legacy 422 that repeats `/who`.
pub(crate) fn contract() -> Contract {
    let body = Template::object([
        ("who", Placeholder::request_field("/who").into()),
        (
            "note",
            Placeholder::request_field("/note").omit_if_absent().into(),
        ),
        ("code", Template::from("OLD")),
    ]);
    let token = Endpoint::post("token", "/token")
        .outcome(
            Outcome::new("FORBIDDEN_A", 403)
                .request_field_in("/who/kind", [serde_json::json!(1), "A".into()])
                .legacy(LegacyShape::new(422).json(body)),
        )
        .outcome(Outcome::new("FORBIDDEN", 403))
        .outcome(Outcome::new("FINE", 200));
    let plain = Endpoint::post("plain", "/plain").outcome(Outcome::new("FINE", 200));
    Contract::builder()
        .endpoint(token)
        .endpoint(plain)
        .build()
        .unwrap()
}

/// How much of its body the handler reads before it responds.
#[derive(Clone, Copy)]
pub(crate) enum Reads {
    Nothing,
    OneFrame,
    All,
}

/// Sends a body to a handler that responds 403 without one, through both layers.
pub(crate) async fn send<B>(body: B, reads: Reads) -> (StatusCode, Bytes, Seen)
where
    B: Body + Unpin,
{
    send_as(request(body), reads, CaptureRequestFieldsLayer::new()).await
}

pub(crate) fn request<B>(body: B) -> Request<B> {
    Request::post("/token")
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

pub(crate) async fn send_as<B>(
    request: Request<B>,
    reads: Reads,
    capture: CaptureRequestFieldsLayer,
) -> (StatusCode, Bytes, Seen)
where
    B: Body + Unpin,
{
    let recorder = Recorder::default();
    let flag = CompatFlag::new("f", true);
    let service = ServiceBuilder::new()
        .layer(
            LegacyHttpCompatLayer::new(contract(), flag.reader())
                .observer(Arc::new(recorder.clone())),
        )
        .layer(capture)
        .service(service_fn(
            async |request: Request<CapturedRequestBody<B>>| {
                let mut body = request.into_body();
                match reads {
                    Reads::Nothing => {}
                    Reads::OneFrame => drop(body.frame().await),
                    Reads::All => while let Some(Ok(_)) = body.frame().await {},
                }
                Ok::<_, Infallible>(forbidden())
            },
        ));
    let response = service.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, body, recorder.only())
}

pub(crate) fn forbidden() -> Response<Full<Bytes>> {
    Response::builder()
        .status(403)
        .body(Full::default())
        .unwrap()
}
