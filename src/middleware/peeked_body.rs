//! A body whose beginning has been read, and is forwarded first.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// A body whose beginning has been read; it is forwarded first.
pub(super) struct PeekedBody<B: Body> {
    /// Apart from the others, so that a body of one frame needs no queue.
    first: Option<FirstData>,
    more: Option<Box<Queue<B::Error>>>,
    body: B,
    /// Whether a frame that was kept has been forwarded since the last pending poll.
    is_unflushed: bool,
}

/// The data of the first frame, and the size hint of the body before it.
pub(super) struct FirstData {
    pub(super) size_hint: SizeHint,
    pub(super) data: Bytes,
}

impl FirstData {
    /// Whether it is the whole body, the exact length of which was known.
    #[inline]
    pub(super) fn is_whole<B: Body>(&self, body: &B) -> bool {
        self.size_hint.exact() == Some(self.data.len() as u64)
            && !self.data.is_empty()
            && body.is_end_stream()
    }
}

struct Queue<E>(VecDeque<Polled<E>>);

/// What one poll of the body returned, and its size hint before that poll.
pub(super) struct Polled<E> {
    pub(super) size_hint: SizeHint,
    pub(super) item: PolledItem<E>,
}

pub(super) type PolledItem<E> = Option<Result<Frame<Bytes>, E>>;

impl<B: Body> PeekedBody<B> {
    /// Of a body of which only this frame was read, if any.
    #[inline]
    pub(super) fn new(first: Option<FirstData>, body: B) -> Self {
        Self {
            first,
            more: None,
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

    /// Whether nothing of it has been read.
    pub(super) fn is_untouched(&self) -> bool {
        self.first.is_none() && self.more.is_none()
    }

    /// How many frames have been read.
    pub(super) fn frames(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| more.0.len());
        usize::from(self.first.is_some()) + more
    }

    /// The data of the first frame that has any.
    pub(super) fn first_data(&self) -> &[u8] {
        match &self.first {
            Some(first) if !first.data.is_empty() => &first.data,
            _ => {
                let mut data = self.queue().filter_map(Polled::data);
                data.find(|data| !data.is_empty()).map_or(&[], |data| data)
            }
        }
    }

    /// Keeps what was read.
    pub(super) fn push(&mut self, Polled { size_hint, item }: Polled<B::Error>) {
        let item = match item {
            Some(Ok(frame)) if self.is_untouched() => match frame.into_data() {
                Ok(data) => {
                    self.first = Some(FirstData { size_hint, data });
                    return;
                }
                Err(frame) => Some(Ok(frame)),
            },
            item => item,
        };
        let queue = || Box::new(Queue(VecDeque::new()));
        let queue = self.more.get_or_insert_with(queue);
        queue.0.push_back(Polled { size_hint, item });
    }

    /// The bytes of the whole body, if it is a single frame the exact length of which was known.
    pub(super) fn into_whole(mut self) -> Result<Bytes, Self> {
        match self.first.take() {
            Some(first) if self.more.is_none() && first.is_whole(&self.body) => Ok(first.data),
            first => Err(Self { first, ..self }),
        }
    }

    fn queue(&self) -> impl Iterator<Item = &Polled<B::Error>> {
        self.more.iter().flat_map(|more| &more.0)
    }
}

impl<B: Body + Unpin> PeekedBody<B> {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<PolledItem<B::Error>> {
        if let Some(first) = self.first.take() {
            self.is_unflushed = true;
            return Poll::Ready(Some(Ok(Frame::data(first.data))));
        }
        if self.more.is_none() && !self.is_unflushed {
            return poll_bytes(&mut self.body, cx);
        }
        self.poll_behind_first(cx)
    }

    fn poll_behind_first(&mut self, cx: &mut Context<'_>) -> Poll<PolledItem<B::Error>> {
        if self.queue().next().is_some_and(|next| next.item.is_none()) {
            // It stays in the queue: a body must not be polled again after its end.
            return Poll::Ready(None);
        }
        let kept = self.more.as_mut().and_then(|more| more.0.pop_front());
        let is_kept = kept.is_some();
        let next = match kept {
            Some(kept) => kept,
            None => ready!(self.poll_inner(cx)),
        };
        if self.is_unflushed && matches!(next.item, Some(Err(_))) {
            // A server that gets an error right behind data resets the connection with the data still in its buffer. It
            // writes the buffer when the body is pending.
            self.is_unflushed = false;
            let queue = || Box::new(Queue(VecDeque::new()));
            self.more.get_or_insert_with(queue).0.push_front(next);
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

    pub(super) fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.queue().next().is_none() && self.body.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        if let Some(first) = &self.first {
            return first.size_hint;
        }
        let next = self.queue().next();
        next.map_or_else(|| self.body.size_hint(), |next| next.size_hint)
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
) -> Poll<PolledItem<B::Error>> {
    Pin::new(body).poll_frame(cx).map_ok(into_bytes)
}

/// A frame with its data as `Bytes`; what is `Bytes` already is not copied.
pub(super) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
