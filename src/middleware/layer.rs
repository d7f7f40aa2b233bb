//! The layer.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tower_layer::Layer;

use super::{
    compat_body::{AnyBody, SameBody},
    layer_settings::{LayerSettings, Serving},
    rehearsal_rate::RehearsalRate,
    service::LegacyHttpCompat,
};
use crate::{
    caller::{Detect, Kinds},
    contract::LiveContract,
    flag::FlagReader,
    observation::Observe,
};

/// Wraps services in [`LegacyHttpCompat`]. See the [module](super) for how it works, where to place it, and its cost.
///
/// ```
/// use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
///
/// let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
/// let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag).body_limit(64 * 1024);
/// # drop(layer);
/// ```
#[must_use]
pub struct LegacyHttpCompatLayer<M = AnyBody> {
    settings: Arc<LayerSettings>,
    mode: PhantomData<fn() -> M>,
}

impl LegacyHttpCompatLayer {
    /// The default of [`body_limit`](Self::body_limit): 16 KiB.
    pub const DEFAULT_BODY_LIMIT: usize = 16 * 1024;

    /// The default of [`peek_timeout`](Self::peek_timeout): 5 seconds.
    pub const DEFAULT_PEEK_TIMEOUT: Duration = Duration::from_secs(5);

    /// The default of [`rehearse_one_in`](Self::rehearse_one_in): one in 100.
    pub const DEFAULT_REHEARSE_ONE_IN: u32 = 100;

    /// A layer for a [`Contract`](crate::Contract), or for a [`LiveContract`] that can be replaced while serving, that
    /// reads this flag: a [`FlagReader`], or a reference to a [`CompatFlag`](crate::CompatFlag).
    pub fn new(contract: impl Into<LiveContract>, flag: impl Into<FlagReader>) -> Self {
        let contract = contract.into();
        let settings = LayerSettings {
            compiled: contract.cached(),
            contract,
            flag: flag.into(),
            observers: Vec::new(),
            feeders: Vec::new(),
            serving: Serving::default(),
            body_limit: Self::DEFAULT_BODY_LIMIT,
            peek_timeout: Self::DEFAULT_PEEK_TIMEOUT,
            rehearsal: RehearsalRate::one_in(Self::DEFAULT_REHEARSE_ONE_IN),
            vary: None,
            detector: None,
            kinds: Kinds::default(),
            warned_of_placement: Arc::new(AtomicBool::new(false)),
            warned_of_capture: Arc::new(AtomicBool::new(false)),
        };
        Self {
            settings: Arc::new(settings),
            mode: PhantomData,
        }
    }

    /// Responds with the body type of the inner service, in place of a [`ResponseBody`](super::ResponseBody) around it, so
    /// that a wrapped service stands where the inner one did: `axum::serve` takes a wrapped router.
    ///
    /// The type is one that a legacy body can be put into, a [`CompatBody`](super::CompatBody). A body of that type is
    /// made only where a response is rewritten or its body was peeked at; with axum's `Body` that is one allocation.
    pub fn same_body(self) -> LegacyHttpCompatLayer<SameBody> {
        LegacyHttpCompatLayer {
            settings: self.settings,
            mode: PhantomData,
        }
    }
}

impl<M> LegacyHttpCompatLayer<M> {
    /// Identifies callers with this detector. Without one every caller is an anonymous legacy caller.
    pub fn detector(mut self, detector: Arc<dyn Detect>) -> Self {
        let settings = self.set();
        settings.vary = detector.vary().to_header_value();
        settings.kinds = detector.kinds().clone();
        settings.detector = Some(detector);
        self
    }

    /// Registers an observer, called for every response on the contract.
    pub fn observer(mut self, observer: Arc<dyn Observe>) -> Self {
        self.set().observers.push(observer);
        self
    }

