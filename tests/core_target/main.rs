//! The Core example's target contract, over real sockets and with the switch off: what the handlers
//! answer when nothing is rewritten.

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

mod errors;
mod flow;
mod health;
mod limits;
mod page;
mod token;
