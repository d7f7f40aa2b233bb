//! What the instances serve, as the journal has it.
//!
//! What an instance serves belongs to the instance. The journal has the changes of the set: each is journaled once, by an
//! instance that serves something new, or once something is not served any more by the one that has the lease.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{
    deps::{LogFailures, system_context},
    journaling::COMMAND_PATIENCE,
    rollout::Rollout,
};
use crate::rollout::{
    event::{ContractChanged, EventPayload, Served},
    journal::AppendAttempt,
};

impl Rollout {
    /// Journals what is served if it has changed. The census is notified first: it restarts its windows in its own time,
    /// whether or not the journal can be written.
    pub(super) fn journal_contract(&self) {
        let Some(own) = self.served() else {
            return;
        };
        let seen = self.all_served(&own);
        self.notify_census(&seen);
        if self.change(seen).is_none() {
            self.controller().compared = Some(own);
            return;
        }
        if !self.may_journal(&own) {
            return;
        }
        // By the table as it is now: an instance is in it before it serves.
        let _ = self.report_instance();
        let Some(change) = self.change(self.all_served(&own)) else {
            return;
        };
        let command = system_context(match self.controller().state().contract {
            Some(_) => "the contract or the detector is another than before",
            None => "the contract in use is the first one",
        });
        let event = command.event(self.now(), EventPayload::ContractChanged(change));
        let attempt = AppendAttempt::new(COMMAND_PATIENCE);
        // Tried again at the next tick.
        if self.append(&event, attempt, LogFailures::No).is_ok() {
            self.controller().compared = Some(own);
        }
    }

    /// What this instance serves by.
    pub(super) fn served(&self) -> Option<Served> {
        self.deps.served_now()
    }

    /// What all live instances serve, as far as is known.
    fn all_served(&self, own: &Served) -> BTreeSet<Served> {
        let mut all = BTreeSet::from([own.clone()]);
        if let Some(fleet) = &self.deps.fleet {
            let others = fleet.view();
            let others = others.others(&fleet.instance);
            all.extend(others.filter_map(|other| other.report.served.clone()));
        }
        all
    }

    /// The change to journal, if the journal has another set.
    fn change(&self, all: BTreeSet<Served>) -> Option<ContractChanged> {
        let change = Served::change_of(all)?;
        let controller = self.controller();
        let journaled = controller.state().contract.as_ref();
        let same = journaled.is_some_and(|journaled| journaled.is(&change));
        (!same).then_some(change)
    }

    /// Whether a difference is this instance's to journal.
    fn may_journal(&self, own: &Served) -> bool {
        let controller = self.controller();
        let journaled = controller.state().contract.as_ref();
        let is_new = journaled.is_none_or(|journaled| !journaled.includes(own));
        if self.deps.fleet.is_none() {
            // Another process that serves something else journals that itself, once.
            return is_new && controller.compared.as_ref() != Some(own);
        }
        drop(controller);
        is_new || self.has_lease().unwrap_or(false)
    }

    /// Restarts the windows of the census if another set is served, in the census's own time.
    pub(super) fn notify_census(&self, all: &BTreeSet<Served>) {
        let Some(census) = &self.deps.census else {
            return;
        };
        match all.first() {
            Some(only) if all.len() == 1 => census.serve(only.digest.as_str()),
            _ => census.serve(&set_digest(all)),
        }
    }
}

/// A digest of several contracts, which is that of none.
fn set_digest(all: &BTreeSet<Served>) -> String {
    let json = serde_json::to_vec(all).unwrap_or_default();
    hex::encode(Sha256::digest(json))
}
