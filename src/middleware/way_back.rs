//! The rehearsal of the way back: the legacy response of a target response, rendered and dropped.
//!
//! It never waits for the body. The common path has nothing of it but the question whether one is due.

use std::task::{Context, Poll};

use http_body::Body;
use tracing::debug;

use super::{
    body_need::BodyNeed,
    deciding::{Conclusion, NeedsMore},
    exchange::Exchange,
    peek::PeekStep,
    peeking::Peeking,
};
use crate::{
    contract::compile::Decision,
    flag::FlagState,
    observation::{RehearsalResult, SkipReason},
};

impl<B: Body + Unpin> Peeking<B> {
    /// The target response leaves, after its legacy response was rendered and dropped, unless the endpoint's are not rehearsed
    /// or its body is not whole.
    #[cold]
    #[inline(never)]
    pub(super) fn rehearse(
        &mut self,
        decision: Decision,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Conclusion {
        let endpoint = &exchange.endpoint;
        let is_off = exchange.settings.flag.state() == FlagState::Off;
        let rehearses = is_off && endpoint.contract().rehearses(endpoint.index());
        let result = rehearses.then(|| self.render_and_drop(decision, exchange, cx));
        let mut observation = exchange.observation(decision, self.head.status);
        if let Some(result) = result.flatten() {
            observation.rehearsed(result);
            let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
            let result = result.as_str();
            debug!(endpoint, outcome, result, "legacy response rehearsed");
        }
        exchange.leave(&mut self.head.headers, &observation);
        Conclusion::OwnBody
    }

    /// `None` if the body is not whole.
    fn render_and_drop(
        &mut self,
        decision: Decision,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Option<RehearsalResult> {
        let shape = exchange.endpoint.legacy_shape(decision)?;
        self.deciding.rewriting = Some(decision);
        loop {
            let (deciding, mut arrived) = self.parts(exchange);
            if deciding.can_render(&arrived, decision) {
                let rendered = deciding.render(&arrived, shape);
                return rendered.map_or_else(RehearsalResult::of, |_| Some(RehearsalResult::Ok));
            }
            match deciding.read_on(&mut arrived) {
                Ok(None) => {}
                Ok(Some(reason)) => return RehearsalResult::of(reason),
                Err(NeedsMore) => {
                    if let Err(result) = self.read_what_is_there(exchange, cx) {
                        return result;
                    }
                }
            }
        }
    }

    /// Reads one thing more of a body that is there as a whole, or says what is the result without.
    fn read_what_is_there(
        &mut self,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Result<(), Option<RehearsalResult>> {
        let (body, limit) = (self.peek.inner(), exchange.body_limit());
        let (is_end, size_hint) = (body.is_end_stream(), body.size_hint());
        if self.deciding.need.is_none() {
            let need = BodyNeed::by_head(&self.head.headers, is_end, size_hint.lower(), limit);
            self.deciding.need = Some(need);
            return Ok(());
        }
        if !is_end && size_hint.exact().is_none() {
            return Err(None);
        }
        match self.peek.poll_next(limit, cx) {
            Poll::Ready(PeekStep::Data) => Ok(()),
            Poll::Ready(PeekStep::End) => {
                self.deciding.is_complete = true;
                Ok(())
            }
            Poll::Ready(PeekStep::TooLarge) => Err(RehearsalResult::of(SkipReason::BodyTooLarge)),
            Poll::Ready(PeekStep::Error) => Err(RehearsalResult::of(SkipReason::BodyError)),
            Poll::Pending => Err(None),
        }
    }
}
