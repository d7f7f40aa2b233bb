//! Clocks, timestamps and durations.
//!
//! - [`Clock`]: the wall clock and the monotonic one; [`SystemClock`] in production, [`ManualClock`] in tests
//! - [`Timestamp`]: a moment in UTC, as RFC 3339

mod clock;
pub(crate) mod duration_text;
#[cfg(feature = "rollout")]
mod parse;
pub(crate) mod ring;
pub(crate) mod timeline;
mod timestamp;

pub(crate) use clock::millis;
pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "rollout")]
pub use parse::InvalidTimestamp;
#[cfg(feature = "rollout")]
pub(crate) use parse::parse_duration;
pub use timestamp::Timestamp;
