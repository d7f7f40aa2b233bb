//! The Core example's target contract, over real sockets and with the switch off: what the handlers
//! answer when nothing is rewritten.

mod errors;
mod flow;
mod health;
mod limits;
mod page;
mod token;
