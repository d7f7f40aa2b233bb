//! The response body, and peeking at the inner one before it is forwarded as if it had not been read.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// The response body of [`LegacyHttpCompat`](super::LegacyHttpCompat): the inner body unchanged, or a legacy body.
///
/// Its `Data` is [`Bytes`]; data of other types is copied into it.
pub struct ResponseBody<B: Body>(pub(super) BodyKind<B>);

pub(super) enum BodyKind<B: Body> {
    Unchanged(B),
    Peeked(PeekedBody<B>),
    Rewritten(Bytes),
}

/// A body whose beginning has been read; it is forwarded first.
pub(super) struct PeekedBody<B: Body> {
    /// Apart from the others, so that a body of one frame needs no queue.
    first: Option<Polled<B::Error>>,
    more: VecDeque<Polled<B::Error>>,
    body: B,
    length: usize,
}

/// What one poll of the body returned, and its size hint before that poll.
struct Polled<E> {
    size_hint: SizeHint,
    item: Option<Result<Frame<Bytes>, E>>,
}

/// How a peek ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeekEnd {
    /// The whole body was read.
    Complete,
    /// The body is larger than the limit.
    TooLarge,
    /// The body failed with an error.
    Error,
}

/// Nothing in it is structurally pinned: it is polled only where the inner body is `Unpin`.
impl<B: Body + Unpin> Unpin for ResponseBody<B> {}

impl<B> Body for ResponseBody<B>
where
    B: Body + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.0 {
            BodyKind::Unchanged(body) => poll_bytes(body, cx),
            BodyKind::Peeked(body) => body.poll_frame(cx),
            BodyKind::Rewritten(bytes) if bytes.is_empty() => Poll::Ready(None),
            BodyKind::Rewritten(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            BodyKind::Unchanged(body) => body.is_end_stream(),
            BodyKind::Peeked(body) => body.is_end_stream(),
            BodyKind::Rewritten(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            BodyKind::Unchanged(body) => body.size_hint(),
            BodyKind::Peeked(body) => body.size_hint(),
            BodyKind::Rewritten(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl<B: Body + Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self(BodyKind::Unchanged(B::default()))
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    /// Shows which kind of body it is, and nothing of its content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            BodyKind::Unchanged(_) => "ResponseBody(unchanged)",
            BodyKind::Peeked(_) => "ResponseBody(peeked)",
            BodyKind::Rewritten(_) => "ResponseBody(rewritten)",
        })
    }
}

impl<B: Body + Unpin> PeekedBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            first: None,
            more: VecDeque::new(),
            body,
            length: 0,
        }
    }

    /// Reads the body to its end, but not beyond the frame that exceeds `limit`, in bytes or in frames.
    pub(super) fn poll_peek(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<PeekEnd> {
        while !self.body.is_end_stream() {
            let size_hint = self.body.size_hint();
            let item = ready!(poll_bytes(&mut self.body, cx));
            let end = match &item {
                None => Some(PeekEnd::Complete),
                Some(Err(_)) => Some(PeekEnd::Error),
                Some(Ok(frame)) => {
                    self.length += frame.data_ref().map_or(0, Bytes::len);
                    (self.length > limit || self.more.len() > limit).then_some(PeekEnd::TooLarge)
                }
            };
            self.push(Polled { size_hint, item });
            if let Some(end) = end {
                return Poll::Ready(end);
            }
        }
        Poll::Ready(PeekEnd::Complete)
    }

    /// All data read so far, in one piece. Data of a single frame is not copied.
    pub(super) fn data(&self) -> Cow<'_, [u8]> {
        let frames = || self.polled().filter_map(Polled::data);
        match frames().find(|data| !data.is_empty()) {
            Some(first) if first.len() < self.length => {
                Cow::Owned(frames().flatten().copied().collect())
            }
            Some(first) => Cow::Borrowed(first),
            None => Cow::Borrowed(&[]),
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.next().is_some_and(|next| next.item.is_none()) {
            // It stays in the queue: a body must not be polled again after its end.
            return Poll::Ready(None);
        }
        match self.first.take().or_else(|| self.more.pop_front()) {
            Some(next) => Poll::Ready(next.item),
            None => poll_bytes(&mut self.body, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next().is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.next()
            .map_or_else(|| self.body.size_hint(), |next| next.size_hint)
    }

    fn push(&mut self, polled: Polled<B::Error>) {
        if self.first.is_none() && self.more.is_empty() {
            self.first = Some(polled);
        } else {
            self.more.push_back(polled);
        }
    }

    fn polled(&self) -> impl Iterator<Item = &Polled<B::Error>> {
        self.first.iter().chain(&self.more)
    }

    fn next(&self) -> Option<&Polled<B::Error>> {
        self.polled().next()
    }
}

impl<E> Polled<E> {
    fn data(&self) -> Option<&Bytes> {
        self.item.as_ref()?.as_ref().ok()?.data_ref()
    }
}

/// The next frame with its data as `Bytes`.
fn poll_bytes<B: Body + Unpin>(
    body: &mut B,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    Pin::new(body).poll_frame(cx).map_ok(into_bytes)
}

/// A frame with its data as `Bytes`; what is `Bytes` already is not copied.
pub(super) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
