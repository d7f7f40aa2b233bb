//! An old client and a new client against the Core example behind the layer, over real sockets: with the flag on, off, and
//! switched while they poll.
//!
//! With the flag on, only dependent callers get legacy responses; a new client gets target responses.

mod flipped;
mod off;
mod on;
mod same;
