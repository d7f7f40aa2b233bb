//! Body types that a legacy body can be put into, so that a wrapped service responds with the type that it had before.

use std::task::Poll;

use bytes::Bytes;
use http::Response;
use http_body::Body;
#[cfg(feature = "http-body-util")]
use http_body_util::{
    BodyExt, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};

use super::body::{BodyKind, ResponseBody};

/// A response body that a legacy body can be put into, for
/// [`same_body`](crate::LegacyHttpCompatLayer::same_body).
///
/// It is implemented for axum's `Body` (feature `axum`), and for `BoxBody`, `UnsyncBoxBody` and `Full<Bytes>` of
/// `http-body-util` (feature `http-body-util`). For a type of your own:
///
/// ```
/// use std::{convert::Infallible, pin::Pin, task::{Context, Poll}};
///
/// use bytes::Bytes;
/// use http_body::{Body, Frame};
/// use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
/// use legacy_http_compat::middleware::{CompatBody, ResponseBody};
///
/// struct MyBody(UnsyncBoxBody<Bytes, Infallible>);
///
/// impl CompatBody for MyBody {
///     fn from_legacy(body: Bytes) -> Self {
///         Self(Full::new(body).boxed_unsync())
///     }
///
///     fn from_peeked(body: ResponseBody<Self>) -> Self {
///         body.into_whole().map_or_else(|body| Self(body.boxed_unsync()), Self::from_legacy)
///     }
/// }
/// #
/// # impl Body for MyBody {
/// #     type Data = Bytes;
/// #     type Error = Infallible;
/// #
/// #     fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
/// #         Pin::new(&mut self.0).poll_frame(cx)
/// #     }
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "with `.same_body()`, a legacy body must become a `{Self}`, which does not implement `CompatBody`",
    label = "responses with this body type",
    note = "without `.same_body()`, the layer works with any body type and responds with a `ResponseBody`",
    note = "`CompatBody` is implemented for axum's `Body` with feature `axum`, and for `BoxBody`, `UnsyncBoxBody` and `Full<Bytes>` with feature `http-body-util`"
)]
pub trait CompatBody: Body<Data = Bytes> + Unpin + Sized {
    /// A body of these bytes, which are its whole and of which the length is known. It is empty if they are.
    fn from_legacy(body: Bytes) -> Self;

    /// A body with the frames, errors, size hints and end of `body`, the beginning of which has been read ahead.
    ///
    /// [`into_whole`](ResponseBody::into_whole) says whether bytes alone are the same.
    fn from_peeked(body: ResponseBody<Self>) -> Self;
}

/// The layer responds with a [`ResponseBody`] around the inner body, of any type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AnyBody;

/// The layer responds with the body type of the inner service, by [`CompatBody`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SameBody;

/// Which body type the layer responds with: [`AnyBody`] or [`SameBody`].
pub trait BodyMode<B: Body>: sealed::Sealed {
    /// The body of the responses.
    type Body: Body<Data = Bytes, Error = B::Error>;

    #[doc(hidden)]
    fn unchanged(response: Response<B>) -> Response<Self::Body>;

    /// That of a poll, which is not moved where it stays the same.
    #[doc(hidden)]
    fn unchanged_result<E>(polled: PolledResponse<B, E>) -> PolledResponse<Self::Body, E> {
        polled.map_ok(Self::unchanged)
    }

    #[doc(hidden)]
    fn decided(body: ResponseBody<B>) -> Self::Body;
}

impl<B: Body + Unpin> BodyMode<B> for AnyBody {
    type Body = ResponseBody<B>;

    #[inline]
    fn unchanged(response: Response<B>) -> Response<ResponseBody<B>> {
        response.map(ResponseBody::unchanged)
    }

    #[inline]
    fn decided(body: ResponseBody<B>) -> ResponseBody<B> {
        body
    }
}

impl<B: CompatBody> BodyMode<B> for SameBody {
    type Body = B;

    #[inline]
    fn unchanged(response: Response<B>) -> Response<B> {
        response
    }

    #[inline]
    fn unchanged_result<E>(polled: PolledResponse<B, E>) -> PolledResponse<B, E> {
        polled
    }

    #[inline]
    fn decided(body: ResponseBody<B>) -> B {
        match body.0 {
            BodyKind::Unchanged(body) => body,
            BodyKind::Whole(bytes) => B::from_legacy(bytes),
            peeked @ BodyKind::Peeked(_) => B::from_peeked(ResponseBody(peeked)),
        }
    }
}

/// What a poll of a response future returns.
type PolledResponse<B, E> = Poll<Result<Response<B>, E>>;

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AnyBody {}

    impl Sealed for super::SameBody {}
}

#[cfg(feature = "axum")]
impl CompatBody for axum_core::body::Body {
    fn from_legacy(body: Bytes) -> Self {
        Self::from(body)
    }

    fn from_peeked(body: ResponseBody<Self>) -> Self {
        body.into_whole().map_or_else(Self::new, Self::from)
    }
}

#[cfg(feature = "http-body-util")]
impl CompatBody for Full<Bytes> {
    fn from_legacy(body: Bytes) -> Self {
        Self::new(body)
    }

    /// It has one frame, the length of which is known, or none.
    fn from_peeked(body: ResponseBody<Self>) -> Self {
        body.into_whole()
            .map_or_else(|_| Self::default(), Self::new)
    }
}

#[cfg(feature = "http-body-util")]
impl<E: Send + Sync + 'static> CompatBody for BoxBody<Bytes, E> {
    fn from_legacy(body: Bytes) -> Self {
        Self::new(Full::new(body).map_err(|never| match never {}))
    }

    fn from_peeked(body: ResponseBody<Self>) -> Self {
        body.into_whole().map_or_else(Self::new, Self::from_legacy)
    }
}

#[cfg(feature = "http-body-util")]
impl<E: Send + 'static> CompatBody for UnsyncBoxBody<Bytes, E> {
    fn from_legacy(body: Bytes) -> Self {
        Self::new(Full::new(body).map_err(|never| match never {}))
    }

    fn from_peeked(body: ResponseBody<Self>) -> Self {
        body.into_whole().map_or_else(Self::new, Self::from_legacy)
    }
}
