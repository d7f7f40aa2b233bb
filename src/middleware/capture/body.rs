//! A request body whose fields are captured as it is read.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::capture_slot::CaptureSlot;

pin_project! {
    /// The request body that [`CaptureRequestFields`](super::CaptureRequestFields) passes to the inner service.
    ///
    /// It has the frames, errors, size hints and end of the inner body, at the same time. Its `Data` is [`Bytes`]; data of other
    /// types is copied into it.
    pub struct CapturedRequestBody<B> {
        #[pin]
        body: B,
        slot: Option<CaptureSlot>,
    }
}

impl<B> CapturedRequestBody<B> {
    pub(super) fn new(body: B, slot: Option<CaptureSlot>) -> Self {
        Self { body, slot }
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

/// A frame with its data as `Bytes`; what is `Bytes` already is not copied.
pub(in crate::middleware) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
