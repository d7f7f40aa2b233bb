//! Who still depends on the legacy shapes: distinct callers over time windows.
//!
//! # What it says
//!
//! Of each caller with a fingerprint the [`Census`] keeps when it was first and last seen, when it last got a dependent
//! answer and when it was last seen status-driven. From that follows, for any [`Window`] up to 30 days that ends now,
//! the one state of each caller ([`CallerState`]), decided in this order:
//!
//! 1. never got a dependent answer: *independent*;
//! 2. seen status-driven after its last dependent answer: *migrated*, whether or not it was seen in the window;
//! 3. its last dependent answer lies in the window: *dependent*; if one of its answers in the window was stranded also
//!    *stranded*, and if it had migrated before also *regressed*;
//! 4. seen in the window: *unsettled*. It got only answers that tell nothing;
//! 5. not seen in the window: *silent*.
//!
//! Dependent answers are counted besides, whoever got them, those of anonymous callers apart.
//!
//! # When it may be believed
//!
//! Where something cannot be known exactly, the census errs towards more dependence, never less: windows are rounded
//! outward, answers are booked no earlier than they came, and a caller without a place stays dependent for its window.
//! Silence is not zero: a [`Report`] names the share of its window in which the census was really watching, by heartbeats
//! of its [`Tick`](crate::worker::Tick), and every gap with its [`GapCause`]. A report whose numbers are partly estimated
//! says so.
//!
//! Time is reckoned by the monotonic clock. A wall clock that is set back changes no window; one that jumps forward
//! moves the windows on and leaves a gap of that length.
//!
//! # Deployment
//!
//! - Keep it: `BackgroundWorker::start(Duration::from_secs(1), [census])`. Without heartbeats there is no coverage, no snapshot,
//!   and the counts of answers are booked only when a report is made.
//! - Fingerprints are the client's claim. Whoever can make up identities can fill the table; callers known already keep
//!   their places, and the rest is estimated.
//! - One process, one snapshot file. A second process that opens it is refused.

mod binding;
mod builder;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod census;
mod coverage;
mod decode;
mod due;
mod encode;
mod endpoints;
mod format;
mod keeping;
mod list;
mod listing;
mod observing;
mod open_error;
mod overflow;
mod pending;
mod periodic;
mod record;
mod report;
mod reporting;
mod saving;
mod settings;
mod showing;
mod sighting;
mod sketch_bytes;
mod table;
mod tally;
pub(crate) mod timeline;
mod versions;
mod window;

pub use builder::CensusBuilder;
pub use census::Census;
pub use coverage::{Gap, GapCause};
pub use endpoints::EndpointSlot;
pub use list::{CallerRow, ListQuery, Page, Select, SortBy};
pub use open_error::{OpenError, OpenErrorKind};
pub use record::CallerState;
pub use report::{Counts, CoverageReport, KindCounts, OverflowEstimate, Report, SnapshotLoss};
pub use sighting::{CallerEvent, Dependence};
pub use tally::ResponseCounts;
pub use window::{Window, WindowError};

#[doc(inline)]
pub use crate::storage::saver::SnapshotStatus;
