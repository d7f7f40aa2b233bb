//! The body of an answer that has been through the layer.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{frame::poll_bytes, replay::Replay};

/// The response body of [`LegacyHttpCompat`](super::LegacyHttpCompat): the inner body as it came, or a legacy body.
///
/// Its `Data` is [`Bytes`]; data of other types is copied into it.
pub struct ResponseBody<B: Body> {
    kind: Kind<B>,
}

enum Kind<B: Body> {
    Untouched(B),
    Replayed(Replay<B>),
    Rewritten(Bytes),
}

impl<B: Body> ResponseBody<B> {
    pub(super) fn untouched(body: B) -> Self {
        Self {
            kind: Kind::Untouched(body),
        }
    }

    pub(super) fn replayed(replay: Replay<B>) -> Self {
        Self {
            kind: Kind::Replayed(replay),
        }
    }

    pub(super) fn rewritten(body: Bytes) -> Self {
        Self {
            kind: Kind::Rewritten(body),
        }
    }
}

/// Nothing in it is pinned in place: it is only polled where the inner body is `Unpin`.
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
        match &mut self.kind {
            Kind::Untouched(body) => poll_bytes(body, cx),
            Kind::Replayed(replay) => replay.poll_frame(cx),
            Kind::Rewritten(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Rewritten(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Untouched(body) => body.is_end_stream(),
            Kind::Replayed(replay) => replay.is_end_stream(),
            Kind::Rewritten(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Untouched(body) => body.size_hint(),
            Kind::Replayed(replay) => replay.size_hint(),
            Kind::Rewritten(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl<B: Body + Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    /// Says what kind of body it is and nothing of what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Untouched(_) => "ResponseBody(untouched)",
            Kind::Replayed(_) => "ResponseBody(replayed)",
            Kind::Rewritten(_) => "ResponseBody(rewritten)",
        })
    }
}
