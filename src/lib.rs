//! Tower middleware for teams that change what their HTTP API answers without breaking the clients already in the field.
//!
//! The handlers speak only the new contract. While a shared flag is on, [`LegacyHttpCompatLayer`] rewrites answers into
//! the shapes that old clients expect. Whatever it cannot rewrite leaves as it came, and is counted with a reason. A
//! [`census`] says at any moment how many clients would break without it, and, with feature `rollout`, a rollout leads the
//! change to its end on that evidence.
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//!
//! let poll = post(|| async { Json(serde_json::json!({"status": "PENDING"})) });
//! let router: Router = Router::new().route("/api/v1/auth/clients/device/poll", poll);
//!
//! let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
//! let app = router.layer(LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()));
//! // … serve `app`: a pending poll is answered 401 AUTHORIZATION_PENDING …
//! flag.set(false);
//! // … and from here on 200 with "status": "PENDING".
//! # drop(app);
//! ```
//!
//! # The modules
//!
//! - [`contract`]: what the API answers today and what it answered before, built in Rust or read from a document
//! - [`flag`]: the two ends of the switch
//! - [`middleware`]: the layer, its service, future and body; where to place it and what it costs
//! - [`observation`]: what was seen of each answer, and the trait of those who are told
//! - [`caller`]: who asked: client kind, generation and fingerprint
//! - [`document`]: contract and callers in one JSON document
//! - [`diagnostics`]: the faults of documents and settings
//! - [`census`]: who still depends on the legacy shapes: distinct callers over time windows
//! - [`metrics`]: the numbers, and how to show them
#![cfg_attr(
    feature = "rollout",
    doc = "- [`rollout`] (feature `rollout`): the life of one flag: phases, gates, and the journal of who did what and why"
)]
#![cfg_attr(
    feature = "admin",
    doc = "- [`admin`] (feature `admin`): an HTTP service over the rollout, its census and metrics, with a dashboard",
    doc = "- [`history`] (feature `admin`): the time series of the last 30 days: dependent callers and responses"
)]
#![cfg_attr(
    feature = "cli",
    doc = "- [`cli`] (feature `cli`): the command `legacy-http-compat`"
)]
//! - [`time`] and [`worker`]: where time comes from, and who does the periodic work
//! - [`guide`]: writing a contract, recognising callers, deployment, the operator's runbook, performance, security,
//!   architecture

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "admin")]
pub mod admin;
pub mod caller;
pub mod census;
#[cfg(feature = "cli")]
pub mod cli;
pub mod contract;
pub mod diagnostics;
pub mod document;
pub mod flag;
pub mod guide;
#[cfg(feature = "admin")]
pub mod history;
mod http_syntax;
mod json;
pub mod metrics;
pub mod middleware;
pub mod observation;
mod per_contract;
#[cfg(feature = "rollout")]
pub mod rollout;
mod storage;
pub mod time;
pub mod worker;

#[doc(inline)]
pub use contract::{Contract, LiveContract};
#[doc(inline)]
pub use flag::{CompatFlag, FlagReader, FlagState};
#[doc(inline)]
pub use middleware::{LegacyHttpCompat, LegacyHttpCompatLayer};

// Helpers of the integration tests name the crate as its users do; a test of this crate may include them.
#[cfg(test)]
extern crate self as legacy_http_compat;

#[cfg(all(doctest, feature = "rollout"))]
#[doc = include_str!("../README.md")]
mod readme {}
