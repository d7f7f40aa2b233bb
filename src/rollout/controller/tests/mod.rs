//! Commands and ticks, as an operator sees them.
