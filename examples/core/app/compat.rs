//! The migration of the device flow: the only part of the application that knows about old clients.

use std::sync::Arc;

use axum::Router;
use legacy_http_compat::{
    Contract,
    admin::history::{History, HistoryBuilder},
    caller::FingerprintKey,
    metrics::prometheus::PrometheusCollector,
    middleware::CaptureRequestFieldsLayer,
    migration::{Migration, MigrationBuilder, MigrationError},
    rollout::{
        CommandContext, Phase, Refusal, Rollout,
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
    /// A given policy that differs from the journaled one replaces it, and the change is journaled.
    pub(crate) fn open(
        self,
        configure: impl FnOnce(MigrationBuilder) -> MigrationBuilder,
    ) -> Result<Migration, MigrationError> {
        let policy = self.policy.clone().unwrap_or_else(policy_of_the_plan);
        let opening_phase = self.opening_phase.unwrap_or(policy.opening_phase);
        let builder = Migration::builder(self.contract, detector(&self.key))
            .flag_name(FLAG_NAME)
            .policy(policy)
            .opening_phase(opening_phase)
            .opened_by(by_core("the first start"));
        let migration = configure(builder).open()?;
        let renewed = self
            .policy
            .map(|policy| renew(migration.rollout(), &policy));
        if let Some(Err(refusal)) = renewed {
            tracing::error!(%refusal, "the given policy is refused; the journaled one stays in force");
        }
        Ok(migration)
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

fn renew(rollout: &Arc<Rollout>, policy: &Policy) -> Result<(), Refusal> {
    if rollout.status().policy == *policy {
        return Ok(());
    }
    let context = by_core("started with a different policy");
    rollout.change_policy(policy, &context).map(drop)
}

fn by_core(reason: &str) -> CommandContext {
    let actor = Actor::service("core").expect("a word is an id");
    let reason = Reason::new(reason).expect("a few words are a reason");
    CommandContext::new(actor, reason)
}
