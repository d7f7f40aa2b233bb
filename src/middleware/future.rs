//! The response future.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    compat_body::{AnyBody, BodyMode},
    deciding::{Deciding, Exchange},
    vary::HeadVary,
};
use crate::json::Scan;

pin_project! {
    /// The response future of [`LegacyHttpCompat`](super::LegacyHttpCompat).
    pub struct ResponseFuture<F, B, M = AnyBody>
    where
        B: Body,
    {
        // Dropped when it has returned the response: it may hold a permit, which a peek must not keep.
        #[pin]
        pub(super) inner: Option<F>,
        pub(super) state: State<B>,
        pub(super) mode: PhantomData<fn() -> M>,
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "a request on the contract must not allocate whose body is there at once"
)]
pub(super) enum State<B: Body> {
    /// The request is not on the contract.
    Outside,
    /// The request is for the `HEAD` of an endpoint.
    Head(HeadVary),
    /// The response has not arrived.
    Waiting(Exchange),
    /// The response has arrived, and more of its body is needed than was there at once.
    Peeking(Box<Peeking<B>>),
    /// The response was returned.
    Done,
}

pub(super) struct Peeking<B: Body> {
    exchange: Exchange,
    deciding: Deciding<B>,
    scan: Scan,
}

impl<F, B, M, E> Future for ResponseFuture<F, B, M>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body + Unpin,
    M: BodyMode<B>,
{
    type Output = Result<Response<M::Body>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return this.state.poll_peek::<M>(cx).map(Ok);
        };
        if let State::Outside = this.state {
            return M::unchanged_result(inner.poll(cx));
        }
        let response = ready!(inner.poll(cx));
        this.inner.set(None);
        let response = response?;
        this.state.poll_response::<M>(response, cx).map(Ok)
    }
}

impl<B: Body + Unpin> State<B> {
    /// The response has arrived.
    fn poll_response<M: BodyMode<B>>(
        &mut self,
        mut response: Response<B>,
        cx: &mut Context<'_>,
    ) -> Poll<Response<M::Body>> {
        let exchange = match self {
            Self::Waiting(exchange) => exchange,
            Self::Head(vary) => {
                vary.add_to(response.headers_mut());
                return Poll::Ready(M::unchanged(response));
            }
            _ => return Poll::Ready(M::unchanged(response)),
        };
        let mut scan = Scan::new();
        let mut deciding = Deciding::new(exchange, response);
        if let Poll::Ready(conclusion) = deciding.poll(exchange, &mut scan, cx) {
            *self = Self::Done;
            let Deciding { head, peek, .. } = deciding;
            return Poll::Ready(conclusion.response::<B, M>(head, peek));
        }
        if let Self::Waiting(exchange) = std::mem::replace(self, Self::Done) {
            let peeking = Peeking {
                exchange,
                deciding,
                scan,
            };
            *self = Self::Peeking(Box::new(peeking));
        }
        Poll::Pending
    }

    /// More of the body may have come.
    #[cold]
    fn poll_peek<M: BodyMode<B>>(&mut self, cx: &mut Context<'_>) -> Poll<Response<M::Body>> {
        let Self::Peeking(peeking) = self else {
            panic!("polled again after it has returned the response");
        };
        let Peeking {
            exchange,
            deciding,
            scan,
        } = &mut **peeking;
        let conclusion = ready!(deciding.poll(exchange, scan, cx));
        let Self::Peeking(peeking) = std::mem::replace(self, Self::Done) else {
            unreachable!("it was just polled");
        };
        let Deciding { head, peek, .. } = peeking.deciding;
        Poll::Ready(conclusion.response::<B, M>(head, peek))
    }
}

impl<F, B: Body, M> fmt::Debug for ResponseFuture<F, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Outside | State::Head(_) => "ResponseFuture(outside the contract)",
            State::Waiting(_) => "ResponseFuture(waiting)",
            State::Peeking(_) => "ResponseFuture(peeking)",
            State::Done => "ResponseFuture(done)",
        })
    }
}
