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
    arrival::Arrival,
    compat_body::{AnyBody, BodyMode},
    exchange::Exchange,
    peeking::Peeking,
    vary::HeadVary,
};

pin_project! {
    /// The response future of [`LegacyHttpCompat`](super::LegacyHttpCompat).
    pub struct ResponseFuture<F, B, M = AnyBody>
    where
        B: Body,
    {
        // Dropped when it has returned the response: it may hold a permit, which a peek must not keep.
        #[pin]
        pub(super) inner: Option<F>,
        // `None` for a request outside the contract.
        pub(super) state: Option<State<B>>,
        pub(super) mode: PhantomData<fn() -> M>,
    }
}

// `Waiting` is large: a request on the contract must not allocate whose body is there at once.
pub(super) enum State<B: Body> {
    /// The request is for the `HEAD` of an endpoint.
    Head(HeadVary),
    /// The response has not arrived; or it was returned at once, and the inner future is gone.
    Waiting(Exchange),
    /// The response has arrived, and more of its body is needed than was there at once.
    Peeking(Exchange, Box<Peeking<B>>),
    /// The response was returned after more of its body had been read.
    Done,
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
        match (this.state, this.inner.as_mut().as_pin_mut()) {
            (None, Some(inner)) => M::unchanged_result(inner.poll(cx)),
            (state, _) => poll_on_contract::<F, B, M, E>(this.inner, state, cx),
        }
    }
}

/// Of a request on the contract. Outlined, so that what is outside is passed over at once.
#[inline(never)]
fn poll_on_contract<F, B, M, E>(
    mut inner: Pin<&mut Option<F>>,
    state: &mut Option<State<B>>,
    cx: &mut Context<'_>,
) -> Poll<Result<Response<M::Body>, E>>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body + Unpin,
    M: BodyMode<B>,
{
    let (Some(polled), Some(state)) = (inner.as_mut().as_pin_mut(), &mut *state) else {
        return poll_peek::<B, M>(state, cx).map(Ok);
    };
    let response = match polled.poll(cx) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(error)) => {
            inner.set(None);
            return Poll::Ready(Err(error));
        }
        Poll::Pending => return Poll::Pending,
    };
    inner.set(None);
    state.poll_response::<M, E>(response, cx)
}

impl<B: Body + Unpin> State<B> {
    /// The response has arrived.
    #[inline(always)]
    fn poll_response<M: BodyMode<B>, E>(
        &mut self,
        mut response: Response<B>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<M::Body>, E>> {
        let exchange = match self {
            Self::Waiting(exchange) => exchange,
            Self::Head(vary) => {
                vary.add_to(response.headers_mut());
                return Poll::Ready(Ok(M::unchanged(response)));
            }
            _ => return Poll::Ready(Ok(M::unchanged(response))),
        };
        exchange.end_capture();
        let (mut head, mut body) = response.into_parts();
        let mut arrival = Arrival::new();
        match arrival.decide(exchange, &mut head, &mut body, cx) {
            Ok(conclusion) => {
                let Arrival { first, .. } = arrival;
                let body = M::decided(conclusion.body(first, body));
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
            Err(undecided) => {
                let ended = arrival.go_on::<M>((head, body), undecided, exchange, cx);
                self.end_or_wait::<M>(ended).map(Ok)
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn end_or_wait<M: BodyMode<B>>(
        &mut self,
        ended: Result<Response<M::Body>, Box<Peeking<B>>>,
    ) -> Poll<Response<M::Body>> {
        let peeking = match ended {
            Ok(response) => return Poll::Ready(response),
            Err(peeking) => peeking,
        };
        if let Self::Waiting(exchange) = std::mem::replace(self, Self::Done) {
            *self = Self::Peeking(exchange, peeking);
        }
        Poll::Pending
    }
}

/// More of the body may have come.
#[cold]
#[inline(never)]
fn poll_peek<B: Body + Unpin, M: BodyMode<B>>(
    state: &mut Option<State<B>>,
    cx: &mut Context<'_>,
) -> Poll<Response<M::Body>> {
    let Some(State::Peeking(exchange, peeking)) = state else {
        panic!("polled again after it has returned the response");
    };
    let conclusion = ready!(peeking.poll(exchange, cx));
    let Some(State::Peeking(_, peeking)) = state.replace(State::Done) else {
        unreachable!("it was just polled");
    };
    Poll::Ready(peeking.end::<M>(conclusion))
}

impl<F, B: Body, M> fmt::Debug for ResponseFuture<F, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            None | Some(State::Head(_)) => "ResponseFuture(outside the contract)",
            Some(State::Waiting(_)) if self.inner.is_some() => "ResponseFuture(waiting)",
            Some(State::Peeking(..)) => "ResponseFuture(peeking)",
            Some(State::Waiting(_) | State::Done) => "ResponseFuture(done)",
        })
    }
}
