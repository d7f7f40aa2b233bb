//! Tower middleware that rewrites HTTP responses into their previous shape for clients that still expect it, counts these
//! clients, and guides the migration to its end.
//!
//! Handlers implement only the new contract. While a shared flag is on, [`LegacyHttpCompatLayer`] rewrites their responses
//! into the shapes that old clients expect. A response that it cannot rewrite passes through unchanged, and is counted with
//! a reason. A [`census`] reports at any moment how many clients would break without it, and, with feature `rollout`, a
//! rollout takes the flag to its retirement based on that evidence. Requests are not changed.
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//!
//! let poll = post(|| async { Json(serde_json::json!({"status": "PENDING"})) });
//! let router: Router = Router::new().route("/api/v1/auth/clients/device/poll", poll);
//!
//! let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
//! let app = router.layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag));
//! // While the flag is on, a poll returns 401 AUTHORIZATION_PENDING.
//! flag.set(false);
//! // From now on, it returns 200 with "status": "PENDING".
//! # drop(app);
//! ```
//!
//! # Modules
//!
//! - [`contract`]: what an API responds today and what it responded before, built in Rust or read from a document
//! - [`flag`]: the two ends of the flag
//! - [`middleware`]: the layer, its service, future and body; where to place it
//! - [`observation`]: one observed response, and the trait that receives it
//! - [`caller`]: the sender of a request: client kind, generation and fingerprint
//! - [`document`]: contract and callers in one JSON document
//! - [`diagnostics`]: the faults of documents and settings
//! - [`census`]: distinct callers over time windows, and whether they still depend on legacy responses
//! - [`metrics`]: counters and gauges, and how to export them
#![cfg_attr(
    feature = "opentelemetry",
    doc = "- [`opentelemetry`] (feature `opentelemetry`): their export to OpenTelemetry"
)]
#![cfg_attr(
    feature = "metrics-facade",
    doc = "- [`metrics_facade`] (feature `metrics-facade`): their export to the recorders of the `metrics` crate"
)]
#![cfg_attr(
    feature = "rollout",
    doc = "- [`rollout`] (feature `rollout`): the life of one flag: phases, gates, and a journal of all decisions",
    doc = "- [`migration`] (feature `rollout`): contract, detector, census, metrics and rollout, wired by one builder"
)]
#![cfg_attr(
    feature = "admin",
    doc = "- [`admin`] (feature `admin`): the HTTP API and dashboard of a rollout, and time series of the last 30 days"
)]
#![cfg_attr(
    feature = "postgres",
    doc = "- [`postgres`] (feature `postgres`): one journal for many instances, in `PostgreSQL`"
)]
#![cfg_attr(
    feature = "openapi",
    doc = "- [`openapi`] (feature `openapi`): proving a contract against two `OpenAPI` documents",
    doc = "- [`testing`] (feature `openapi`): the same as an assertion in a test"
)]
#![cfg_attr(
    feature = "cli",
    doc = "- [`cli`] (feature `cli`): the command `legacy-http-compat`"
)]
//! - [`time`] and [`worker`]: clocks, timestamps, and the thread for periodic work
//! - [`guide`]: writing a contract, identifying callers, deployment, the operator's runbook, performance, security,
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
mod form;
pub mod guide;
mod http_syntax;
mod json;
pub mod metrics;
#[cfg(feature = "metrics-facade")]
pub mod metrics_facade;
pub mod middleware;
#[cfg(feature = "rollout")]
pub mod migration;
pub mod observation;
#[cfg(feature = "openapi")]
pub mod openapi;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
mod per_contract;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "rollout")]
pub mod rollout;
mod storage;
mod sync;
#[cfg(feature = "openapi")]
pub mod testing;
pub mod time;
mod words;
pub mod worker;

#[doc(inline)]
pub use contract::{Contract, LiveContract};
#[doc(inline)]
pub use flag::{CompatFlag, FlagReader, FlagState};
#[doc(inline)]
pub use middleware::{LegacyHttpCompat, LegacyHttpCompatLayer};

// Lets unit tests include helpers of the integration tests, which name the crate as its users do.
#[cfg(test)]
extern crate self as legacy_http_compat;

#[cfg(all(doctest, feature = "rollout"))]
#[doc = include_str!("../README.md")]
mod readme {}
