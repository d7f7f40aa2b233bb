//! The rollout of the switch: the one who holds it.

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

/// The switch's name in configuration, journal and logs.
pub(crate) const FLAG_NAME: &str = "features.auth.device_flow.compat_legacy_http";

/// The name of the journal in the data directory.
pub(crate) const JOURNAL: &str = "journal.jsonl";

/// What a rollout is opened with.
pub(crate) struct Opening {
    /// What the gates ask; nothing if none is given and none is journaled.
    pub(crate) policy: Option<Policy>,
    /// The phase in which an empty journal begins, in place of the policy's.
    pub(crate) phase: Option<Phase>,
    pub(crate) contract: LiveContract,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Opening {
    /// Opens the rollout where its journal says that it stands, on the evidence of `watch`.
    ///
    /// A policy that is given and is not the journaled one takes its place, and that is journaled.
    pub(crate) fn open(
        self,
        watch: &Watch,
        journal: Arc<dyn Journal>,
    ) -> Result<Rollout, OpenRolloutError> {
        let flag = FlagName::new(FLAG_NAME).expect("the name is short and plain");
        let policy = self.policy.clone().unwrap_or_else(Policy::permissive);
        let opening_phase = self.phase.unwrap_or(policy.opening_phase());
        let rollout = Rollout::builder(flag, policy)
            .opening_phase(opening_phase)
            .opened_by(by_core("the first start"))
            .clock(self.clock)
            .census(watch.census.clone())
            .metrics(watch.metrics.clone())
            .contract(self.contract)
            .open(journal)?;
        if let Some(Err(refusal)) = self.policy.map(|policy| renew(&rollout, &policy)) {
            tracing::error!(%refusal, "the policy in the journal holds, not the one that was given");
        }
        Ok(rollout)
    }
}

fn renew(rollout: &Rollout, policy: &Policy) -> Result<(), Refusal> {
    if rollout.status().policy == *policy {
        return Ok(());
    }
    let order = by_core("started with another policy than before");
    rollout.change_policy(policy, &order).map(drop)
}

fn by_core(reason: &str) -> CommandContext {
    let actor = Actor::service("core").expect("a word is an id");
    let reason = Reason::new(reason).expect("a few words are a reason");
    CommandContext::new(actor, reason)
}
