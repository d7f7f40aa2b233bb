//! Time series of the last 30 days: dependent callers and responses.
//!
//! A census reports how many callers depend now; whether that number falls, and since when, shows only over time. About once
//! a second the [`History`] samples a [`Census`](crate::census::Census) and [`Metrics`](crate::metrics::Metrics) into buckets
//! of 10 seconds for an hour, of a minute for a day, and of a quarter of an hour for 30 days ([`HistoryRange`]).
//! [`History::time_series`] returns data ready to be drawn or written as JSON.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use legacy_http_compat::{
//!     admin::history::{History, HistoryRange},
//!     caller::{Caller, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector},
//!     census::{CallerEvent, Census, Dependence},
//!     metrics::Metrics,
//!     time::ManualClock,
//!     worker::Tick,
//! };
//!
//! let clock = Arc::new(ManualClock::new(1_800_000_000_000)); // in production a `SystemClock`, the default
//! let detector = SignalDetector::builder(["AGENT"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
//! let census = Arc::new(Census::builder(&detector).clock(clock.clone()).open()?);
//! let metrics = Arc::new(Metrics::new());
//! # let directory = std::env::temp_dir().join(format!("history-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let history = History::builder(census.clone(), metrics.clone())
//!     .clock(clock.clone())
//!     .file(directory.join("rollout.history"))
//!     .open()?;
//!
//! // … the layer reports a response to census and metrics; a BackgroundWorker ticks census, rollout and history …
//! census.record(&CallerEvent {
//!     caller: Caller::new(detector.kinds().find("AGENT").expect("in the set"), Generation::Legacy)
//!         .with_fingerprint(Fingerprint::from_u128(1)),
//!     endpoint: census.endpoint("device_poll"),
//!     dependence: Dependence::Served,
//!     failed: false,
//! });
//! census.tick();
//! history.tick();
//! clock.advance(Duration::from_secs(60));
//!
//! let series = history.time_series(HistoryRange::Day);
//! assert_eq!(series.callers[1].kind, "AGENT");
//! assert_eq!(series.callers[1].dependent[1_437..], [None, Some(1), None], "recorded for one minute only");
//! # drop(history);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The value of a bucket
//!
//! 1. Nothing was recorded: `None`. So it is before the history began, while the process was down, while its worker stalled,
//!    and where the clock was put forward. Values are never interpolated.
//! 2. Callers: the maximum that the census reported in the bucket, for the window set by [`HistoryBuilder::window`]; with
//!    [`HistoryBuilder::rollout`] the stranded ones are those since the flag last changed, as everywhere in a rollout. Like
//!    the census it errs towards more dependence. Reports that stay the same for more than 30 seconds are stale and not
//!    recorded.
//! 3. Responses: by how much the counts of the metrics rose since the tick before, by endpoint, outcome and shape, over all
//!    callers. They count where they are found: after a stall of the worker in the bucket in which it ended. What metrics
//!    had counted when the history was opened is in no bucket, because its time is unknown.
//!
//! A series shows what the census knew. A census that lost its snapshot knows no callers, and its series falls to zero
//! without any upgrade: look at the coverage of its [`Report`](crate::census::Report) as well.
//!
//! # Time
//!
//! Time follows the monotonic clock, as in the census, so a wall clock that is set back changes nothing. One that jumps
//! forward leaves a gap of that length. Shown times are those of the wall clock, right within two seconds; after it was set
//! back, all buckets are shown by the new time. If it was set back while the process was down, the length of the downtime is
//! unknown, and older buckets are shown too early.
//!
//! # Limits
//!
//! At most [`History::MAX_OUTCOMES`] pairs of endpoint and outcome have series of their own, and the kinds of the census.
//! Pairs beyond it are counted under `other`, `other`: the first to respond have precedence. A pair without responses for 30
//! days is dropped at the next start.
//!
//! A series that was ever above zero takes 19 KB, the history itself 75 KB: the polls of the device flow take 0.4 MB, the
//! maximum is 13 MB. Numbers saturate at 2³² − 1. Requests cost nothing more.
//!
//! # Deployment
//!
//! - Tick it after its census: `BackgroundWorker::start(Duration::from_secs(1), [census, rollout, history])`, all with the
//!   same clock.
//! - With a [file](HistoryBuilder::file) a restart costs only the buckets of the downtime. The file is replaced atomically,
//!   every minute and at shutdown. Without one, every deployment starts an empty history.
//! - A file that cannot be decoded does not keep the process from starting: it is renamed, and [`History::lost`] returns the
//!   reason. Alert on that and on [`History::file_status`].
//! - One process, one file. A second process that opens it is refused. Each process has its own history.

mod builder;
mod codec;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod history;
mod responses;
mod series_ring;
mod skips;
mod state;
mod time_series;

pub use builder::{HistoryBuilder, OpenHistoryError, OpenHistoryErrorKind};
pub use history::History;
pub use time_series::{CallerSeries, HistoryRange, ResponseSeries, TimeSeries};

#[doc(inline)]
pub use crate::storage::frame::DecodeError;
