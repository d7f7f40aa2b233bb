//! One journal, one table of instances and one census for many instances, in `PostgreSQL` (15 and later).
//!
//! - [`PostgresStore`]: journals and instances of any number of flags in one database.
//! - [`PostgresJournal`]: the journal of a flag, for [`Rollout`](crate::rollout::Rollout).
//! - [`PostgresInstances`]: the table of the instances that share it.
//! - [`PostgresCensus`]: the census of their callers, for [`FleetCensus`](crate::census::fleet::FleetCensus).
#![cfg_attr(
    feature = "admin",
    doc = "- [`PostgresSessions`]: the sessions of the admin service, which work on any instance."
)]
//!
//! ```no_run
//! use std::sync::Arc;
//! use legacy_http_compat::{postgres::PostgresStore, rollout::{Rollout, names::FlagName, policy::Policy}};
//!
//! let store = PostgresStore::builder("postgres://core@db.internal/core")?
//!     .mirror_dir("/var/lib/core")
//!     .open()?;
//! let flag = FlagName::new("features.auth.device_flow.compat_legacy_http")?;
//! let journal = store.journal(&flag)?;
//! let rollout = Rollout::builder(flag, Policy::default()).open(Arc::new(journal))?;
//! # drop(rollout);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! 1. An event is appended by one statement, which compares sequence number and hash of the last one, and announces it.
//! 2. Each instance keeps a local copy of the lines that it has verified, in memory and in a file. Reading never waits for the
//!    server; an instance that starts while the server is away starts from the file.
//! 3. It reads what is new when that is announced, and every 500 ms in any case. That it hears announcements is checked every
//!    5 s by one to itself.
//! 4. Every read checks that the last known event is still there, and every 30 s all lines are compared. If one differs, the
//!    copy stays as it is.
//!
//! Deployment, roles, TLS and poolers: see the [guide](crate::guide::store).

mod builder;
mod census;
mod census_rows;
mod connector;
mod error;
mod follower;
mod instances;
mod journal;
mod link;
mod listener;
mod migrations;
mod mirror;
mod mirror_file;
mod rows;
mod runtime;
mod session;
#[cfg(feature = "admin")]
mod sessions;
mod shared;
mod store;
mod transfer;

pub use builder::{Migrated, PostgresStoreBuilder};
pub use census::PostgresCensus;
pub use error::{StoreError, StoreErrorKind};
pub use instances::PostgresInstances;
pub use journal::PostgresJournal;
#[cfg(feature = "admin")]
pub use sessions::PostgresSessions;
pub use store::{PostgresStore, StoreHealth};
