//! This rollout as one instance of several that share its journal.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{deps::Deps, rollout::Rollout};
use crate::{
    census::Census,
    rollout::{
        event::{Event, Head},
        fleet::{
            FleetStatus, FleetView, Instance, InstanceReport, Instances, InstancesError, LEASE,
            Lease, Propagation,
        },
        names::InstanceId,
        status::RolloutStatus,
    },
    time::Timestamp,
};

/// How long one call to the table of instances may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often this instance reports while others have not applied what it has, so that it goes on to tell.
const WHILE_WAITING: Duration = Duration::from_millis(250);

/// How often a table that could not be reached is tried again, and an event waited for is looked for.
const RETRY: Duration = Duration::from_millis(100);

/// The table of instances, and this one in it.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) table: Arc<dyn Instances>,
    pub(super) instance: InstanceId,
    pub(super) version: String,
    started: Timestamp,
    last: Mutex<LastReport>,
}

#[derive(Debug, Default)]
struct LastReport {
    view: Arc<FleetStatus>,
    /// What was reported, and when by the monotonic clock it succeeded or failed.
    sent: Option<(InstanceReport, Duration)>,
    tried: Option<Duration>,
}

impl Membership {
    pub(super) fn new(
        table: Arc<dyn Instances>,
        instance: InstanceId,
        version: String,
        started: Timestamp,
    ) -> Self {
        Self {
            table,
            instance,
            version,
            started,
            last: Mutex::default(),
        }
    }

    /// What the table said last.
    pub(super) fn view(&self) -> Arc<FleetStatus> {
        Arc::clone(&self.last().view)
    }

    fn last(&self) -> MutexGuard<'_, LastReport> {
        // Safe after a panic: each member is replaced whole.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, deps: &Deps, status: &RolloutStatus) -> InstanceReport {
        InstanceReport {
            version: self.version.clone(),
            applied: status.head,
            sync: status.sync,
            served: deps.served_now(),
            key_check: deps.census.as_deref().and_then(Census::key_check),
            ..InstanceReport::new(self.instance.clone(), self.started, deps.flag.state())
        }
    }

    /// Keeps what the table said, or why it said nothing.
    fn keep(
        &self,
        report: InstanceReport,
        (at, now): (Timestamp, Duration),
        listed: Result<Vec<Instance>, InstancesError>,
    ) -> Result<(), InstancesError> {
        let mut last = self.last();
        last.tried = Some(now);
        match listed {
            Ok(instances) => {
                last.sent = Some((report, now));
                last.view = Arc::new(FleetStatus {
                    at: Some(at),
                    error: None,
                    instances,
                });
                Ok(())
            }
            Err(error) => {
                let failed = FleetStatus {
                    error: Some(error.to_string()),
                    ..(*last.view).clone()
                };
                last.view = Arc::new(failed);
                Err(error)
            }
        }
    }

    /// Whether a report is due: something has changed, or a heartbeat is to be given.
    fn is_due(&self, report: &InstanceReport, now: Duration) -> bool {
        let last = self.last();
        let since = |at: Duration| now.saturating_sub(at);
        if last.view.error.is_some() {
            return last
                .tried
                .is_none_or(|at| since(at) >= Instance::HEARTBEAT / 2);
        }
        let sent = last.sent.as_ref();
        let is_complete = last.view.propagation(report.applied).is_complete();
        let interval = if is_complete {
            Instance::HEARTBEAT
        } else {
            WHILE_WAITING
        };
        sent.is_none_or(|(sent, at)| sent != report || since(*at) >= interval)
    }
}

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
        loop {
            let _ = self.report_instance();
            let propagation = self.propagation(event)?;
            let left = until.saturating_duration_since(Instant::now());
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
        let propagation = fleet.propagation(changed.unwrap_or(status.head));
        let is_ours = |head: Head| self.head_at(head.seq).is_none_or(|own| own == head);
        let own = &membership.instance;
        let view = FleetView::new(own, &fleet, status.sync, propagation, is_ours);
        Some(view)
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
        let report = fleet.report(&self.deps, &self.status());
        if fleet.is_due(&report, self.deps.clock.monotonic())
            && let Err(error) = self.report_instance()
        {
            tracing::warn!(%error, "the instance could not report itself");
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

    fn with_table(
        &self,
        call: impl FnOnce(&dyn Instances, &InstanceReport) -> Result<Vec<Instance>, InstancesError>,
    ) -> Result<(), InstancesError> {
        let Some(fleet) = &self.deps.fleet else {
            return Ok(());
        };
        let report = fleet.report(&self.deps, &self.status());
        let listed = call(&*fleet.table, &report);
        let now = (self.now(), self.deps.clock.monotonic());
        fleet.keep(report, now, listed)
    }
}
