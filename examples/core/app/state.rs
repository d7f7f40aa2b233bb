//! The state shared by all handlers.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::{
    migration::Migration,
    time::{Clock, Timestamp},
};
use prometheus_client::registry::Registry;

use super::{clients::Clients, compat::registry, limit::Attempts, store::DeviceFlows};

/// The application's settings.
pub(crate) struct Settings {
    /// The URL of this server, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) interval: Duration,
    pub(crate) expires_in: Duration,
    pub(crate) attempts_per_minute: u32,
}

/// The application's state; clones share it.
#[derive(Clone)]
pub(crate) struct AppState {
    core: Arc<Core>,
}

struct Core {
    public_url: String,
    verification_uri: String,
    registry: Registry,
    clock: Arc<dyn Clock>,
    flows: DeviceFlows,
    clients: Clients,
    attempts: Attempts,
}

impl AppState {
    pub(crate) fn new(settings: &Settings, migration: &Migration, clock: Arc<dyn Clock>) -> Self {
        let core = Core {
            public_url: settings.public_url.clone(),
            verification_uri: format!("{}/device", settings.public_url),
            registry: registry(migration),
            clock,
            flows: DeviceFlows::new(settings.interval, settings.expires_in),
            clients: Clients::default(),
            attempts: Attempts::new(settings.attempts_per_minute),
        };
        Self {
            core: Arc::new(core),
        }
    }

    /// The monotonic time.
    pub(crate) fn now(&self) -> Duration {
        self.core.clock.monotonic()
    }

    /// The time of day.
    pub(crate) fn wall_time(&self) -> Timestamp {
        Timestamp::now(&*self.core.clock)
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.core.public_url
    }

    pub(crate) fn verification_uri(&self) -> &str {
        &self.core.verification_uri
    }

    /// The registry behind `GET /metrics`.
    pub(crate) fn registry(&self) -> &Registry {
        &self.core.registry
    }

    pub(crate) fn flows(&self) -> &DeviceFlows {
        &self.core.flows
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.core.clients
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.core.attempts
    }
}
