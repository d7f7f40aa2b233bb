//! A table of instances in memory that an instance may not reach.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use legacy_http_compat::rollout::{
    fleet::{Instance, InstanceReport, Instances, InstancesError, Lease, MemoryInstances},
    names::InstanceId,
};

/// A table of instances that one of them may not reach.
#[derive(Debug)]
pub(crate) struct Reachable {
    table: Arc<MemoryInstances>,
    is_away: AtomicBool,
}

impl Reachable {
    pub(crate) fn new(table: Arc<MemoryInstances>) -> Self {
        let is_away = AtomicBool::new(false);
        Self { table, is_away }
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
        self.table()?.register(report, patience)
    }

    fn report(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        self.table()?.report(report, patience)
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
