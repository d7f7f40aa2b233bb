//! Tower middleware that rewrites HTTP responses into their previous shape for clients that still expect it, counts these
//! clients, and guides the migration to its end.
//!
//! Handlers implement only the new contract. While a shared flag is on, [`LegacyHttpCompatLayer`] rewrites their responses for
//! the callers that expect the old ones. What it cannot rewrite passes unchanged, and is counted with a reason. A [`census`]
//! reports how many clients would break without it, and a rollout takes the flag to its retirement based on that evidence.
//! Requests are not changed.
//!
//! ```toml
//! legacy-http-compat = { version = "0.1", features = ["admin", "prometheus"] }
//! ```
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
//! // While the flag is on, an old client's poll returns 401 AUTHORIZATION_PENDING.
//! flag.set(false);
//! // From now on, it returns 200 with "status": "PENDING".
//! # drop(app);
//! ```
//!
//! No feature is enabled by default:
//!
//! - `rollout`: the life of a flag, with phases, gates, and a journal of all decisions; `migration` wires all parts
//! - `admin`: HTTP API and dashboard of a rollout, and time series of 30 days; implies `rollout`
//! - `postgres`: one journal and one census for many instances, in `PostgreSQL`; implies `rollout`
//! - `prometheus`, `opentelemetry`, `metrics-facade`: export of the [metrics], each to the crate of that name
//! - `openapi`: proving a contract against two `OpenAPI` documents
//! - `cli`: the command `legacy-http-compat`; implies `rollout`, `openapi` and `postgres`
//! - `axum`, `http-body-util`: `.same_body()` for the bodies of that crate
//! - `hyper`: removes the old reason phrase of a proxied response that is rewritten
//!
//! **Next**: [a migration in ten steps](guide::migration), [writing a contract](guide::contract), [identifying
//! callers](guide::callers), [where to place the layer](middleware#where-to-place-it), [telemetry](guide::telemetry), and all of
//! the [guide]. The repository's `examples` start with `minimal`.

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
