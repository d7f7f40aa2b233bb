//! All counters at one moment.

use std::sync::Arc;

use super::series::Series;
use crate::observation::{Shape, SkipReason};

/// All counters of a [`Metrics`](super::Metrics) at one moment, in the order in which their series were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The responses.
    pub responses: Vec<ResponseCount>,
    /// The responses that could not be rewritten, or are undetermined.
    pub skipped: Vec<SkipCount>,
}

/// The number of responses with one endpoint, outcome, kind of caller and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The outcome's name, `other` or `undetermined`.
    pub outcome: Arc<str>,
    /// The name of the kind of caller, or `other`.
    pub client_kind: Arc<str>,
    /// The shape that was served.
    pub shape: Shape,
    /// The count.
    pub count: u64,
}

/// The number of responses of an endpoint that were skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkipCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The reason.
    pub reason: SkipReason,
    /// The count.
    pub count: u64,
}

impl Snapshot {
    /// The number of all responses.
    #[must_use]
    pub fn total_responses(&self) -> u64 {
        self.responses.iter().map(|series| series.count).sum()
    }

    /// The number of all skipped responses.
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
