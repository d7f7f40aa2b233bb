//! The response body: the inner one unchanged, the same with a beginning that was read ahead, or a legacy one.

use std::{
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
    /// Whether a frame that was kept has been forwarded since the last pending poll.
    is_unflushed: bool,
}

/// What one poll of the body returned, and its size hint before that poll.
pub(super) struct Polled<E> {
    pub(super) size_hint: SizeHint,
    pub(super) item: Option<Result<Frame<Bytes>, E>>,
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

impl<B: Body> PeekedBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            first: None,
            more: VecDeque::new(),
            body,
            is_unflushed: false,
        }
    }

    pub(super) fn inner(&self) -> &B {
        &self.body
    }

    pub(super) fn inner_mut(&mut self) -> &mut B {
        &mut self.body
    }

    pub(super) fn into_inner(self) -> B {
        self.body
    }

    /// How many frames have been read.
    pub(super) fn frames(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// The data of the first frame that has any.
    pub(super) fn first_data(&self) -> &[u8] {
        let mut data = self.polled().filter_map(Polled::data);
        data.find(|data| !data.is_empty()).map_or(&[], |data| data)
    }

    /// Keeps what was read.
    pub(super) fn push(&mut self, polled: Polled<B::Error>) {
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
        self.first.as_ref().or_else(|| self.more.front())
    }
}

impl<B: Body + Unpin> PeekedBody<B> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.next().is_some_and(|next| next.item.is_none()) {
            // It stays in the queue: a body must not be polled again after its end.
            return Poll::Ready(None);
        }
        let kept = self.first.take().or_else(|| self.more.pop_front());
        let is_kept = kept.is_some();
        let next = match kept {
            Some(kept) => kept,
            None => ready!(self.poll_inner(cx)),
        };
        if self.is_unflushed && matches!(next.item, Some(Err(_))) {
            // A server that gets an error right behind data resets the connection with the data still in its buffer. It
            // writes the buffer when the body is pending.
            self.is_unflushed = false;
            self.first = Some(next);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_unflushed |= is_kept;
        Poll::Ready(next.item)
    }

    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Polled<B::Error>> {
        let size_hint = self.body.size_hint();
        let polled = poll_bytes(&mut self.body, cx);
        self.is_unflushed &= polled.is_ready();
        polled.map(|item| Polled { size_hint, item })
    }

    fn is_end_stream(&self) -> bool {
        self.next().is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.next()
            .map_or_else(|| self.body.size_hint(), |next| next.size_hint)
    }
}

impl<E> Polled<E> {
    fn data(&self) -> Option<&Bytes> {
        self.item.as_ref()?.as_ref().ok()?.data_ref()
    }
}

/// The next frame with its data as `Bytes`.
pub(super) fn poll_bytes<B: Body + Unpin>(
    body: &mut B,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    Pin::new(body).poll_frame(cx).map_ok(into_bytes)
}

/// A frame with its data as `Bytes`; what is `Bytes` already is not copied.
pub(super) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
