//! The Core example's target contract, over real sockets and with the flag off, so that nothing is rewritten.

mod errors;
mod flow;
mod health;
mod limits;
mod page;
mod slow;
mod token;
