//! A request body that notes what is read of it.

use std::{
    fmt,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::slot::Slot;

pin_project! {
    /// The request body that [`CaptureRequestFields`](super::CaptureRequestFields) hands to the inner service.
    ///
    /// The same frames, errors, sizes and end as the body in it, at the same time.
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
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = ready!(this.body.as_mut().poll_frame(cx));
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

/// More chunks than this in one frame are not looked at; the fields behind them stay unknown.
const MAX_CHUNKS: usize = 64;

fn note<D: Buf>(slot: &Slot, frame: &Frame<D>) {
    let Some(data) = frame.data_ref() else {
        // Trailers: nothing of the body follows.
        return slot.end();
    };
    if data.chunk().len() == data.remaining() {
        return slot.note(std::iter::once(data.chunk()));
    }
    let mut chunks = [IoSlice::new(&[]); MAX_CHUNKS];
    let filled = data.chunks_vectored(&mut chunks);
    let chunks = &chunks[..filled];
    if chunks.iter().map(|chunk| chunk.len()).sum::<usize>() == data.remaining() {
        slot.note(chunks.iter().map(|chunk| &**chunk));
    } else {
        slot.take(false, 0);
    }
}
