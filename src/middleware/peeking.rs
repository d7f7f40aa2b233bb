//! A response of which more of the body is needed than its first frame.

use std::task::{Context, Poll};

use http::{Response, response};
use http_body::Body;

use super::{
    body::ResponseBody,
    compat_body::BodyMode,
    deciding::{Arrived, Conclusion, Deciding, Undecided},
    exchange::Exchange,
    layer_settings::LayerSettings,
    peek::{Peek, PeekStep},
    peek_timer::PeekTimer,
    peeked_body::{PeekedBody, Polled},
};
use crate::{json::Scan, observation::SkipReason};

/// A response that has arrived, until it is known in which shape it leaves.
pub(super) struct Peeking<B: Body> {
    pub(super) deciding: Deciding,
    pub(super) head: response::Parts,
    pub(super) peek: Peek<B>,
    scan: Scan,
    timer: Option<PeekTimer>,
}

impl<B: Body + Unpin> Peeking<B> {
    // Rare, and outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    pub(super) fn new(
        deciding: Deciding,
        head: response::Parts,
        body: PeekedBody<B>,
        scan: Scan,
    ) -> Self {
        Self {
            deciding,
            head,
            peek: Peek::new(body),
            scan,
            timer: None,
        }
    }

    /// Goes on with what was `polled` already, if anything was. It is boxed only if it has to wait.
    #[cold]
    #[inline(never)]
    pub(super) fn begin<M: BodyMode<B>>(
        mut self,
        (undecided, polled): (Undecided, Option<Poll<Polled<B::Error>>>),
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Result<Response<M::Body>, Box<Self>> {
        if let Undecided::Rehearsal(decision) = undecided {
            let conclusion = self.rehearse(decision, exchange, cx);
            return Ok(self.end::<M>(conclusion));
        }
        let limit = exchange.body_limit();
        let step = polled.map(|polled| polled.map(|polled| self.peek.take(polled, limit)));
        let ended = step.and_then(|step| self.after(step, exchange, cx));
        match ended.unwrap_or_else(|| self.poll(exchange, cx)) {
            Poll::Ready(conclusion) => Ok(self.end::<M>(conclusion)),
            Poll::Pending => Err(Box::new(self)),
        }
    }

    /// Reads no more of the body than the decision needs, and for no longer than it may take.
    pub(super) fn poll(&mut self, exchange: &Exchange, cx: &mut Context<'_>) -> Poll<Conclusion> {
        loop {
            let (deciding, mut arrived) = self.parts(exchange);
            match deciding.decide(&mut arrived) {
                Ok(conclusion) => return Poll::Ready(conclusion),
                Err(Undecided::Rehearsal(decision)) => {
                    return Poll::Ready(self.rehearse(decision, exchange, cx));
                }
                Err(Undecided::NeedsMore) => {}
            }
            if self.deciding.need.is_none() {
                let body = self.peek.inner();
                let size = (&body.size_hint(), exchange.body_limit());
                self.deciding
                    .learn_need(&exchange.endpoint, &self.head, body, size);
                continue;
            }
            let step = self.peek.poll_next(exchange.body_limit(), cx);
            if let Some(ended) = self.after(step, exchange, cx) {
                return ended;
            }
        }
    }

    /// What a step comes to; `None` if there may be more to know.
    fn after(
        &mut self,
        step: Poll<PeekStep>,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Conclusion>> {
        match step {
            Poll::Ready(PeekStep::Data) => None,
            Poll::Ready(PeekStep::End) => {
                self.deciding.is_complete = true;
                None
            }
            Poll::Ready(PeekStep::TooLarge) => {
                let limit = exchange.body_limit();
                LayerSettings::warn_of_size(&exchange.endpoint, self.peek.length(), limit);
                Some(Poll::Ready(
                    self.give_up(exchange, SkipReason::BodyTooLarge),
                ))
            }
            Poll::Ready(PeekStep::Error) => {
                Some(Poll::Ready(self.give_up(exchange, SkipReason::BodyError)))
            }
            Poll::Pending => {
                let time = exchange.settings.peek_timeout;
                let timer = self.timer.get_or_insert_with(|| PeekTimer::new(time));
                let polled = timer.poll(cx);
                Some(polled.map(|()| self.give_up(exchange, SkipReason::BodySlow)))
            }
        }
    }

    /// The response as it leaves.
    pub(super) fn end<M: BodyMode<B>>(self, conclusion: Conclusion) -> Response<M::Body> {
        let body = match conclusion {
            Conclusion::OwnBody => ResponseBody::peeked(self.peek.into_body()),
            Conclusion::LegacyBody(body) => ResponseBody::whole(body),
        };
        Response::from_parts(self.head, M::decided(body))
    }

    fn give_up(&mut self, exchange: &Exchange, reason: SkipReason) -> Conclusion {
        let (deciding, mut arrived) = self.parts(exchange);
        deciding.give_up(&mut arrived, reason)
    }

    pub(super) fn parts<'r>(
        &'r mut self,
        exchange: &'r Exchange,
    ) -> (&'r mut Deciding, Arrived<'r>) {
        let arrived = Arrived {
            exchange,
            endpoint: &exchange.endpoint,
            head: &mut self.head,
            text: self.peek.text(),
            scan: &mut self.scan,
        };
        (&mut self.deciding, arrived)
    }
}
