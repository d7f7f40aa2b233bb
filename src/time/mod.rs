//! Where time comes from, and how moments and lengths of time are written.
//!
//! - [`Clock`]: the wall clock and the monotonic one; [`SystemClock`] in production, [`ManualClock`] in tests
//! - `Timestamp` (feature `rollout`): a moment in UTC, as RFC 3339

mod clock;
#[cfg(feature = "rollout")]
pub(crate) mod duration_text;
#[cfg(feature = "rollout")]
mod timestamp;

pub(crate) use clock::millis;
pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "rollout")]
pub use timestamp::{InvalidTimestamp, Timestamp};
