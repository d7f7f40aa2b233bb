//! The compatibility layer: the only part of the application that knows about old clients.

use std::sync::Arc;

use axum::Router;
use legacy_http_compat::{
    FlagReader, LegacyHttpCompatLayer, LiveContract, caller::SignalDetector,
    middleware::CaptureRequestFieldsLayer,
};

use super::watch::Watch;

/// The settings of the layer.
pub(crate) struct Compat {
    /// The contract in use.
    pub(crate) contract: LiveContract,
    /// Identifies the callers.
    pub(crate) detector: SignalDetector,
}

impl Compat {
    /// Wraps a router in the layer, switched by `flag` and observed by `watch`.
    pub(crate) fn in_front_of(self, router: Router, flag: FlagReader, watch: &Watch) -> Router {
        let layer = LegacyHttpCompatLayer::new(self.contract, flag)
            .detector(Arc::new(self.detector))
            .observer(watch.census.clone())
            .observer(watch.metrics.clone());
        router.layer(CaptureRequestFieldsLayer::new()).layer(layer)
    }
}
