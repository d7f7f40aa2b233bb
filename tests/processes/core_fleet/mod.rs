//! A fleet of clients against the Core example, over real sockets: who still depends, through upgrades, restarts and
//! crashes, and what is shown of it.

#![cfg(unix)]

mod identity;
mod metrics;
mod processes;
mod story;

use crate::support;
