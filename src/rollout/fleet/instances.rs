//! The table of the instances that share a journal.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::instance::{Instance, InstanceReport};
use crate::{caller::KeyCheck, rollout::names::InstanceId};

/// The table of the instances that share a journal, one row each.
///
/// All methods block, for at most their patience; from async code call them by `spawn_blocking`. Times are by the clock of the
/// table, which is one for all. An instance that has not reported for [a day](Instance::FORGOTTEN) is forgotten.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::{FlagState, time::Timestamp};
/// use legacy_http_compat::rollout::{fleet::{InstanceReport, Instances, LEASE, Lease, MemoryInstances}, names::InstanceId};
///
/// let table: Box<dyn Instances> = Box::new(MemoryInstances::new());
/// let (a, b) = (InstanceId::new("core-7f9")?, InstanceId::new("core-b21")?);
/// let started = Timestamp::from_unix_ms(0);
/// let patience = Duration::from_secs(1);
/// table.register(&InstanceReport::new(a.clone(), started, FlagState::On), patience)?;
/// let all = table.register(&InstanceReport::new(b.clone(), started, FlagState::On), patience)?;
/// assert_eq!(all.len(), 2);
///
/// assert_eq!(table.lease(LEASE, &a, patience)?, Lease::Held);
/// assert_eq!(table.lease(LEASE, &b, patience)?, Lease::HeldBy(a));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Instances: fmt::Debug + Send + Sync {
    /// Adds an instance before it serves, or takes the place of an earlier one of its name, and returns all.
    ///
    /// # Errors
    ///
    /// [`InstancesError::OtherKey`] while a [live](Instance::is_live) instance has another fingerprint key; when the table
    /// cannot be reached.
    fn register(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError>;

    /// Takes the report of a registered instance, which is thereby seen, and returns all. One that is missing is added.
    ///
    /// # Errors
    ///
    /// [`InstancesError::Replaced`] when a later start has its name; when the table cannot be reached.
    fn report(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError>;

    /// Removes an instance that has stopped serving, and ends its leases.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached; the instance is then gone after [`Instance::LEASE`].
    fn leave(&self, instance: &InstanceId, patience: Duration) -> Result<(), InstancesError>;

    /// Takes or renews a lease for [`Instance::LEASE`], unless another instance has it.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    fn lease(
        &self,
        name: &str,
        instance: &InstanceId,
        patience: Duration,
    ) -> Result<Lease, InstancesError>;
}

/// The lease of the instance that runs the automatic rollback, and journals what all of them serve.
pub const LEASE: &str = "rollout";

/// Which instance has a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Lease {
    /// This one, for [`Instance::LEASE`] from the call on.
    Held,
    /// Another one.
    HeldBy(InstanceId),
}

/// Why a table of instances refuses a report, or cannot take it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstancesError {
    /// A live instance has another fingerprint key: the same caller would count as two.
    #[error(
        "the instance {instance} serves with another fingerprint key (its check is {found}, this one's {own})"
    )]
    OtherKey {
        /// The instance.
        instance: InstanceId,
        /// The check of its key.
        found: KeyCheck,
        /// The check of the key that is refused.
        own: KeyCheck,
    },
    /// An instance that started later has the same name.
    #[error("another instance, which started later, has the name {0}")]
    Replaced(InstanceId),
    /// The table cannot be reached.
    #[error("the table of instances cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl InstancesError {
    /// An error of the store, for implementations of [`Instances`].
    pub fn unreachable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable(source.into())
    }
}

impl<I: Instances + ?Sized> Instances for Arc<I> {
    fn register(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        (**self).register(report, patience)
    }

    fn report(
        &self,
        report: &InstanceReport,
        patience: Duration,
    ) -> Result<Vec<Instance>, InstancesError> {
        (**self).report(report, patience)
    }

    fn leave(&self, instance: &InstanceId, patience: Duration) -> Result<(), InstancesError> {
        (**self).leave(instance, patience)
    }

    fn lease(
        &self,
        name: &str,
        instance: &InstanceId,
        patience: Duration,
    ) -> Result<Lease, InstancesError> {
        (**self).lease(name, instance, patience)
    }
}
