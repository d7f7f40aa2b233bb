//! Reading the beginning of a response body before it is forwarded.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;

use super::peeked_body::{PeekedBody, Polled, poll_bytes};

/// A body that is being peeked at.
pub(super) struct Peek<B: Body> {
    body: PeekedBody<B>,
    /// The data of all frames, if there are several with data. That of a single one is not copied.
    joined: Vec<u8>,
    length: usize,
    /// How many frames had data.
    texts: usize,
}

/// What reading on brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeekStep {
    /// There may be more data.
    Data,
    /// All data has been read.
    End,
    /// The body is larger than the limit, in bytes or in frames.
    TooLarge,
    /// The body failed with an error.
    Error,
}

impl<B: Body + Unpin> Peek<B> {
    /// Goes on with a body of which at most the first frame has been read.
    pub(super) fn new(body: PeekedBody<B>) -> Self {
        let length = body.first_data().len();
        Self {
            body,
            joined: Vec::new(),
            length,
            texts: usize::from(length > 0),
        }
    }

    /// Reads the next frame.
    pub(super) fn poll_next(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<PeekStep> {
        if self.body.inner().is_end_stream() {
            return Poll::Ready(PeekStep::End);
        }
        let size_hint = self.body.inner().size_hint();
        let item = ready!(poll_bytes(self.body.inner_mut(), cx));
        Poll::Ready(self.take(Polled { size_hint, item }, limit))
    }

    /// Takes what was polled of the body.
    pub(super) fn take(&mut self, polled: Polled<B::Error>, limit: usize) -> PeekStep {
        let step = match &polled.item {
            None => PeekStep::End,
            Some(Err(_)) => PeekStep::Error,
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data) => self.take_data(data, limit),
                // Trailers: no data follows.
                None => PeekStep::End,
            },
        };
        self.body.push(polled);
        step
    }

    fn take_data(&mut self, data: &Bytes, limit: usize) -> PeekStep {
        self.length += data.len();
        if self.length > limit || self.body.frames() > limit {
            return PeekStep::TooLarge;
        }
        if !data.is_empty() {
            if self.texts == 1 {
                self.joined = self.text().to_vec();
            }
            if self.texts > 0 {
                self.joined.extend_from_slice(data);
            }
            self.texts += 1;
        }
        PeekStep::Data
    }

    /// All data so far, in one piece.
    pub(super) fn text(&self) -> &[u8] {
        if self.texts == 1 {
            self.body.first_data()
        } else {
            &self.joined
        }
    }

    /// How long the body is at least.
    pub(super) fn length(&self) -> u64 {
        self.length as u64 + self.body.inner().size_hint().lower()
    }

    pub(super) fn inner(&self) -> &B {
        self.body.inner()
    }

    /// The body to forward.
    pub(super) fn into_body(self) -> PeekedBody<B> {
        self.body
    }
}
