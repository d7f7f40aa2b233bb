//! What a rollout works with, and the events that it journals by itself.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{command::CommandContext, membership::Membership};
use crate::{
    census::{Census, View},
    contract::{Contract, LiveContract},
    flag::{CompatFlag, FlagState},
    metrics::Metrics,
    rollout::{
        event::Served,
        evidence::UnknownReason,
        gate::{Gate, GateContext},
        journal::Journal,
        names::{Actor, ContractDigest, Identifier, InstanceId, Reason},
        phase::Transition,
        policy::Policy,
        state::RolloutState,
    },
    time::{Clock, Timestamp},
};

/// How often a command is tried again after a concurrent modification.
pub(super) const TRIES: u32 = 8;

/// How long a gate waits for what other instances counted.
const CENSUS_PATIENCE: Duration = Duration::from_secs(2);

/// What a rollout works with.
#[derive(Debug)]
pub(super) struct Deps {
    /// The only writing end.
    pub(super) flag: CompatFlag,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    /// What this process counts.
    pub(super) census: Option<Arc<Census>>,
    /// What decisions are made by: the same, or what all instances count.
    pub(super) view: Option<Arc<dyn View>>,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) contract: Option<LiveContract>,
    /// The last contract whose digest was computed, which takes a while.
    pub(super) digested: Mutex<Option<(Contract, ContractDigest)>>,
    pub(super) gates: Vec<Arc<dyn Gate>>,
    pub(super) pins_policy: bool,
    /// The name of the environment.
    pub(super) environment: Option<String>,
    /// The table of the instances that share the journal.
    pub(super) fleet: Option<Membership>,
}

/// Whether a failed append is logged: only the first try is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFailures {
    Yes,
    No,
}

impl Deps {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    /// The census to decide by, brought up to date.
    pub(super) fn read_census(
        &self,
        policy: &Policy,
    ) -> Result<Option<Arc<Census>>, UnknownReason> {
        let Some(view) = &self.view else {
            return Ok(None);
        };
        let read = view.refresh(policy.processes, CENSUS_PATIENCE);
        read.map_err(|error| {
            tracing::warn!(%error, "the gates cannot be judged");
            UnknownReason::CensusUnreachable
        })?;
        Ok(Some(view.census()))
    }

    /// The name of this instance.
    pub(super) fn instance(&self) -> Option<&InstanceId> {
        self.fleet.as_ref().map(|fleet| &fleet.instance)
    }

    pub(super) fn context<'a>(
        &'a self,
        step: Transition,
        state: &'a RolloutState,
        policy: &'a Policy,
        census: &'a Result<Option<Arc<Census>>, UnknownReason>,
    ) -> GateContext<'a> {
        GateContext {
            step,
            state,
            policy,
            census: census.as_ref().ok().and_then(Option::as_deref),
            census_unknown: census.as_ref().err().copied(),
            census_is_shared: self.view.as_ref().is_some_and(|view| view.is_shared()),
            metrics: self.metrics.as_deref(),
            now: self.now(),
        }
    }

    /// Sets the flag to the state that it must have. Returns whether it had another one.
    pub(super) fn set_flag(&self, state: FlagState) -> bool {
        if self.flag.state() == state {
            return false;
        }
        match state {
            FlagState::On => {
                self.flag.set(true);
            }
            FlagState::Off => {
                self.flag.set(false);
            }
            FlagState::Retired => self.flag.retire(),
        }
        true
    }

    pub(super) fn log_switch(&self) {
        let (flag, state) = (self.flag.name(), self.flag.state().as_str());
        tracing::info!(flag, state, "the flag was switched");
    }
}

/// A command of the rollout itself.
pub(super) fn system_context(reason: &str) -> CommandContext {
    let actor = Actor::system("rollout").expect("a short word is an actor id");
    CommandContext::new(actor, bounded(reason))
}

/// A reason from any text: cut to the limit, and replaced if it has forbidden characters.
pub(super) fn bounded(text: &str) -> Reason {
    let text: String = text.chars().take(Reason::MAX).collect();
    Reason::new(text).unwrap_or_else(|_| Reason::new("not shown").expect("two words are a reason"))
}

impl Deps {
    /// What this process serves by.
    pub(super) fn served_now(&self) -> Option<Served> {
        let contract = self.contract.as_ref()?.current();
        let mut digested = self.digested.lock().unwrap_or_else(PoisonError::into_inner);
        if digested
            .as_ref()
            .is_none_or(|(known, _)| *known != contract)
        {
            let digest = ContractDigest::of(&contract);
            *digested = Some((contract, digest));
        }
        let (_, digest) = digested.as_ref()?;
        Some(self.served(digest.clone()))
    }

    /// What evidence is gathered by, with this contract.
    pub(super) fn served(&self, digest: ContractDigest) -> Served {
        let rules = self.census.as_ref().map(|census| census.rules_digests());
        // The name of a kind of one's own need not be a token; such a kind is left out.
        let rules = rules.into_iter().flatten().filter_map(|(kind, digest)| {
            let digest = Identifier::new(digest.to_string());
            Some((Identifier::new(kind).ok()?, digest.ok()?))
        });
        Served {
            digest,
            detector: rules.collect(),
        }
    }
}
