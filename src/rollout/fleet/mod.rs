//! The instances that share one journal, and what each of them serves.
//!
//! An [`Instance`] is one process that serves with the layer. Each reports itself to a table that all share,
//! [`Instances`]; a store has one, and [`MemoryInstances`] is one for tests.

mod instance;
mod instances;
mod memory;
mod status;
mod view;

pub use instance::{ClockOffset, Instance, InstanceReport};
pub use instances::{Instances, InstancesError, LEASE, Lease};
pub use memory::MemoryInstances;
pub use status::{FleetStatus, Propagation};
pub use view::{FleetView, InstanceView, SyncWord};
