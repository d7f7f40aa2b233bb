//! A request body that notes what is read of it.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::slot::Slot;
use crate::middleware::frame::into_bytes;

pin_project! {
    /// The request body that [`CaptureRequestFields`](super::CaptureRequestFields) hands to the inner service.
    ///
    /// The same frames, errors, sizes and end as the body in it, at the same time. Its `Data` is [`Bytes`]; data of other
    /// types is copied into it.
    pub struct CapturedRequestBody<B> {
        #[pin]
        body: B,
        slot: Option<Slot>,
    }
}

impl<B> CapturedRequestBody<B> {
    pub(super) fn new(body: B, slot: Option<Slot>) -> Self {
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
                Some(Ok(frame)) => note(slot, frame),
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
    /// Says nothing of what the body says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequestBody")
            .field("noted", &self.slot.is_some())
            .finish_non_exhaustive()
    }
}

fn note(slot: &Slot, frame: &Frame<Bytes>) {
    match frame.data_ref() {
        Some(data) => slot.note(data),
        // Trailers: nothing of the body follows.
        None => slot.end(),
    }
}
