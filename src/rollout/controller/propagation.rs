//! A rollout among the instances that share its journal: its reports, its lease, and which of them have applied an event.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{membership::Membership, rollout::Rollout};
use crate::rollout::{
    event::{Event, Head},
    fleet::{
        FleetStatus, FleetView, Instance, InstanceReport, Instances, InstancesError, LEASE, Lease,
        Propagation,
    },
    status::RolloutStatus,
};

/// How long one call to the table of instances may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often an event that is waited for is looked for.
const RETRY: Duration = Duration::from_millis(100);

impl Rollout {
    /// The instances that share the journal, as the table had them at the last report; `None` unless the rollout was built
    /// [with a table](super::RolloutBuilder::instance).
    #[must_use]
    pub fn fleet(&self) -> Option<Arc<FleetStatus>> {
        self.deps.fleet.as_ref().map(Membership::view)
    }

    /// Which instances have applied an event, as far as is known; `None` without a table of instances.
    #[must_use]
    pub fn propagation(&self, event: Head) -> Option<Propagation> {
        Some(self.fleet()?.propagation(event))
    }

    /// Waits until all live instances have applied an event, at most until the timeout, and returns which have; `None`
    /// without a table of instances. Nothing is undone if some have not.
    #[must_use]
    pub fn await_propagation(&self, event: Head, timeout: Duration) -> Option<Propagation> {
        let until = Instant::now() + timeout;
        let mut left = timeout;
        loop {
            let patience = PATIENCE.min(left.max(RETRY));
            let _ = self.with_table(|table, report| table.report(report, patience));
            let propagation = self.propagation(event)?;
            left = until.saturating_duration_since(Instant::now());
            if propagation.is_complete() || left.is_zero() {
                return Some(propagation);
            }
            std::thread::sleep(RETRY.min(left));
        }
    }

    /// The instances as API and pages show them, and which have applied the last change of the flag; `None` without a table
    /// of instances.
    #[must_use]
    pub fn fleet_view(&self, status: &RolloutStatus) -> Option<FleetView> {
        let membership = self.deps.fleet.as_ref()?;
        let fleet = membership.view();
        let changed = self.head_at(status.state.flag_changed.seq);
        let is_ours = |head: Head| self.head_at(head.seq).is_none_or(|own| own == head);
        let own = self.instance_report(membership);
        let changed = changed.unwrap_or(status.head);
        Some(FleetView::new(&own, &fleet, changed, is_ours))
    }

    /// What the journal has in a place, if it can be read and has anything there.
    fn head_at(&self, seq: u64) -> Option<Head> {
        let events = self.deps.journal.read(seq.checked_sub(1)?, 1).ok()?;
        events.first().map(Event::head)
    }

    /// Adds this instance to the table before it serves. A table that cannot be reached is tried again.
    pub(super) fn register_instance(&self) -> Result<(), InstancesError> {
        let registered = self.with_table(|table, report| table.register(report, PATIENCE));
        match registered {
            Err(InstancesError::Unreachable(error)) => {
                tracing::warn!(%error, "the instance is not registered yet");
                Ok(())
            }
            registered => registered,
        }
    }

    /// Reports this instance, and reads the table.
    pub(super) fn report_instance(&self) -> Result<(), InstancesError> {
        self.with_table(|table, report| table.report(report, PATIENCE))
    }

    /// Reports this instance if that is due.
    pub(super) fn report_if_due(&self) {
        let Some(fleet) = &self.deps.fleet else {
            return;
        };
        let report = self.instance_report(fleet);
        let was_reported = fleet.view().error.is_none();
        if fleet.is_due(&report, self.deps.clock.monotonic())
            && let Err(error) = self.report_instance()
            && was_reported
        {
            tracing::warn!(%error, "the instance cannot report itself, and tries until it can");
        }
    }

    /// Removes this instance from the table.
    pub(super) fn leave_fleet(&self) {
        if let Some(fleet) = &self.deps.fleet
            && let Err(error) = fleet.table.leave(&fleet.instance, PATIENCE)
        {
            tracing::warn!(%error, "the instance is not removed from the table, and counts as gone later");
        }
    }

    /// Whether this instance has the lease, which it takes if no other has it.
    pub(super) fn has_lease(&self) -> Result<bool, InstancesError> {
        let Some(fleet) = &self.deps.fleet else {
            return Ok(true);
        };
        let lease = fleet.table.lease(LEASE, &fleet.instance, PATIENCE)?;
        Ok(lease == Lease::Held)
    }

    fn instance_report(&self, membership: &Membership) -> InstanceReport {
        InstanceReport {
            served: self.served(),
            key_check: self
                .deps
                .census
                .as_ref()
                .and_then(|census| census.key_check()),
            ..membership.report(&self.status(), self.deps.flag.state())
        }
    }

    fn with_table(
        &self,
        call: impl FnOnce(&dyn Instances, &InstanceReport) -> Result<Vec<Instance>, InstancesError>,
    ) -> Result<(), InstancesError> {
        let Some(fleet) = &self.deps.fleet else {
            return Ok(());
        };
        let report = self.instance_report(fleet);
        let listed = call(&*fleet.table, &report);
        let now = (self.now(), self.deps.clock.monotonic());
        fleet.keep(report, now, listed)
    }
}
