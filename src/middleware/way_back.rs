//! The rehearsal of the way back: the legacy response of a target response, rendered and dropped.
//!
//! It goes the way of a response that is rewritten, but never waits for the body, so that the common path has no second copy of
//! its code.

use http_body::Body;
use tracing::debug;

use super::deciding::{Conclusion, Deciding, Exchange};
use crate::{contract::compile::Decision, observation::RehearsalResult};

impl<B: Body + Unpin> Deciding<B> {
    /// Begins to render the legacy response, unless the endpoint's are not rehearsed.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_rehearsal(&mut self, exchange: &Exchange, decision: Decision) -> bool {
        let endpoint = &exchange.endpoint;
        self.is_rehearsal = endpoint.contract().rehearses(endpoint.index());
        self.rewriting = self.is_rehearsal.then_some(decision);
        self.is_rehearsal
    }

    /// Whether the body is there as a whole, as far as is known without reading it. What is read is handed on.
    #[cold]
    #[inline(never)]
    pub(super) fn is_at_hand(&self) -> bool {
        let body = self.peek.inner();
        body.is_end_stream() || body.size_hint().exact().is_some()
    }

    /// The target response leaves; there is no `result` where its body was not whole.
    #[cold]
    #[inline(never)]
    pub(super) fn end_rehearsal(
        &mut self,
        exchange: &Exchange,
        result: Option<RehearsalResult>,
    ) -> Conclusion {
        let decision = self.rewriting.take();
        let decision = decision.expect("only an outcome with a shape is rehearsed");
        let mut observation = exchange.observation(decision, self.head.status, &self.request);
        if let Some(result) = result {
            observation.rehearsed(result);
            let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
            let result = result.as_str();
            debug!(endpoint, outcome, result, "legacy response rehearsed");
        }
        exchange.leave(&mut self.head.headers, &observation);
        Conclusion::OwnBody
    }
}
