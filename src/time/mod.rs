//! Where time comes from, and how moments and lengths of time are written.
//!
//! - [`Clock`]: the wall clock and the monotonic one; [`SystemClock`] in production, [`ManualClock`] in tests
//! - [`Timestamp`]: a moment in UTC, as RFC 3339

mod clock;
pub(crate) mod duration_text;
mod timestamp;

pub(crate) use clock::millis;
pub use clock::{Clock, ManualClock, SystemClock};
pub use timestamp::{InvalidTimestamp, Timestamp};
