//! Of any target body: a legacy body of JSON is JSON, an edit that concerns no part of it leaves every byte, and a response
//! that is not rewritten leaves as it came.

#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    future::{Future as _, Ready, ready},
    pin::{Pin, pin},
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde::de::IgnoredAny;
use tower_layer::Layer;
use tower_service::Service;

/// Endpoints with an edit of no part, an edit, a template, a text, and a form.
const CONTRACT: &str = r#"{"endpoints": [
  {"name": "none", "method": "GET", "path": "/0/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"edit": {"rename": {"/never/*/a": "b"}, "set": {"/never/there": 1}, "remove": ["/never/0/1"]}}}}]},
  {"name": "edit", "method": "GET", "path": "/1/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"edit": {"rename": {"/a": "b", "/c/*/a": "d"}, "set": {"/c/*/e": {"$item": "/a", "as": "text", "omit_if_absent": true},
      "/d": {"$text": ["\"", {"$field": "/a"}], "default": []}}, "remove": ["/e", "/f/0"]}}}}]},
  {"name": "json", "method": "GET", "path": "/2/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400,
    "set_headers": {"x-a": {"$field": "/a", "omit_if_absent": true}}, "body": {"json": {
      "each": {"$each": "/c", "json": [{"$item": "/a", "default": null}, {"$item": ""}], "omit_if_absent": true},
      "map": {"$field": "/a", "map": [[1, "\n"], ["x", 1e400], [null, false]], "default": {"$path": "id"}},
      "number": {"$field": "/a", "as": "number", "default": 0}, "date": {"$field": "/a", "as": "rfc3339", "default": ""},
      "unix": {"$field": "/a", "as": "unix_seconds", "default": ""}, "http": {"$field": "/a", "as": "http_date", "default": ""}}}}}]},
  {"name": "text", "method": "GET", "path": "/3/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"text": {"$text": [{"$field": "/a"}, {"$field": "/c/0", "default": "-"}]}}}}]},
  {"name": "form", "method": "GET", "path": "/4/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"form": {"a": {"$field": "/a"}, "&": {"$field": "/c/0", "omit_if_absent": true}}}}}]}
]}"#;

static LAYER: LazyLock<LegacyHttpCompatLayer> = LazyLock::new(|| {
    LegacyHttpCompatLayer::new(
        Contract::from_json(CONTRACT).unwrap(),
        &CompatFlag::on("fuzzed"),
    )
});

/// A body of one frame.
struct OneFrame(Option<Bytes>);

impl Body for OneFrame {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }
}

#[derive(Clone)]
struct Handler(Bytes);

impl Service<Request<()>> for Handler {
    type Response = Response<OneFrame>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let response = Response::builder().header("content-type", "application/json");
        ready(Ok(response.body(OneFrame(Some(self.0.clone()))).unwrap()))
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = (u8, &'a [u8]);

pub(crate) fn run(input: Input<'_>) {
    let (endpoint, target) = (input.0 % 5, input.1);
    let mut service = LAYER.layer(Handler(Bytes::copy_from_slice(target)));
    let request = Request::get(format!("/{endpoint}/7")).body(()).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("all of the body is there");
    };
    let (head, mut body) = (response.status(), pin!(response.into_body()));
    let mut legacy = Vec::new();
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
        legacy.extend(frame.into_data().unwrap());
    }
    if head == 200 || endpoint == 0 {
        assert_eq!(legacy, target);
    } else if endpoint < 3 {
        serde_json::from_slice::<IgnoredAny>(&legacy).expect("a legacy body of JSON is JSON");
    }
}
