//! The Core application: handlers that implement only the target contract, behind the compatibility layer.
//!
//! From the bottom up:
//!
//! - `secret`, `error`, `kind`, `limit`: independent of the rest
//! - `flow`: one device authorization as a state machine; `store`: all of them; `clients`: the approved clients
//! - `callers`: the detector; `compat`: the migration and its layer; `admin`: the admin service
//! - `state`: what the `routes` share
//! - `address`, `correlation`: the other layers in front
//! - `router`: the whole application

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
pub(crate) mod router;
pub(crate) mod routes;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod state;
pub(crate) mod store;

pub(crate) use address::AddressSource;
pub(crate) use router::app;
pub(crate) use serve::serve;
pub(crate) use state::{AppState, Settings};
