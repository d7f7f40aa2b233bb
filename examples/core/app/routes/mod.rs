//! The handlers.

pub(crate) mod device;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod page;
pub(crate) mod token;
mod view;
