//! Commands and ticks, as an operator sees them.

mod auto_rollback;
mod failing;
mod gates;
mod model;
mod operators;
mod overdue;
mod restart;
mod shown;
mod stage;
mod steps;
