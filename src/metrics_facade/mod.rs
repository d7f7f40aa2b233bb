//! Metrics for the recorders of the `metrics` crate.
//!
//! A [`FacadeRecording`] is work of the [`BackgroundWorker`](crate::worker::BackgroundWorker): with each tick it reads its
//! sources and writes to the recorder that the application has installed. Without a recorder it does nothing.
//!
//! # What a family becomes
//!
//! | here | in the `metrics` crate |
//! | --- | --- |
//! | counter, integer | counter, set by `absolute` |
//! | counter, float | gauge: its counters are integers |
//! | gauge | gauge |
//! | unit | `Seconds` for `s`, `Bytes` for `By`, `Count` for what is counted, such as `{caller}` |
//!
//! All have their [names](crate::metrics#all-names) and labels.
//!
//! # Deployment
//!
//! - The counter of the rollout's transitions is the increase since the recording was made: a recorder that adds up what each
//!   process reports, such as one for `StatsD`, adds nothing with a restart. So make it before the first command to the rollout.
//!   In a fleet each instance reports the increase of the shared journal: take the maximum over the instances, not the sum.
//! - A recorder keeps the last value of a gauge. One whose series has vanished is set to NaN, once: neither 0 nor 1 is true
//!   of a gate that is gone. An idle timeout of the recorder removes it.

mod facade_recording;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "all sums are exact")]
mod tests;

pub use facade_recording::FacadeRecording;
