//! All counters at one moment.

use std::sync::Arc;

use super::series::Series;
use crate::observation::{Shape, SkipReason};

/// All counters of a [`Metrics`](super::Metrics) at one moment, in the order in which their series came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The answers.
    pub responses: Vec<ResponseCount>,
    /// The answers that could not be rewritten or decided.
    pub skipped: Vec<SkipCount>,
}

/// How often an endpoint gave an outcome in a shape to callers of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The outcome's name, `other` or `undetermined`.
    pub outcome: Arc<str>,
    /// The name of the callers' kind, or `other`.
    pub client_kind: Arc<str>,
    /// The shape that was served.
    pub shape: Shape,
    /// How often.
    pub count: u64,
}

/// How often an answer of an endpoint could not be rewritten or decided for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkipCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The reason.
    pub reason: SkipReason,
    /// How often.
    pub count: u64,
}

impl Snapshot {
    /// All answers together.
    #[must_use]
    pub fn total_responses(&self) -> u64 {
        self.responses.iter().map(|series| series.count).sum()
    }

    /// All answers together that could not be rewritten or decided.
    #[must_use]
    pub fn total_skipped(&self) -> u64 {
        self.skipped.iter().map(|series| series.count).sum()
    }

    pub(super) fn add(&mut self, series: &Series, count: u64) {
        match series {
            Series::Responses {
                endpoint,
                outcome,
                client_kind,
                shape,
            } => self.responses.push(ResponseCount {
                endpoint: Arc::clone(endpoint),
                outcome: Arc::clone(outcome),
                client_kind: Arc::clone(client_kind),
                shape: *shape,
                count,
            }),
            Series::Skipped { endpoint, reason } => self.skipped.push(SkipCount {
                endpoint: Arc::clone(endpoint),
                reason: *reason,
                count,
            }),
        }
    }
}
