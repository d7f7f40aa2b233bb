//! The rollout of the device flow in the Core example, over real sockets: the whole plan, what is refused on the way, and
//! what a process knows that was killed.

#![cfg(unix)]

mod failing;
mod plan;
mod policy;
mod processes;
mod steps;
mod switch;
mod withdrawal;

use crate::{core_app, support};
