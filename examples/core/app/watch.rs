//! Who is watching: the census of callers and the counters of answers.

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::{History, HistoryBuilder},
    caller::SignalDetector,
    census::{Census, CensusBuilder},
    metrics::{Metrics, prometheus::PrometheusCollector},
    rollout::Rollout,
};
use prometheus_client::registry::Registry;

/// The name of the census's snapshot in the data directory.
pub(crate) const SNAPSHOT: &str = "census.snapshot";

/// The observers of the layer; a clone is the same ones.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) census: Arc<Census>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Watch {
    pub(crate) fn new(census: Census) -> Self {
        Self {
            census: Arc::new(census),
            metrics: Arc::new(Metrics::new()),
        }
    }

    /// A census of the callers that this detector tells apart, under its key.
    pub(crate) fn census_of(detector: &SignalDetector) -> CensusBuilder {
        Census::builder(detector)
    }

    /// A history of what is observed.
    pub(crate) fn history(&self) -> HistoryBuilder {
        History::builder(self.census.clone(), self.metrics.clone())
    }

    /// All that can be scraped.
    pub(crate) fn registry(&self, rollout: &Arc<Rollout>) -> Registry {
        let collector = PrometheusCollector::new()
            .source(self.metrics.clone())
            .source(self.census.clone())
            .source(rollout.reader())
            .source(rollout.clone());
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        registry
    }
}
