//! The response body: the inner one unchanged, the same with a beginning that was read ahead, or the bytes of a whole one.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::peeked_body::{FirstData, PeekedBody, poll_bytes};

/// The response body of [`LegacyHttpCompat`](super::LegacyHttpCompat): the inner body unchanged, or a legacy body.
///
/// Its `Data` is [`Bytes`]; data of other types is copied into it.
pub struct ResponseBody<B: Body>(pub(super) BodyKind<B>);

pub(super) enum BodyKind<B: Body> {
    Unchanged(B),
    Peeked(PeekedBody<B>),
    /// A legacy body, or the whole inner one.
    Whole(Bytes),
}

impl<B: Body> ResponseBody<B> {
    #[inline]
    pub(super) fn unchanged(body: B) -> Self {
        Self(BodyKind::Unchanged(body))
    }

    #[inline]
    pub(super) fn whole(body: Bytes) -> Self {
        Self(BodyKind::Whole(body))
    }

    /// The body to forward of which at most the first frame was read.
    #[inline]
    pub(super) fn begun(first: Option<FirstData>, body: B) -> Self {
        match first {
            None => Self::unchanged(body),
            Some(first) if first.is_whole(&body) => Self::whole(first.data),
            first => Self(BodyKind::Peeked(PeekedBody::new(first, body))),
        }
    }

    /// The body to forward when it has been peeked at.
    #[inline]
    pub(super) fn peeked(body: PeekedBody<B>) -> Self {
        Self(if body.is_untouched() {
            BodyKind::Unchanged(body.into_inner())
        } else {
            BodyKind::Peeked(body)
        })
    }

    /// The bytes of the whole body, if it is nothing but a single frame of data the exact length of which was known before
    /// it was read, so that a body made of the bytes alone is framed in the same way; else the body itself.
    ///
    /// # Errors
    ///
    /// The body, if bytes cannot stand for it.
    pub fn into_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            BodyKind::Whole(bytes) => Ok(bytes),
            BodyKind::Peeked(body) => body
                .into_whole()
                .map_err(|body| Self(BodyKind::Peeked(body))),
            unchanged @ BodyKind::Unchanged(_) => Err(Self(unchanged)),
        }
    }
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
            BodyKind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            BodyKind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            BodyKind::Unchanged(body) => body.is_end_stream(),
            BodyKind::Peeked(body) => body.is_end_stream(),
            BodyKind::Whole(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            BodyKind::Unchanged(body) => body.size_hint(),
            BodyKind::Peeked(body) => body.size_hint(),
            BodyKind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl<B: Body + Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::unchanged(B::default())
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    /// Shows which kind of body it is, and nothing of its content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            BodyKind::Unchanged(_) => "ResponseBody(unchanged)",
            BodyKind::Peeked(_) => "ResponseBody(peeked)",
            BodyKind::Whole(_) => "ResponseBody(whole)",
        })
    }
}
