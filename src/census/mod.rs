//! Distinct callers over time windows, by whether they still depend on the legacy shapes.
//!
//! # Caller states
//!
//! For each caller with a fingerprint the [`Census`] records when it was first and last seen, when it last got a dependent
//! response and when it was last seen as a target caller. For any [`Window`] up to 30 days that ends now, this decides the
//! caller's one state ([`CallerState`]), in this order:
//!
//! 1. never got a dependent response: *never dependent*;
//! 2. seen as a target caller after its last dependent response: *migrated*, whether or not it was seen in the window;
//! 3. its last dependent response is in the window: *dependent*; if one of its responses in the window was stranded also
//!    *stranded*, and if it had migrated before also *regressed*;
//! 4. seen in the window: *inconclusive*. None of its responses shows whether it still depends;
//! 5. not seen in the window: *inactive*.
//!
//! Dependent responses are also counted in total, and those to anonymous callers separately.
//!
//! # Accuracy
//!
//! Where something cannot be known exactly, the census errs towards more dependence, never less: windows are rounded
//! outward, responses are counted no earlier than they came, and a caller without a place in the table stays dependent for
//! its window. Silence is not zero: a [`Report`] states the share of its window in which the census watched, measured by
//! heartbeats of its [`Tick`](crate::worker::Tick), and every gap with its [`GapCause`]. A report with estimated numbers
//! says so.
//!
//! Time follows the monotonic clock. A wall clock that is set back changes no window; one that jumps forward moves the
//! windows on and leaves a gap of that length.
//!
//! # Deployment
//!
//! - Start a worker: `BackgroundWorker::start(Duration::from_secs(1), [census])`. Without heartbeats there is no coverage
//!   and no snapshot, and responses are added to the counts only when a report is made.
//! - Fingerprints are the client's claim. A client that invents identities can fill the table; known callers keep their
//!   places, and the rest is estimated.
//! - One process, one snapshot file. A second process that opens it is refused.

mod builder;
mod callers;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod census;
mod event;
mod failures;
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
mod versions;
mod watch;
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
pub use watch::{Gap, GapCause};
pub use window::{Window, WindowError};

#[doc(inline)]
pub use crate::storage::saver::SnapshotStatus;
