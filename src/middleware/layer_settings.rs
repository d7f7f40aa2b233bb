//! The configuration of a layer, shared by all its services.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use tracing::{Span, debug, error, level_filters::LevelFilter, warn};

use super::rehearsal_rate::RehearsalRate;
use crate::{
    caller::{Detect, Kinds},
    contract::{CompiledCache, LiveContract, compile::CompiledEndpoint},
    flag::FlagReader,
    observation::{Feeder, Observation, Observe, SkipReason},
};

#[derive(Clone)]
pub(super) struct LayerSettings {
    pub(super) contract: LiveContract,
    /// For each service to clone, which costs less than to look up the contract.
    pub(super) compiled: CompiledCache,
    pub(super) flag: FlagReader,
    pub(super) observers: Vec<Arc<dyn Observe>>,
    /// Of the settings of services: that they feed the observers.
    pub(super) feeders: Vec<Feeder>,
    pub(super) serving: Serving,
    /// How many bytes of a body are peeked at.
    pub(super) body_limit: usize,
    /// How long a response waits for its body.
    pub(super) peek_timeout: Duration,
    /// How often a legacy response is rehearsed.
    pub(super) rehearsal: RehearsalRate,
    /// The request headers that determine the caller's generation, for `Vary`.
    pub(super) vary: Option<HeaderValue>,
    /// Without a detector every caller is an anonymous legacy caller.
    pub(super) detector: Option<Arc<dyn Detect>>,
    pub(super) kinds: Kinds,
    pub(super) warned_of_placement: Arc<AtomicBool>,
    pub(super) warned_of_capture: Arc<AtomicBool>,
}

/// Of the settings of a layer: those of its services, as long as one of them or of their responses lives.
///
/// `Router::layer` of axum makes a service for each request.
#[derive(Default)]
pub(super) struct Serving(Mutex<Weak<LayerSettings>>);

impl Clone for Serving {
    /// Other settings have other services.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl LayerSettings {
    /// Those of a service, by which it feeds the observers.
    pub(super) fn of_services(&self) -> Arc<Self> {
        // A panic while the lock was held leaves it valid: it is only ever replaced.
        let mut serving = self
            .serving
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        serving.upgrade().unwrap_or_else(|| {
            let mut new = self.clone();
            let feeders = new.observers.iter();
            new.feeders = feeders.filter_map(|observer| observer.feeder()).collect();
            let new = Arc::new(new);
            *serving = Arc::downgrade(&new);
            new
        })
    }

    /// The field that a span may declare (as empty) to learn what became of the response.
    const SPAN_FIELD: &str = "legacy_http_compat";

    /// Logs the observation and passes it to all observers.
    pub(super) fn notify_observers(&self, observation: &Observation<'_>) {
        let skipped = observation.skip_reason();
        if let Some(reason) = skipped.or(observation.undetermined_reason()) {
            self.log_skip(observation, reason, skipped.is_some());
        } else if observation.shape().is_legacy() {
            let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
            debug!(endpoint, outcome, "response rewritten");
            Self::record_in_span("rewritten");
        }
        for observer in &self.observers {
            let observe = AssertUnwindSafe(|| observer.observe(observation));
            if catch_unwind(observe).is_err() {
                let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
                error!(
                    endpoint,
                    outcome, "an observer panicked: it lacks this response"
                );
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn log_skip(&self, observation: &Observation<'_>, reason: SkipReason, is_known: bool) {
        let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
        let label = reason.as_str();
        let event = if is_known {
            "response not rewritten"
        } else {
            "outcome not determined"
        };
        debug!(endpoint, outcome, reason = label, "{event}");
        Self::record_in_span(label);
        if reason == SkipReason::BodyEncoded {
            self.warn_of_placement();
        }
    }

    fn record_in_span(label: &str) {
        // Without a subscriber there is no span, and to look for one costs more than a look at the level.
        if LevelFilter::current() != LevelFilter::OFF {
            Span::current().record(Self::SPAN_FIELD, label);
        }
    }

    /// Warns once for each endpoint of a contract that a body cannot be read.
    pub(super) fn warn_of_size(endpoint: &CompiledEndpoint, size: u64, limit: usize) {
        if first_time(&endpoint.warned_of_size) {
            let endpoint = &*endpoint.name;
            warn!(
                endpoint,
                http.response.body.size = size,
                limit,
                "a body is over the limit and cannot be read: set body_limit of the endpoint"
            );
        }
    }

    /// Warns once that no capture layer sees the requests.
    pub(super) fn warn_of_missing_capture(&self) {
        if first_time(&self.warned_of_capture) {
            warn!(
                "the contract reads request fields, but there is no CaptureRequestFieldsLayer inside \
                 LegacyHttpCompatLayer to capture them"
            );
        }
    }

    fn warn_of_placement(&self) {
        if first_time(&self.warned_of_placement) {
            warn!(
                "responses reach LegacyHttpCompatLayer with a Content-Encoding and cannot be rewritten: \
                 place it inside the compression layer"
            );
        }
    }
}

fn first_time(warned: &AtomicBool) -> bool {
    // Relaxed: no other memory depends on it, and the swap alone makes this the only first time.
    !warned.swap(true, Ordering::Relaxed)
}

impl fmt::Debug for LayerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerSettings")
            .field("contract", &self.contract)
            .field("flag", &self.flag)
            .field("observers", &self.observers.len())
            .field("body_limit", &self.body_limit)
            .field("peek_timeout", &self.peek_timeout)
            .field("rehearsal", &self.rehearsal)
            .finish_non_exhaustive()
    }
}
