//! One response whose JSON body is there in one frame, through the layer.

use std::{
    convert::Infallible,
    future::{Future as _, Ready, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response, response::Parts};
use http_body::{Body, Frame};
use legacy_http_compat::LegacyHttpCompatLayer;
use tower_layer::Layer;
use tower_service::Service;

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

/// What the layer makes of a target body.
pub(crate) fn get(layer: &LegacyHttpCompatLayer, path: &str, target: &[u8]) -> (Parts, Vec<u8>) {
    let mut service = layer.layer(Handler(Bytes::copy_from_slice(target)));
    let request = Request::get(path).body(()).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("all of the body is there");
    };
    let (head, body) = response.into_parts();
    let (mut body, mut left) = (pin!(body), Vec::new());
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) {
        left.extend(frame.into_data().unwrap());
    }
    (head, left)
}
