//! Commands and ticks, as an operator sees them.

mod effects;
mod evidence_of_several;
mod gates;
mod model;
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
