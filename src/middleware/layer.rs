//! The layer.

use std::sync::{Arc, atomic::AtomicBool};

use tower_layer::Layer;

use super::{service::LegacyHttpCompat, settings::Settings};
use crate::{
    caller::{Detect, Kinds},
    contract::LiveContract,
    flag::FlagReader,
    observation::Observe,
};

/// Wraps services in [`LegacyHttpCompat`]. The [module](super) says how, where to place it, and what it costs.
///
/// ```
/// use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
///
/// let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
/// let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()).body_limit(64 * 1024);
/// # drop(layer);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct LegacyHttpCompatLayer {
    settings: Arc<Settings>,
}

impl LegacyHttpCompatLayer {
    /// How many bytes of a body are looked at unless [`body_limit`](Self::body_limit) says otherwise: 16 KiB.
    pub const DEFAULT_BODY_LIMIT: usize = 16 * 1024;

    /// A layer for a [`Contract`](crate::Contract), or for a [`LiveContract`] that can be replaced while serving, under the
    /// switch that `flag` reads.
    pub fn new(contract: impl Into<LiveContract>, flag: FlagReader) -> Self {
        let settings = Settings {
            contract: contract.into(),
            flag,
            observers: Vec::new(),
            body_limit: Self::DEFAULT_BODY_LIMIT,
            vary: None,
            detector: None,
            kinds: Kinds::default(),
            warned_of_placement: Arc::new(AtomicBool::new(false)),
            warned_of_capture: Arc::new(AtomicBool::new(false)),
        };
        Self {
            settings: Arc::new(settings),
        }
    }

    /// Who tells callers apart. Without one every caller is an anonymous legacy caller.
    pub fn detect(mut self, detector: impl Detect + 'static) -> Self {
        let settings = self.set();
        settings.vary = detector.vary().to_header_value();
        settings.kinds = detector.kinds().clone();
        settings.detector = Some(Arc::new(detector));
        self
    }

    /// Adds one who is told of every answer on the contract. Keep a clone of an `Arc` to ask it later.
    pub fn observe(mut self, observer: impl Observe + 'static) -> Self {
        self.set().observers.push(Arc::new(observer));
        self
    }

    /// How many bytes of a body are looked at. A larger body is left alone and counted as
    /// [`BodyTooLarge`](crate::observation::SkipReason::BodyTooLarge).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.set().body_limit = bytes;
        self
    }

    fn set(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<S> Layer<S> for LegacyHttpCompatLayer {
    type Service = LegacyHttpCompat<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LegacyHttpCompat::new(inner, Arc::clone(&self.settings))
    }
}
