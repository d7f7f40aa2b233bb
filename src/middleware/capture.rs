//! Capturing fields of a request while the handler reads its body: the layer, its service and the request body.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{capture_slot::CaptureSlot, peeked_body::into_bytes};

/// Captures fields of requests, for contracts whose outcomes or templates read them.
///
/// Place it *inside* [`LegacyHttpCompatLayer`](crate::LegacyHttpCompatLayer), which says which endpoints read fields;
/// requests for others pass through. The fields are captured while the handler reads the body: nothing is read ahead, and
/// frames, sizes, errors and timing stay the same. At most [`limit`](Self::limit) bytes of the body are held while it is
/// read, and only the fields afterwards. A field that the handler has not read when its response is decided, or that is
/// beyond the limit, is unknown, and an outcome that reads it is `undetermined`.
///
/// ```
/// use axum::{Router, routing::post};
/// use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
/// use legacy_http_compat::middleware::CaptureRequestFieldsLayer;
///
/// let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
/// let app: Router = Router::new()
///     .route("/api/v1/auth/clients/token", post(|_body: String| async { "…" }))
///     .layer(CaptureRequestFieldsLayer::new())
///     .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag));
/// # drop(app);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CaptureRequestFieldsLayer {
    limit: usize,
}

/// Captures the request fields that the contract reads while the inner service reads the body.
///
/// Made by [`CaptureRequestFieldsLayer`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CaptureRequestFields<S> {
    inner: S,
    limit: usize,
}

pin_project! {
    /// The request body that [`CaptureRequestFields`] passes to the inner service.
    ///
    /// It has the frames, errors, size hints and end of the inner body, at the same time. Its `Data` is [`Bytes`]; data of other
    /// types is copied into it.
    pub struct CapturedRequestBody<B> {
        #[pin]
        body: B,
        slot: Option<CaptureSlot>,
    }
}

impl CaptureRequestFieldsLayer {
    /// The default of [`limit`](Self::limit): 16 KiB.
    pub const DEFAULT_LIMIT: usize = 16 * 1024;

    /// A layer with the default limit.
    pub const fn new() -> Self {
        Self {
            limit: Self::DEFAULT_LIMIT,
        }
    }

    /// How many bytes of a request body are held while it is read.
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl Default for CaptureRequestFieldsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for CaptureRequestFieldsLayer {
    type Service = CaptureRequestFields<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CaptureRequestFields {
            inner,
            limit: self.limit,
        }
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Taken out: a capture layer further in would record the same body again.
        let slot = request.extensions_mut().remove::<CaptureSlot>();
        if let Some(slot) = &slot {
            slot.start(request.headers(), self.limit);
        }
        self.inner
            .call(request.map(|body| CapturedRequestBody { body, slot }))
    }
}

impl<B: Body> Body for CapturedRequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let polled = ready!(this.body.as_mut().poll_frame(cx).map_ok(into_bytes));
        if let Some(slot) = this.slot {
            match &polled {
                Some(Ok(frame)) => record(slot, frame),
                Some(Err(_)) => {}
                None => slot.end(),
            }
            if this.body.is_end_stream() {
                slot.end();
            }
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for CapturedRequestBody<B> {
    /// Shows nothing of the body's content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequestBody")
            .field("captured", &self.slot.is_some())
            .finish_non_exhaustive()
    }
}

fn record(slot: &CaptureSlot, frame: &Frame<Bytes>) {
    match frame.data_ref() {
        Some(data) => slot.record(data),
        // Trailers: nothing of the body follows.
        None => slot.end(),
    }
}
