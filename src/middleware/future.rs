//! The response future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    body::{BodyKind, ResponseBody},
    deciding::{Deciding, Exchange},
    vary::HeadVary,
};

pin_project! {
    /// The response future of [`LegacyHttpCompat`](super::LegacyHttpCompat).
    pub struct ResponseFuture<F, B>
    where
        B: Body,
    {
        // Dropped when it has returned the response: it may hold a permit, which a peek must not keep.
        #[pin]
        inner: Option<F>,
        state: State<B>,
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "a request outside the contract must not allocate, nor one whose body is there at once"
)]
enum State<B: Body> {
    /// The request is not on the contract.
    Outside(Option<HeadVary>),
    /// The response has not arrived.
    Waiting(Exchange),
    /// The response has arrived, and more of its body is needed than was there at once.
    Peeking(Box<Deciding<B>>),
    /// The response was returned.
    Done,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn outside(inner: F, vary: Option<HeadVary>) -> Self {
        Self {
            inner: Some(inner),
            state: State::Outside(vary),
        }
    }

    pub(super) fn on_contract(inner: F, exchange: Exchange) -> Self {
        Self {
            inner: Some(inner),
            state: State::Waiting(exchange),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body + Unpin,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let State::Peeking(deciding) = this.state {
            let conclusion = ready!(deciding.poll(cx));
            let State::Peeking(deciding) = std::mem::replace(this.state, State::Done) else {
                unreachable!("it was just polled");
            };
            return Poll::Ready(Ok(deciding.response(conclusion)));
        }
        let inner = this.inner.as_mut().as_pin_mut();
        let inner = inner.expect("not polled again after it has returned the response");
        let response = ready!(inner.poll(cx));
        this.inner.set(None);
        let mut response = response?;
        let exchange = match std::mem::replace(this.state, State::Done) {
            State::Waiting(exchange) => exchange,
            State::Outside(Some(vary)) => {
                vary.add_to(response.headers_mut());
                return Poll::Ready(Ok(response.map(unchanged)));
            }
            _ => return Poll::Ready(Ok(response.map(unchanged))),
        };
        let mut deciding = Deciding::new(exchange, response);
        match deciding.poll(cx) {
            Poll::Ready(conclusion) => Poll::Ready(Ok(deciding.response(conclusion))),
            Poll::Pending => {
                *this.state = State::Peeking(Box::new(deciding));
                Poll::Pending
            }
        }
    }
}

fn unchanged<B: Body>(body: B) -> ResponseBody<B> {
    ResponseBody(BodyKind::Unchanged(body))
}

impl<F, B: Body> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Outside(_) => "ResponseFuture(outside the contract)",
            State::Waiting(_) => "ResponseFuture(waiting)",
            State::Peeking(_) => "ResponseFuture(peeking)",
            State::Done => "ResponseFuture(done)",
        })
    }
}
