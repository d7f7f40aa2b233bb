//! The compatibility layer in front of the handlers: the one place where the application knows of old clients.

use std::sync::Arc;

use axum::Router;
use legacy_http_compat::{
    FlagReader, LegacyHttpCompatLayer, LiveContract, caller::SignalDetector,
    middleware::CaptureRequestFieldsLayer,
};

use super::watch::Watch;

/// What the layer is set up with.
pub(crate) struct Compat {
    /// What the API answers now and what it answered before.
    pub(crate) contract: LiveContract,
    /// Who tells callers apart.
    pub(crate) detector: SignalDetector,
}

impl Compat {
    /// Puts the layer in front of a router, switched by `flag` and observed by `watch`.
    pub(crate) fn in_front_of(self, router: Router, flag: FlagReader, watch: &Watch) -> Router {
        let layer = LegacyHttpCompatLayer::new(self.contract, flag)
            .detector(Arc::new(self.detector))
            .observer(watch.census.clone())
            .observer(watch.metrics.clone());
        router.layer(CaptureRequestFieldsLayer::new()).layer(layer)
    }
}
