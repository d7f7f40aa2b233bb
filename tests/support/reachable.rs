//! A table of instances in memory that an instance may not reach.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use legacy_http_compat::rollout::{
    fleet::{
        ClockOffset, Instance, InstanceReport, Instances, InstancesError, Lease, MemoryInstances,
    },
    names::InstanceId,
};

/// A table of instances that one of them may not reach.
#[derive(Debug)]
pub(crate) struct Reachable {
    table: Arc<MemoryInstances>,
    is_away: AtomicBool,
    clock: Mutex<Option<ClockOffset>>,
}

impl Reachable {
    pub(crate) fn new(table: Arc<MemoryInstances>) -> Self {
        Self {
            table,
            is_away: AtomicBool::new(false),
            clock: Mutex::default(),
        }
    }

    /// Measures the clock of each instance that reports itself as so many milliseconds ahead.
    pub(crate) fn set_clock(&self, offset_ms: i64) {
        *self.clock.lock().unwrap() = Some(ClockOffset {
            offset_ms,
            uncertainty_ms: 1,
        });
    }

    fn timed(&self, report: &InstanceReport) -> InstanceReport {
        let mut report = report.clone();
        report.clock = *self.clock.lock().unwrap();
        report
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    fn table(&self) -> Result<&MemoryInstances, InstancesError> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(InstancesError::unreachable("no route"));
        }
        Ok(&self.table)
    }
}

impl Instances for Reachable {
    fn register(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        self.table()?.register(&self.timed(report), patience)
    }

    fn report(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        self.table()?.report(&self.timed(report), patience)
    }

    fn leave(&self, instance: &InstanceId, patience: Duration) -> Result<(), InstancesError> {
        self.table()?.leave(instance, patience)
    }

    fn lease(
        &self,
        work: &str,
        instance: &InstanceId,
        patience: Duration,
    ) -> Result<Lease, InstancesError> {
        self.table()?.lease(work, instance, patience)
    }
}
