//! Whatever the frames of a body are, a response that is not rewritten leaves with the same bytes, trailers and error, and one
//! that is rewritten is the legacy response.

#![cfg_attr(fuzzing, no_main)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future as _, Ready, ready},
    pin::{Pin, pin},
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use tower_layer::Layer;
use tower_service::Service;

const CONTRACT: &str = r#"{"endpoints": [{"name": "poll", "method": "POST", "path": "/poll", "outcomes": [
  {"name": "PENDING", "status": 200, "when": {"/status": "P"}, "legacy": {"status": 400, "body": {"json": {"error": "pending"}}}},
  {"name": "DENIED", "status": 200, "when": {"/status": "D"}},
  {"name": "LATER", "status": 200, "when": {"/a/0": {"absent": true}, "/status": "L"}, "legacy": {"status": 400}}
]}]}"#;

/// A layer whose flag is on, and one whose flag is off.
static LAYERS: LazyLock<[LegacyHttpCompatLayer; 2]> = LazyLock::new(|| {
    [true, false].map(|is_on| {
        let flag = CompatFlag::new("fuzzed", is_on);
        LegacyHttpCompatLayer::new(Contract::from_json(CONTRACT).unwrap(), flag.reader())
            .body_limit(256)
    })
});

#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Pending,
    Broken(u8),
    Trailers(u8),
}

impl Step {
    fn new((kind, data): &(u8, Vec<u8>)) -> Self {
        match kind % 16 {
            0 => Self::Pending,
            1 => Self::Broken(kind / 16),
            2 => Self::Trailers(kind / 16),
            _ => Self::Data(Bytes::copy_from_slice(data)),
        }
    }
}

#[derive(Clone, Debug)]
struct Steps {
    steps: VecDeque<Step>,
    hint: SizeHint,
}

impl Steps {
    /// The frames up to the first error or trailers, and a size that is right, unknown, or wrong.
    fn new(frames: &[(u8, Vec<u8>)], size: u8) -> Self {
        let mut steps: VecDeque<Step> = frames.iter().map(Step::new).collect();
        let last = |step: &Step| matches!(step, Step::Broken(_) | Step::Trailers(_));
        if let Some(at) = steps.iter().position(last) {
            steps.truncate(at + 1);
        }
        let data = steps.iter().filter_map(|step| match step {
            Step::Data(data) => Some(data.len() as u64),
            _ => None,
        });
        let hint = match size % 3 {
            0 => SizeHint::default(),
            1 => SizeHint::with_exact(data.sum()),
            _ => SizeHint::with_exact(u64::from(size)),
        };
        Self { steps, hint }
    }
}

impl Body for Steps {
    type Data = Bytes;
    type Error = u8;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, u8>>> {
        let Some(step) = self.steps.pop_front() else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match step {
            Step::Data(data) => Ok(Frame::data(data)),
            Step::Broken(error) => Err(error),
            Step::Trailers(value) => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-trailer", HeaderValue::from(u16::from(value)));
                Ok(Frame::trailers(trailers))
            }
            Step::Pending => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// What a client sees of a body.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    error: Option<u8>,
}

fn seen(body: impl Body<Data = Bytes, Error = u8>) -> Seen {
    let (mut body, mut seen) = (pin!(body), Seen::default());
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => return seen,
            Poll::Ready(Some(Err(error))) => {
                seen.error = Some(error);
                return seen;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => seen.data.extend(data),
                Err(frame) => seen.trailers = frame.into_trailers().ok(),
            },
        }
    }
}

struct Handler(Steps);

impl Service<Request<()>> for Handler {
    type Response = Response<Steps>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let response = Response::builder().header("content-type", "application/json");
        ready(Ok(response.body(self.0.clone()).unwrap()))
    }
}

fn response(layer: &LegacyHttpCompatLayer, steps: Steps) -> (StatusCode, Seen) {
    let mut service = layer.layer(Handler(steps));
    let mut future = pin!(service.call(Request::post("/poll").body(()).unwrap()));
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) {
            return (response.status(), seen(response.into_body()));
        }
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

/// The size that the body says it has, and its frames.
pub(crate) type Input = (u8, Vec<(u8, Vec<u8>)>);

pub(crate) fn run((size, frames): Input) {
    let steps = Steps::new(&frames, size);
    let bare = seen(steps.clone());
    let [on, off] = &*LAYERS;
    assert_eq!(
        response(off, steps.clone()),
        (StatusCode::OK, seen(steps.clone()))
    );
    let (status, layered) = response(on, steps);
    if status == StatusCode::OK {
        assert_eq!(layered, bare);
    } else {
        assert_eq!(bare.error, None, "a body that breaks off is not rewritten");
        assert_eq!(layered.error, None);
        let tree: serde_json::Value =
            serde_json::from_slice(&bare.data).expect("a body that is rewritten is JSON");
        match tree["status"].as_str() {
            Some("P") => assert_eq!(layered.data, br#"{"error":"pending"}"#),
            other => assert_eq!((other, layered.data), (Some("L"), bare.data)),
        }
    }
}