    /// How many bytes of a body are peeked at, unless its [endpoint](crate::contract::Endpoint::body_limit) says otherwise.
    ///
    /// A larger body passes through unchanged and is counted as
    /// [`BodyTooLarge`](crate::observation::SkipReason::BodyTooLarge). The first one of each endpoint is a warning.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.set().body_limit = bytes;
        self
    }

    /// How long a response waits for what its decision needs of a body that is pending.
    ///
    /// Then it passes through unchanged and is counted as [`BodySlow`](crate::observation::SkipReason::BodySlow). No async
    /// runtime is needed: the first response that waits starts a thread that wakes the others, too.
    pub fn peek_timeout(mut self, time: Duration) -> Self {
        self.set().peek_timeout = time;
        self
    }

    /// Of how many dependent responses one is rehearsed while the flag is off; 0 for none.
    ///
    /// Its legacy response is rendered and dropped, so that a legacy shape that fails is found before a rollback needs it. The
    /// first response of each outcome of a contract is rehearsed, then one in so many of each. No response waits
    /// for it: one whose body is not whole is not rehearsed. The body is neither kept nor logged.
    /// [`Observation::rehearsal`](crate::observation::Observation::rehearsal) has the result, and
    /// [`Endpoint::rehearse`](crate::contract::Endpoint::rehearse) switches it off for an endpoint.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer, metrics::Metrics, observation::RehearsalResult};
    /// use std::sync::Arc;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let metrics = Arc::new(Metrics::new());
    /// let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &CompatFlag::off("f"))
    ///     .rehearse_one_in(1)
    ///     .observer(metrics.clone());
    /// let poll = service_fn(|_: Request<Full<Bytes>>| async {
    ///     let pending = Full::new(Bytes::from_static(br#"{"status":"PENDING"}"#));
    ///     Response::builder().header("content-type", "application/json").body(pending)
    /// });
    /// let core = ServiceBuilder::new().layer(layer).service(poll);
    /// let response = core.oneshot(Request::post("/api/v1/auth/clients/device/poll").body(Full::default())?).await?;
    /// assert_eq!(response.status(), 200);
    /// assert_eq!(metrics.snapshot().rehearsed[0].result, RehearsalResult::Ok);
    /// # Ok::<(), http::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rehearse_one_in(mut self, responses: u32) -> Self {
        self.set().rehearsal = RehearsalRate::one_in(responses);
        self
    }

    fn set(&mut self) -> &mut LayerSettings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<S, M> Layer<S> for LegacyHttpCompatLayer<M> {
    type Service = LegacyHttpCompat<S, M>;

    /// The observers are fed as long as the service, a clone of it or one of its responses lives.
    fn layer(&self, inner: S) -> Self::Service {
        LegacyHttpCompat::new(inner, self.settings.of_services())
    }
}

impl<M> Clone for LegacyHttpCompatLayer<M> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            mode: PhantomData,
        }
    }
}

impl<M> fmt::Debug for LegacyHttpCompatLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyHttpCompatLayer")
            .field("settings", &self.settings)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CompatFlag, Contract,
        observation::{Feeder, Feeders, Observation},
    };

    #[derive(Default)]
    struct Fed(Feeders);

    impl Observe for Fed {
        fn observe(&self, _: &Observation<'_>) {}

        fn feeder(&self) -> Option<Feeder> {
            Some(self.0.add())
        }
    }

    fn layer() -> (LegacyHttpCompatLayer, Arc<Fed>) {
        let fed = Arc::new(Fed::default());
        let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &CompatFlag::on("f"));
        (layer.observer(fed.clone()), fed)
    }

    #[test]
    fn an_observer_is_fed_while_any_service_of_the_layer_lives() {
        let (layer, fed) = layer();
        assert!(!fed.0.any());
        for _ in 0..2 {
            let first = layer.layer(());
            let second = layer.clone().layer(());
            let copy = second.clone();
            drop((first, second));
            assert!(fed.0.any());
            drop(copy);
            assert!(!fed.0.any());
        }
    }

    #[test]
    fn services_share_the_settings_of_their_layer_and_of_no_other() {
        let (layer, _) = layer();
        let services = layer.settings.of_services();
        let other = layer.clone().body_limit(1).settings.of_services();
        assert!(Arc::ptr_eq(&services, &layer.settings.of_services()));
        assert_eq!(
            (services.body_limit, other.body_limit),
            (LegacyHttpCompatLayer::DEFAULT_BODY_LIMIT, 1)
        );
    }
}
