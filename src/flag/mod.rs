//! The two ends of the switch that turns compatibility on and off.
//!
//! [`CompatFlag`] writes and [`FlagReader`] reads; the middleware has only the latter. All clones of both share one
//! atomic.
//!
//! # Who writes
//!
//! - With a rollout, the rollout: it has the only writing end. Each flip has passed its gates, or has an override that names
//!   the failing ones, and is in the journal with actor, reason and evidence. A flag service that wrote, too, would cut over
//!   without the gates and undo a rollback with its next refresh, and the journal would not say why.
//! - Without a rollout, the application, by [`CompatFlag::set`]; or the flag service that a team already has: a
//!   [`PolledFlag`] sets the flag as its [`FlagSource`] says.

mod compat_flag;
mod polled_flag;

pub use compat_flag::{CompatFlag, FlagReader, FlagRetiredError, FlagState};
pub use polled_flag::{FlagSource, PolledFlag};
