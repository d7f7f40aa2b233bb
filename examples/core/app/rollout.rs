//! The rollout, which owns the flag.

use std::sync::Arc;

use legacy_http_compat::{
    LiveContract,
    rollout::{
        CommandContext, OpenRolloutError, Phase, Refusal, Rollout,
        journal::Journal,
        names::{Actor, FlagName, Reason},
        policy::Policy,
    },
    time::Clock,
};

use super::watch::Watch;

/// The flag's name in configuration, journal and logs.
pub(crate) const FLAG_NAME: &str = "features.auth.device_flow.compat_legacy_http";

/// The file name of the journal in the data directory.
pub(crate) const JOURNAL: &str = "journal.jsonl";

/// The settings that a rollout is opened with.
pub(crate) struct Opening {
    /// The policy; if `None`, the journaled one, or one without gates.
    pub(crate) policy: Option<Policy>,
    /// The opening phase of a new journal, overriding the policy's.
    pub(crate) phase: Option<Phase>,
    pub(crate) contract: LiveContract,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Opening {
    /// Opens the rollout in the state that its journal records, with `watch` as its evidence.
    ///
    /// A given policy that differs from the journaled one replaces it, and the change is journaled.
    pub(crate) fn open(
        self,
        watch: &Watch,
        journal: Arc<dyn Journal>,
    ) -> Result<Rollout, OpenRolloutError> {
        let flag = FlagName::new(FLAG_NAME).expect("the name is short and plain");
        let policy = self.policy.clone().unwrap_or_else(Policy::permissive);
        let opening_phase = self.phase.unwrap_or(policy.opening_phase);
        let rollout = Rollout::builder(flag, policy)
            .opening_phase(opening_phase)
            .opened_by(by_core("the first start"))
            .clock(self.clock)
            .census(watch.census.clone())
            .metrics(watch.metrics.clone())
            .contract(self.contract)
            .open(journal)?;
        if let Some(Err(refusal)) = self.policy.map(|policy| renew(&rollout, &policy)) {
            tracing::error!(%refusal, "the given policy is refused; the journaled one stays in force");
        }
        Ok(rollout)
    }
}

fn renew(rollout: &Rollout, policy: &Policy) -> Result<(), Refusal> {
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
