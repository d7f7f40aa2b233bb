//! The handlers.

pub(crate) mod admin;
pub(crate) mod census;
pub(crate) mod device;
pub(crate) mod health;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod page;
pub(crate) mod rollout;
pub(crate) mod token;
mod view;
