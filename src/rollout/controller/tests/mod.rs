//! Commands and ticks, as an operator sees them.

mod brownouts;
mod brownouts_crashes;
mod brownouts_of_several;
mod effects;
mod evidence_of_several;
mod gates;
mod model;
#[expect(dead_code, reason = "no clock is measured here")]
#[path = "../../../../tests/support/reachable.rs"]
mod reachable;
mod shared;
#[path = "../../../../tests/support/shared_journal.rs"]
mod shared_journal;
mod stage;
mod steps;
mod ticks;
mod trouble;
mod zero;
