//! Distinct callers over time windows, by whether they still depend on the legacy shapes.
//!
//! # Caller states
//!
//! For each fingerprint and client kind the [`Census`] records when it was first seen, when it was last seen as a legacy caller
//! and as a target caller, when it last got a dependent response, and the longest pause between two sightings (before one as
//! a legacy caller, since the last such one: an upgraded clone does not hide the pauses of an old one). For any
//! [`Window`] up to 30 days that ends now, this decides the caller's one state ([`CallerState`]), in this order:
//!
//! 1. never got a dependent response and never could have, as far as its requests show: *never dependent*;
//! 2. last seen as a target caller, by rules of the detector that are still in force: *migrated* if it depended, else *never
//!    dependent*; but if it was seen as a legacy caller after it had been a target caller, only if that was before the window;
//! 3. its last dependent response is in the window: *dependent*; if one of its responses in the window was stranded also
//!    *stranded*, and if it had been a target caller before one of them also *regressed*;
//! 4. not seen as a legacy caller in the window: *inactive*;
//! 5. depended before: *inconclusive*. None of its responses in the window shows whether it still depends;
//! 6. otherwise *latent*: it has met no legacy outcome yet, and may.
//!
//! A client that does not name its kind is `other`; a sighting under a named kind takes over such a record. Two named kinds
//! under one fingerprint are two records, and one caller in totals.
//!
//! Dependent responses are also counted in total, and those to anonymous callers and to callers without a place separately.
//!
//! # Accuracy
//!
//! Where something cannot be known exactly, the census errs towards more dependence, never less: windows are rounded
//! outward, responses are counted no earlier than they came, and a caller without a place in the table stays dependent for
//! its window. Silence is not zero: a [`Report`] states the share of its window in which the census watched, measured by
//! heartbeats of its [`Tick`](crate::worker::Tick) while something [feeds](Census::feeder) it, and every gap with its
//! [`GapCause`]. A report with estimated numbers says so, and by how much they may be off: callers without a place are counted
//! by sketches, which are exact at zero and up to a hundred, and within 3.25 % in 95 of 100 cases beyond.
//!
//! Time follows the monotonic clock. A wall clock that is set back changes no window; one that jumps forward moves the
//! windows on and leaves a gap of that length.
//!
//! # Deployment
//!
//! - Start a worker: `BackgroundWorker::start(Duration::from_secs(1), [census])`. Without heartbeats there is no coverage
//!   and no snapshot, and responses are added to the counts only when a report is made.
//! - Without a service with the layer, or another feeder, there is no coverage, either.
//! - Fingerprints are the client's claim. A client that invents identities can fill the table; callers that may depend keep
//!   their places, target callers give theirs up, and the rest is estimated.
//! - One process, one snapshot file. A second process that opens it is refused.

mod bucket;
mod builder;
pub(crate) mod caller_delta;
mod callers;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod census;
mod event;
mod failures;
pub mod fleet;
mod handing_over;
#[cfg(feature = "rollout")]
pub(crate) mod judge;
mod open_error;
mod overflow;
mod query;
mod record;
#[cfg(test)]
mod record_tests;
mod report;
mod response_counts;
mod rules;
mod sketches;
mod snapshot;
mod striped_counters;
mod table;
#[cfg(all(test, legacy_http_compat_loom))]
mod table_loom_tests;
mod versions;
mod view;
mod watch;
#[cfg(feature = "rollout")]
pub(crate) mod watched_time;
mod window;

pub use builder::CensusBuilder;
pub use callers::{CallerRow, Page};
pub use census::Census;
pub use event::{CallerEvent, Dependence, EndpointSlot};
pub use open_error::{OpenCensusError, OpenCensusErrorKind};
pub use query::{ListQuery, Select, SortBy};
pub use record::CallerState;
pub use report::{Counts, CoverageReport, KindCounts, OverflowEstimate, Report, SnapshotLoss};
pub use response_counts::ResponseCounts;
pub use view::{ExchangeStatus, View, ViewError};
pub use watch::{Gap, GapCause};
pub use window::{Window, WindowError};

#[doc(inline)]
pub use crate::storage::saver::SnapshotStatus;
