//! Counting, seen through the layer.

pub(super) mod app;
mod concurrent;
mod counting;
mod documented;
mod limits;
mod reload;
