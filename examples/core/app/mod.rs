//! The Core application: handlers that speak only the target contract, and the one place where the
//! compatibility layer stands in front of them.
//!
//! From below: `secret`, `error` know nothing of each other's users; `flow` is one device
//! authorization as a state machine, `store` holds many; `clients` and `limit` stand beside it;
//! `callers` tells who calls, `watch` counts them and their answers; `rollout` holds the switch on that
//! evidence, and `admin` is the service where operators see and move it; `state` gathers all that for the `routes`;
//! `address` and `compat` are the layers in front; `router` puts all together.

pub(crate) mod address;
pub(crate) mod admin;
pub(crate) mod callers;
pub(crate) mod clients;
pub(crate) mod compat;
pub(crate) mod correlation;
pub(crate) mod error;
pub(crate) mod extract;
pub(crate) mod flow;
pub(crate) mod kind;
pub(crate) mod limit;
pub(crate) mod rollout;
pub(crate) mod router;
pub(crate) mod routes;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod watch;

pub(crate) use address::AddressSource;
pub(crate) use callers::detector;
pub(crate) use compat::Compat;
pub(crate) use rollout::{JOURNAL, Opening};
pub(crate) use router::app;
pub(crate) use serve::serve;
pub(crate) use state::{AppState, Settings};
pub(crate) use watch::{SNAPSHOT, Watch};
