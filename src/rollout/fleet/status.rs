//! What is known of all instances, and which of them have applied an event.

use std::fmt;

use serde::Serialize;

use super::instance::Instance;
use crate::{
    rollout::{event::Head, names::InstanceId},
    time::Timestamp,
};

/// The instances that share a journal, as their table had them when one of them last reported.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FleetStatus {
    /// When the table was read, by the clock of the instance that did; `None` before it was.
    pub at: Option<Timestamp>,
    /// Why the table could not be reached the last time; then `instances` is older.
    pub error: Option<String>,
    /// All of them, the lost ones too, in the order of their names.
    pub instances: Vec<Instance>,
}

/// Which live instances have applied an event.
///
/// As text: "applied by 3 of 4; waiting for core-7f9".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Propagation {
    /// The event.
    pub event: Head,
    /// How many live instances have applied it.
    pub applied: usize,
    /// How many instances are live.
    pub of: usize,
    /// The live ones that have not applied it, as far as is known.
    pub waiting: Vec<InstanceId>,
    /// Those that have not applied it and have not reported within the lease: gone, or cut off and still serving.
    pub lost: Vec<InstanceId>,
}

impl FleetStatus {
    /// The live instances other than this one.
    pub(in crate::rollout) fn others(&self, own: &InstanceId) -> impl Iterator<Item = &Instance> {
        let live = self.instances.iter().filter(|instance| instance.is_live());
        live.filter(move |instance| instance.report.instance != *own)
    }

    /// Which instances have applied an event, as far as is known.
    #[must_use]
    pub fn propagation(&self, event: Head) -> Propagation {
        let mut found = Propagation {
            event,
            applied: 0,
            of: 0,
            waiting: Vec::new(),
            lost: Vec::new(),
        };
        for instance in &self.instances {
            let applied = instance.report.has_applied(event);
            found.of += usize::from(instance.is_live());
            match (applied, instance.is_live()) {
                (true, true) => found.applied += 1,
                (false, true) => found.waiting.push(instance.report.instance.clone()),
                (false, false) => found.lost.push(instance.report.instance.clone()),
                (true, false) => {}
            }
        }
        found
    }
}

impl Propagation {
    /// Whether all live instances have applied the event.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl fmt::Display for Propagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "applied by {} of {}", self.applied, self.of)?;
        list(f, "; waiting for ", &self.waiting)?;
        list(f, "; not seen any more: ", &self.lost)
    }
}

fn list(f: &mut fmt::Formatter<'_>, before: &str, names: &[InstanceId]) -> fmt::Result {
    let mut separator = before;
    for name in names {
        write!(f, "{separator}{name}")?;
        separator = ", ";
    }
    Ok(())
}
