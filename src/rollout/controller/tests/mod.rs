//! Commands and ticks, as an operator sees them.

mod brownouts;
mod brownouts_crashes;
mod effects;
mod gates;
mod model;
mod shared;
#[path = "../../../../tests/support/shared_journal.rs"]
mod shared_journal;
mod stage;
mod steps;
mod ticks;
mod trouble;
mod zero;
