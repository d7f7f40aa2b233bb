//! Counting through the layer.

pub(super) mod app;
mod counting;
mod limits;
