//! An old client and a new client against the Core example with the layer in front of it, over real
//! sockets: with the switch on, off, and flipped while they poll.
//!
//! With the switch on, only who still depends on a legacy answer gets it: a new client beside an old
//! one reads target answers.

mod flipped;
mod off;
mod on;
mod same;
