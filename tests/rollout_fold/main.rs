//! The state of a rollout as a fold over its events.

#[path = "../support/rollout_events.rs"]
mod events;
mod model;
mod random;
mod sentences;
