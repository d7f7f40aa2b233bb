//! Any bytes in any frames reach the handler as they came, and what is noted of them is what a whole reading finds.

#![cfg_attr(fuzzing, no_main)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    contract::{Contract, Endpoint, Outcome},
    middleware::{CaptureRequestFieldsLayer, CapturedRequestBody},
    observation::{Observation, Observe},
};
use tower_layer::Layer;
use tower_service::Service;

/// A body of these frames.
struct Frames(VecDeque<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
    }
}

/// Reads the whole request and responds with 403.
struct Handler(Arc<Mutex<Vec<u8>>>);

impl Service<Request<CapturedRequestBody<Frames>>> for Handler {
    type Response = Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<CapturedRequestBody<Frames>>) -> Self::Future {
        let (mut body, mut cx) = (
            pin!(request.into_body()),
            Context::from_waker(Waker::noop()),
        );
        while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
            self.0.lock().unwrap().extend(frame.into_data().unwrap());
        }
        ready(Ok(Response::builder()
            .status(403)
            .body(Frames(VecDeque::new()))
            .unwrap()))
    }
}

#[derive(Clone, Default)]
struct Outcomes(Arc<Mutex<Vec<String>>>);

impl Observe for Outcomes {
    fn observe(&self, observation: &Observation<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(observation.outcome().to_owned());
    }
}

fn contract() -> Contract {
    let endpoint = Endpoint::post("e", "/e")
        .outcome(
            Outcome::new("ASKED", 403)
                .request_field_in("/a/b", [1, 2])
                .request_field("/c/0", "x"),
        )
        .outcome(Outcome::new("NOT", 403));
    Contract::builder().endpoint(endpoint).build().unwrap()
}

/// The outcome for this body in frames of `size` bytes.
fn outcome(text: &[u8], size: usize, limit: usize) -> String {
    let (read, outcomes) = (Arc::default(), Outcomes::default());
    let flag = CompatFlag::new("f", true);
    let mut service = LegacyHttpCompatLayer::new(contract(), flag.reader())
        .observer(Arc::new(outcomes.clone()))
        .layer(
            CaptureRequestFieldsLayer::new()
                .limit(limit)
                .layer(Handler(Arc::clone(&read))),
        );
    let frames = Frames(text.chunks(size).map(Bytes::copy_from_slice).collect());
    let request = Request::post("/e")
        .header("content-type", "application/json")
        .body(frames)
        .unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(service.call(request)).poll(&mut cx).is_ready());
    assert_eq!(*read.lock().unwrap(), text);
    let outcomes = outcomes.0.lock().unwrap();
    outcomes[0].clone()
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input = (Vec<u8>, u8, u8);

pub(crate) fn run(input: Input) {
    let (text, size, limit) = input;
    let whole = outcome(&text, text.len().max(1), usize::MAX);
    assert_eq!(
        outcome(&text, usize::from(size) + 1, usize::MAX),
        whole,
        "frames make no difference"
    );
    let limited = outcome(&text, usize::from(size) + 1, usize::from(limit));
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok();
    let less = limited == whole || limited == "undetermined";
    // Behind the limit may be what makes the whole body undetermined: a repeated member.
    let more = whole == "undetermined";
    assert!(
        less || more || !is_json,
        "a limit can only take knowledge away"
    );
}
