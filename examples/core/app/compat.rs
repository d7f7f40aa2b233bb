//! The migration of the device flow: the only part of the application that knows about old clients.

use axum::Router;
use legacy_http_compat::{
    Contract,
    admin::history::{History, HistoryBuilder},
    caller::FingerprintKey,
    metrics::prometheus::PrometheusCollector,
    middleware::CaptureRequestFieldsLayer,
    migration::{Migration, MigrationBuilder, MigrationError},
    rollout::{
        CommandContext, Phase,
        names::{Actor, Reason},
        policy::Policy,
    },
};
use prometheus_client::registry::Registry;

use super::callers::detector;

/// The flag's name in configuration, journal and logs.
pub(crate) const FLAG_NAME: &str = "features.auth.device_flow.compat_legacy_http";

/// The settings of the migration that differ from run to run.
pub(crate) struct Compat {
    pub(crate) contract: Contract,
    /// The key of the callers' fingerprints.
    pub(crate) key: FingerprintKey,
    /// The policy; if `None`, the journaled one, or at first that of the plan.
    pub(crate) policy: Option<Policy>,
    /// The opening phase of a new journal, overriding the policy's.
    pub(crate) opening_phase: Option<Phase>,
}

impl Compat {
    /// Opens the migration in the state that its journal records; `configure` adds to the builder.
    ///
    /// A given policy is pinned: if it differs from the journaled one, it replaces it, and the change is journaled with what
    /// it loosens.
    pub(crate) fn open(
        self,
        configure: impl FnOnce(MigrationBuilder) -> MigrationBuilder,
    ) -> Result<Migration, MigrationError> {
        let pinned = self.policy.is_some();
        let policy = self.policy.unwrap_or_else(policy_of_the_plan);
        let opening_phase = self.opening_phase.unwrap_or(policy.opening_phase);
        let mut builder = Migration::builder(self.contract, detector(&self.key))
            .flag_name(FLAG_NAME)
            .policy(policy)
            .opening_phase(opening_phase)
            .opened_by(by_core("the first start"));
        if pinned {
            builder = builder.pin_policy();
        }
        configure(builder).open()
    }
}

/// The checks that the plan of the rollout names; the gates are the built-in ones.
fn policy_of_the_plan() -> Policy {
    Policy::from_json(include_str!("../policy.json")).expect("the policy has no fault")
}

/// Wraps a router in the layer of the migration.
pub(crate) fn in_front_of(router: Router, migration: &Migration) -> Router {
    router
        .layer(CaptureRequestFieldsLayer::new())
        .layer(migration.layer())
}

/// A history of the census and the metrics of the migration.
pub(crate) fn history(migration: &Migration) -> HistoryBuilder {
    History::builder(migration.census().clone(), migration.metrics().clone())
        .rollout(migration.rollout().clone())
}

/// A registry of all metrics.
pub(crate) fn registry(migration: &Migration) -> Registry {
    let collector = PrometheusCollector::new()
        .source(migration.metrics().clone())
        .source(migration.census().clone())
        .source(migration.rollout().reader())
        .source(migration.rollout().clone());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    registry
}

fn by_core(reason: &str) -> CommandContext {
    let actor = Actor::service("core").expect("a word is an id");
    let reason = Reason::new(reason).expect("a few words are a reason");
    CommandContext::new(actor, reason)
}
