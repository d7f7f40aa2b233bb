//! The curves of the last 30 days: who depended, and what was answered.
//!
//! A census says how many callers depend now; whether that number falls, and since when, is seen only over time. The
//! [`History`] looks at a [`Census`](crate::census::Census) and at [`Metrics`](crate::metrics::Metrics) about once a second and
//! keeps what they say in buckets: of 10 seconds for an hour, of a minute for a day, of a quarter of an hour for 30 days
//! ([`Span`]). What [`History::curves`] gives is ready to be drawn or written as JSON.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use legacy_http_compat::{
//!     caller::{Caller, Fingerprint, Generation, Kinds},
//!     census::{Census, Dependence, CallerEvent},
//!     time::ManualClock,
//!     history::{History, Span},
//!     worker::Tick,
//!     metrics::Metrics,
//! };
//!
//! let clock = Arc::new(ManualClock::new(1_800_000_000_000)); // a `SystemClock` where it matters: the default
//! let kinds = Kinds::new(["AGENT"])?;
//! let census = Arc::new(Census::builder(&kinds).clock(clock.clone()).open()?);
//! let metrics = Arc::new(Metrics::new());
//! # let directory = std::env::temp_dir().join(format!("history-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let history = History::builder(census.clone(), metrics.clone())
//!     .clock(clock.clone())
//!     .file(directory.join("rollout.history"))
//!     .open()?;
//!
//! // … the layer tells census and metrics of an answer; BackgroundWorker::start(1 s, [census, rollout, history]) ticks …
//! census.record(&CallerEvent {
//!     caller: Caller::new(kinds.find("AGENT").expect("in the set"), Generation::Legacy)
//!         .with_fingerprint(Fingerprint::from_u128(1)),
//!     endpoint: census.endpoint("device_poll"),
//!     dependence: Dependence::Served,
//! });
//! census.tick();
//! history.tick();
//! clock.advance(Duration::from_secs(60));
//!
//! let curves = history.curves(Span::Day);
//! assert_eq!(curves.callers[1].kind, "AGENT");
//! assert_eq!(curves.callers[1].dependent[1_437..], [None, Some(1), None], "watched for one minute only");
//! # drop(history);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a bucket says
//!
//! 1. Nobody was watching: `None`. So it is before the history began, while the process was down, while its keeper stalled,
//!    and where the clock was put forward. It is never made up.
//! 2. Callers: the highest number that the census reported in the bucket, for one window that is chosen by
//!    [`HistoryBuilder::window`]. As in the census it errs towards more dependence. A census whose reports stay the same for
//!    more than 30 seconds is not being kept, and has said nothing.
//! 3. Answers: how many the metrics counted more than at the tick before, by endpoint, outcome and shape, whoever got them.
//!    They count where they are found: after a stall of the keeper in the bucket in which it ended. What metrics had counted
//!    when the history was opened is in no bucket, for nobody knows when it came.
//!
//! A curve shows what the census knew. One that lost its snapshot knows nobody, and its curve falls to zero although nobody was
//! upgraded: look at the coverage of its [`Report`](crate::census::Report) as well.
//!
//! # Time
//!
//! It is reckoned as in the census: by the monotonic clock, which a wall clock that is set back does not disturb. One that jumps
//! forward leaves a gap of that length. Shown times are those of the wall clock, right within two seconds; after it was set
//! back, all buckets are shown by the new time. If it was set back while the process was down, nobody knows for how long that
//! was, and what is older is shown too early.
//!
//! # How much
//!
//! At most [`History::MAX_PAIRS`] pairs of endpoint and outcome are told apart, and the kinds of the census. Pairs beyond it
//! are counted under `other`, `other`: the places go to those that were answered first. A pair that had no answer for 30 days
//! gives its place back at the next start.
//!
//! A curve that was ever above zero takes 19 KB, the history itself 75 KB: the polls of the device flow take 0.4 MB, the most
//! that is possible 13 MB. Numbers stop at 2³² − 1. To keep them costs the way of a request nothing.
//!
//! # Deployment
//!
//! - Keep it, after its census: `BackgroundWorker::start(Duration::from_secs(1), [census, rollout, history])`. All with the same clock.
//! - With a [file](HistoryBuilder::file) a restart costs only the buckets in which nobody was watching. It is replaced at once,
//!   every minute and at the end; equal values side by side take no room in it. Without one, a deployment begins anew.
//! - An unreadable file does not keep the process from starting: it is set aside, and [`History::lost`] says so. Operators
//!   should alert on that and on [`History::file_status`].
//! - One process, one file. A second process that opens it is refused. Several processes have each their own curves.

mod book;
mod builder;
mod callers;
mod curves;
mod format;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod history;
mod open_error;
mod pair;
mod periodic;
mod responses;
mod ring;
mod ring_bytes;
mod saved;
mod saving;
mod span;

pub use builder::HistoryBuilder;
pub use curves::{AnswerCurve, CallerCurve, Curves};
pub use history::History;
pub use open_error::{OpenHistoryError, OpenHistoryErrorKind};
pub use span::{InvalidSpan, Span};

#[doc(inline)]
pub use crate::storage::unreadable::Unreadable;
