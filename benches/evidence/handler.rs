//! The handler, which knows the target contract only.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::Full;
use tower::Service;

use crate::installation::Reply;

/// Responds as the extension [`Reply`] of the request says.
#[derive(Clone, Copy)]
pub(crate) struct Handler;

impl Service<Request<()>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let reply = request.extensions().get::<Reply>();
        ready(Ok(respond(*reply.expect("each call says it"))))
    }
}

fn respond(reply: Reply) -> Response<Full<Bytes>> {
    let (status, body) = match reply {
        Reply::Pending => (200, r#"{"status":"PENDING"}"#),
        Reply::Approved => (200, r#"{"status":"APPROVED"}"#),
        Reply::Started => (200, r#"{"device_code":"x"}"#),
        Reply::Undecidable => (200, "not JSON"),
        Reply::Failed => (500, "{}"),
    };
    let response = Response::builder().status(status);
    let response = response.header(CONTENT_TYPE, "application/json");
    let response = response.body(body.into());
    response.expect("status and header are valid")
}
