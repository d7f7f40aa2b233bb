//! The response future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Response, response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    body::{BodyKind, PeekedBody, ResponseBody},
    decide::{BodyNeed, BodyView, Exchange, ResponseDecision},
    vary::HeadVary,
};

pin_project! {
    /// The response future of [`LegacyHttpCompat`](super::LegacyHttpCompat).
    pub struct ResponseFuture<F, B>
    where
        B: Body,
    {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B>
    where
        B: Body,
    {
        /// The request is not on the contract.
        Outside {
            #[pin]
            inner: F,
            vary: Option<HeadVary>,
        },
        /// The response has not arrived.
        Waiting {
            #[pin]
            inner: F,
            exchange: Option<Exchange>,
        },
        /// The response has arrived, and its body is being peeked at.
        Peeking {
            response: Option<PeekedResponse<B>>,
        },
    }
}

struct PeekedResponse<B: Body> {
    decision: ResponseDecision,
    head: response::Parts,
    body: PeekedBody<B>,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn outside(inner: F, vary: Option<HeadVary>) -> Self {
        Self {
            state: State::Outside { inner, vary },
        }
    }

    pub(super) fn on_contract(inner: F, exchange: Exchange) -> Self {
        Self {
            state: State::Waiting {
                inner,
                exchange: Some(exchange),
            },
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
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Outside { inner, vary } => {
                    return inner.poll(cx).map_ok(|mut response| {
                        if let Some(vary) = vary {
                            vary.add_to(response.headers_mut());
                        }
                        response.map(|body| ResponseBody(BodyKind::Unchanged(body)))
                    });
                }
                StateProjection::Waiting { inner, exchange } => {
                    let (head, body) = ready!(inner.poll(cx))?.into_parts();
                    let exchange = exchange.take().expect("a response arrives once");
                    let decision = exchange.response_arrived();
                    let view = match decision.body_need(&head, &body) {
                        BodyNeed::Nothing => BodyView::NotNeeded,
                        BodyNeed::Unreadable(reason) => BodyView::Unreadable(reason),
                        BodyNeed::Peek => {
                            let response = Some(PeekedResponse {
                                decision,
                                head,
                                body: PeekedBody::new(body),
                            });
                            state.set(State::Peeking { response });
                            continue;
                        }
                    };
                    return Poll::Ready(Ok(decision.response(head, body, &view)));
                }
                StateProjection::Peeking { response } => {
                    let peeking = response
                        .as_mut()
                        .expect("not polled again after it has returned the response");
                    let limit = peeking.decision.body_limit();
                    let end = ready!(peeking.body.poll_peek(limit, cx));
                    let PeekedResponse {
                        decision,
                        head,
                        body,
                    } = response.take().expect("it was just there");
                    return Poll::Ready(Ok(decision.response_after_peek(head, body, end)));
                }
            }
        }
    }
}

impl<F, B: Body> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Outside { .. } => "ResponseFuture(outside the contract)",
            State::Waiting { .. } => "ResponseFuture(waiting)",
            State::Peeking { .. } => "ResponseFuture(peeking)",
        })
    }
}
