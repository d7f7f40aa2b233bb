//! Commands and ticks, as an operator sees them.

mod failing;
mod gates;
mod guard;
mod model;
mod operators;
mod overdue;
mod restart;
mod shown;
mod stage;
mod steps;
