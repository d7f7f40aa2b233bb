//! A table of instances in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    instance::{Instance, InstanceReport},
    instances::{Instances, InstancesError, Lease},
};
use crate::{
    rollout::names::InstanceId,
    time::{Clock, SystemClock, Timestamp},
};

/// A table of instances in memory, for several rollouts in one process, and for tests.
#[derive(Debug)]
pub struct MemoryInstances {
    clock: Arc<dyn Clock>,
    table: Mutex<Table>,
}

/// Times are readings of the monotonic clock.
#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<InstanceId, (InstanceReport, Timestamp, Duration)>,
    leases: BTreeMap<String, (InstanceId, Duration)>,
}

impl MemoryInstances {
    /// An empty table by the clock of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// An empty table by another clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            table: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Safe after a panic: each change is one insertion or removal.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, table: &mut Table, report: &InstanceReport) -> Vec<Instance> {
        let now = self.clock.monotonic();
        let silent = |at: Duration| now.saturating_sub(at);
        table
            .rows
            .retain(|_, (.., at)| silent(*at) < Instance::FORGOTTEN);
        let row = (report.clone(), Timestamp::now(&*self.clock), now);
        table.rows.insert(report.instance.clone(), row);
        table.list(now)
    }
}

impl Default for MemoryInstances {
    fn default() -> Self {
        Self::new()
    }
}

impl Table {
    fn list(&self, now: Duration) -> Vec<Instance> {
        let rows = self.rows.values();
        let rows = rows.map(|(report, seen, at)| {
            Instance::new(report.clone(), *seen, now.saturating_sub(*at))
        });
        rows.collect()
    }
}

impl Instances for MemoryInstances {
    fn register(
        &self,
        report: &InstanceReport,
        _patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        let mut table = self.table();
        let others = table.list(self.clock.monotonic()).into_iter();
        let live =
            others.filter(|other| other.is_live() && other.report.instance != report.instance);
        for other in live {
            if let (Some(found), Some(own)) = (other.report.key_check, report.key_check)
                && found != own
            {
                let instance = other.report.instance;
                return Err(InstancesError::OtherKey {
                    instance,
                    found,
                    own,
                });
            }
        }
        Ok(self.put(&mut table, report))
    }

    fn report(
        &self,
        report: &InstanceReport,
        _patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        let mut table = self.table();
        if let Some((known, ..)) = table.rows.get(&report.instance)
            && known.started > report.started
        {
            return Err(InstancesError::Replaced(report.instance.clone()));
        }
        Ok(self.put(&mut table, report))
    }

    fn leave(&self, instance: &InstanceId, _patience: Duration) -> Result<(), InstancesError> {
        let mut table = self.table();
        table.rows.remove(instance);
        table.leases.retain(|_, (holder, _)| holder != instance);
        Ok(())
    }

    fn lease(
        &self,
        name: &str,
        instance: &InstanceId,
        _patience: Duration,
    ) -> Result<Lease, InstancesError> {
        let mut table = self.table();
        let now = self.clock.monotonic();
        match table.leases.get(name) {
            Some((holder, until)) if holder != instance && *until > now => {
                Ok(Lease::HeldBy(holder.clone()))
            }
            _ => {
                let lease = (instance.clone(), now.saturating_add(Instance::LEASE));
                table.leases.insert(name.to_owned(), lease);
                Ok(Lease::Held)
            }
        }
    }
}
