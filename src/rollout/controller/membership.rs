//! This instance in the table of those that share the journal, and what the table said last.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    flag::FlagState,
    rollout::{
        fleet::{FleetStatus, Instance, InstanceReport, Instances, InstancesError},
        names::InstanceId,
        status::RolloutStatus,
    },
    time::Timestamp,
};

/// How often this instance reports while others have not applied what it has, so that it goes on to tell.
const WHILE_WAITING: Duration = Duration::from_millis(250);

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

    /// What this instance reports of itself, without what it serves by.
    pub(super) fn report(&self, status: &RolloutStatus, flag: FlagState) -> InstanceReport {
        InstanceReport {
            version: self.version.clone(),
            applied: status.head,
            sync: status.sync,
            ..InstanceReport::new(self.instance.clone(), self.started, flag)
        }
    }

    /// Keeps what the table said, or why it said nothing.
    pub(super) fn keep(
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
    pub(super) fn is_due(&self, report: &InstanceReport, now: Duration) -> bool {
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
