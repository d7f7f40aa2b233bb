//! An old client and a new client against the Core example with the layer in front of it, over real
//! sockets: with the switch on, off, and flipped while they poll.
//!
//! Every caller counts as an old one here. So with the switch on, a new client meets legacy answers
//! that it cannot read; which those are is part of what these tests say.

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

mod flipped;
mod off;
mod on;
mod same;
