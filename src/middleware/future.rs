//! The answer to come.

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
    body::ResponseBody,
    exchange::{Answered, Ask, Exchange, Known},
    replay::Replay,
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
        },
        /// The answer has not come.
        Waiting {
            #[pin]
            inner: F,
            exchange: Option<Exchange>,
        },
        /// The answer has come and its body is being looked at.
        Looking {
            response: Option<Answer<B>>,
        },
    }
}

struct Answer<B: Body> {
    exchange: Answered,
    head: response::Parts,
    replay: Replay<B>,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn outside(inner: F) -> Self {
        Self {
            state: State::Outside { inner },
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
                StateProjection::Outside { inner } => {
                    return inner
                        .poll(cx)
                        .map_ok(|response| response.map(ResponseBody::untouched));
                }
                StateProjection::Waiting { inner, exchange } => {
                    let (head, body) = ready!(inner.poll(cx))?.into_parts();
                    let exchange = exchange.take().expect("an answer comes once").answered();
                    match exchange.ask(&head, &body) {
                        Ask::Nothing => {
                            return Poll::Ready(Ok(exchange.response(head, body, &Known::Nothing)));
                        }
                        Ask::Refuse(reason) => {
                            return Poll::Ready(Ok(exchange.response(
                                head,
                                body,
                                &Known::Unreadable(reason),
                            )));
                        }
                        Ask::Look => {
                            let response = Some(Answer {
                                exchange,
                                head,
                                replay: Replay::new(body),
                            });
                            state.set(State::Looking { response });
                        }
                    }
                }
                StateProjection::Looking { response } => {
                    let looking = response
                        .as_mut()
                        .expect("polled again after the answer was given");
                    let limit = looking.exchange.body_limit();
                    let looked = ready!(looking.replay.poll_look(limit, cx));
                    let Answer {
                        exchange,
                        head,
                        replay,
                    } = response.take().expect("it was just there");
                    return Poll::Ready(Ok(exchange.response_looked(head, replay, looked)));
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
            State::Looking { .. } => "ResponseFuture(looking)",
        })
    }
}
