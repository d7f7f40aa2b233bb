//! Looking at a body and handing it on as if nobody had.

use std::{
    borrow::Cow,
    collections::VecDeque,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::frame::poll_bytes;

/// A body whose beginning has been read, and is handed on first.
pub(super) struct Replay<B: Body> {
    /// Kept apart from the others, so that a body of one frame needs no queue.
    first: Option<Step<B::Error>>,
    more: VecDeque<Step<B::Error>>,
    body: B,
    length: usize,
}

/// What one poll of the body gave, and what the body said of its size before it.
struct Step<E> {
    size_hint: SizeHint,
    given: Given<E>,
}

enum Given<E> {
    Frame(Frame<Bytes>),
    Error(E),
    End,
}

/// How the look at a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// At its end: all of it has been read.
    Whole,
    /// It goes on beyond the limit.
    TooLarge,
    /// It broke off with an error.
    Broken,
}

impl<B: Body + Unpin> Replay<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            first: None,
            more: VecDeque::new(),
            body,
            length: 0,
        }
    }

    /// Reads the body to its end, but not further than the frame that goes beyond `limit`, in bytes or in frames.
    pub(super) fn poll_look(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<Looked> {
        while !self.body.is_end_stream() {
            let size_hint = self.body.size_hint();
            let given = match ready!(poll_bytes(&mut self.body, cx)) {
                Some(Ok(frame)) => Given::Frame(frame),
                Some(Err(error)) => Given::Error(error),
                None => Given::End,
            };
            self.length += given.data().map_or(0, Bytes::len);
            let ended = match given {
                Given::End => Some(Looked::Whole),
                Given::Error(_) => Some(Looked::Broken),
                Given::Frame(_) => {
                    (self.length > limit || self.more.len() > limit).then_some(Looked::TooLarge)
                }
            };
            self.keep(Step { size_hint, given });
            if let Some(ended) = ended {
                return Poll::Ready(ended);
            }
        }
        Poll::Ready(Looked::Whole)
    }

    /// All data that was read, in one piece. Data of a single frame is not copied.
    pub(super) fn data(&self) -> Cow<'_, [u8]> {
        let frames = || self.steps().filter_map(|step| step.given.data());
        match frames().find(|data| !data.is_empty()) {
            Some(first) if first.len() < self.length => {
                Cow::Owned(frames().flatten().copied().collect())
            }
            Some(first) => Cow::Borrowed(first),
            None => Cow::Borrowed(&[]),
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if matches!(self.next().map(|step| &step.given), Some(Given::End)) {
            // Stays there: a body must not be polled again behind its end.
            return Poll::Ready(None);
        }
        match self
            .first
            .take()
            .or_else(|| self.more.pop_front())
            .map(|step| step.given)
        {
            Some(Given::Frame(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Given::Error(error)) => Poll::Ready(Some(Err(error))),
            Some(Given::End) | None => poll_bytes(&mut self.body, cx),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.next().is_none() && self.body.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.next()
            .map_or_else(|| self.body.size_hint(), |step| step.size_hint)
    }

    fn keep(&mut self, step: Step<B::Error>) {
        if self.first.is_none() && self.more.is_empty() {
            self.first = Some(step);
        } else {
            self.more.push_back(step);
        }
    }

    fn steps(&self) -> impl Iterator<Item = &Step<B::Error>> {
        self.first.iter().chain(&self.more)
    }

    fn next(&self) -> Option<&Step<B::Error>> {
        self.steps().next()
    }
}

impl<E> Given<E> {
    fn data(&self) -> Option<&Bytes> {
        match self {
            Self::Frame(frame) => frame.data_ref(),
            Self::Error(_) | Self::End => None,
        }
    }
}
