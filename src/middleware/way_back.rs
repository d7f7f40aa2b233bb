//! The rehearsal of the way back: the legacy response of a target response, rendered and dropped.

use std::task::{Context, Poll};

use http_body::Body;
use tracing::debug;

use super::{
    deciding::{Conclusion, Deciding, Exchange, NeedsMore},
    peek::PeekStep,
};
use crate::{contract::compile::Decision, json::Scan, observation::RehearsalResult};

impl<B: Body + Unpin> Deciding<B> {
    /// The target response leaves, after its legacy response was rehearsed.
    #[cold]
    #[inline(never)]
    pub(super) fn rehearse(
        &mut self,
        exchange: &Exchange,
        scan: &mut Scan,
        decision: Decision,
        cx: &mut Context<'_>,
    ) -> Conclusion {
        // The body is read as it would be on the way back.
        self.rewriting = Some(decision);
        let rehearses = exchange.endpoint.is_rehearsed;
        let result = rehearses.then(|| self.try_render(exchange, scan, decision, cx));
        self.rewriting = None;
        let mut observation = exchange.observation(decision, self.head.status, &self.request);
        if let Some(result) = result.flatten() {
            observation.rehearsed(result);
            let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
            let result = result.as_str();
            debug!(endpoint, outcome, result, "legacy response rehearsed");
        }
        exchange.leave(&mut self.head.headers, &observation);
        Conclusion::OwnBody
    }

    /// Whether the legacy response can be rendered; `None` if the body is not whole.
    fn try_render(
        &mut self,
        exchange: &Exchange,
        scan: &mut Scan,
        decision: Decision,
        cx: &mut Context<'_>,
    ) -> Option<RehearsalResult> {
        while !self.can_render(exchange, scan, decision) {
            match self.read_on(exchange, scan) {
                Ok(None) => {}
                Ok(Some(reason)) => return RehearsalResult::of(reason),
                Err(NeedsMore) => match self.read_ahead(exchange, cx)? {
                    PeekStep::Data => {}
                    PeekStep::End => self.is_complete = true,
                    PeekStep::TooLarge => return Some(RehearsalResult::BodyTooLarge),
                    PeekStep::Error => return None,
                },
            }
        }
        let shape = exchange.endpoint.legacy_shape(decision)?;
        match self.render(exchange, scan, shape) {
            Ok(_) => Some(RehearsalResult::Ok),
            Err(reason) => RehearsalResult::of(reason),
        }
    }

    /// Reads the next frame of a body that is there as a whole; `None` if it is not. What is read is handed on.
    fn read_ahead(&mut self, exchange: &Exchange, cx: &mut Context<'_>) -> Option<PeekStep> {
        let body = self.peek.inner();
        if !body.is_end_stream() {
            body.size_hint().exact()?;
        }
        match self.peek.poll_next(exchange.body_limit(), cx) {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        }
    }
}
