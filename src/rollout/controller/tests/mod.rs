//! Commands and ticks, as an operator sees them.

mod effects;
mod gates;
mod model;
mod stage;
mod steps;
mod ticks;
mod trouble;
mod zero;
