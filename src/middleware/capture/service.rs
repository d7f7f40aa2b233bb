//! The service that captures request fields.

use std::task::{Context, Poll};

use http::Request;
use http_body::Body;
use tower_service::Service;

use super::{body::CapturedRequestBody, slot::Slot};
use crate::middleware::json_body::is_readable_json;

/// Notes the request fields that the contract asks for while the inner service reads the body.
///
/// Made by [`CaptureRequestFieldsLayer`](super::CaptureRequestFieldsLayer).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CaptureRequestFields<S> {
    inner: S,
    limit: usize,
}

impl<S> CaptureRequestFields<S> {
    pub(super) fn new(inner: S, limit: usize) -> Self {
        Self { inner, limit }
    }
}

impl<S, B> Service<Request<B>> for CaptureRequestFields<S>
where
    S: Service<Request<CapturedRequestBody<B>>>,
    B: Body,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let slot = request.extensions().get::<Slot>().cloned();
        if let Some(slot) = &slot {
            slot.take(is_readable_json(request.headers()), self.limit);
        }
        self.inner
            .call(request.map(|body| CapturedRequestBody::new(body, slot)))
    }
}
