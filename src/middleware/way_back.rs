//! The rehearsal of the way back: the legacy response of a target response, rendered and dropped.
//!
//! It goes the way of a response that is rewritten, but never waits for the body, so that the common path has no second copy of
//! its code.

use tracing::debug;

use super::{
    deciding::{Arrived, Conclusion, Deciding},
    exchange::Exchange,
};
use crate::{contract::compile::Decision, observation::RehearsalResult};

impl Deciding {
    /// Begins to render the legacy response, unless the endpoint's are not rehearsed.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_rehearsal(&mut self, exchange: &Exchange, decision: Decision) -> bool {
        let endpoint = &exchange.endpoint;
        self.is_rehearsal = endpoint.contract().rehearses(endpoint.index());
        self.rewriting = self.is_rehearsal.then_some(decision);
        self.is_rehearsal
    }

    /// The target response leaves; there is no `result` where its body was not whole.
    #[cold]
    #[inline(never)]
    pub(super) fn end_rehearsal(
        &mut self,
        arrived: &mut Arrived<'_>,
        result: Option<RehearsalResult>,
    ) -> Conclusion {
        let decision = self.rewriting.take();
        let decision = decision.expect("only an outcome with a shape is rehearsed");
        let Arrived { exchange, head, .. } = arrived;
        let mut observation = exchange.observation(decision, head.status);
        if let Some(result) = result {
            observation.rehearsed(result);
            let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
            let result = result.as_str();
            debug!(endpoint, outcome, result, "legacy response rehearsed");
        }
        exchange.leave(&mut head.headers, &observation);
        Conclusion::OwnBody
    }
}
