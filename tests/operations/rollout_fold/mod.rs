//! The state of a rollout as a fold over its events.

mod model;
mod random;
mod sentences;

use crate::events;
