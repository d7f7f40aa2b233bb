//! The observers of the layer: census and metrics.

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::{History, HistoryBuilder},
    caller::SignalDetector,
    census::{Census, CensusBuilder},
    metrics::{Metrics, prometheus::PrometheusCollector},
    rollout::Rollout,
};
use prometheus_client::registry::Registry;

/// The file name of the census snapshot in the data directory.
pub(crate) const SNAPSHOT: &str = "census.snapshot";

/// The observers of the layer; clones share them.
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

    /// A census of the callers that this detector identifies.
    pub(crate) fn census_of(detector: &SignalDetector) -> CensusBuilder {
        Census::builder(detector)
    }

    /// A history of census and metrics.
    pub(crate) fn history(&self) -> HistoryBuilder {
        History::builder(self.census.clone(), self.metrics.clone())
    }

    /// A registry of all metrics.
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
