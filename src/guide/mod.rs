//! The guide: how to use the crate, and how it is built.
//!
//! | page | topic |
//! | --- | --- |
//! | [`contract`] | writing a contract |
//! | [`callers`] | identifying callers |
//! | [`migration`] | a migration in ten steps, from the first idea to the end |
//! | [`telemetry`] | metrics, fields of spans and events, panels of a dashboard |
//! | [`performance`] | the cost of the layer |
//! | [`architecture`] | the structure of the crate, for contributors |
#![cfg_attr(
    feature = "openapi",
    doc = "| [`openapi`] | proving a contract against two OpenAPI documents |"
)]
#![cfg_attr(
    feature = "postgres",
    doc = "| [`store`] | one journal and one census for many instances, in PostgreSQL |"
)]
#![cfg_attr(
    feature = "admin",
    doc = "| [`brownouts`] | switching the flag off for a short, announced time |",
    doc = "| [`deployment`] | deploying the layer, its files and the admin service |",
    doc = "| [`fleet`] | several instances with one journal and one flag |",
    doc = "| [`rollout`] | the operator's runbook: each phase, gate and alert |",
    doc = "| [`security`] | what the crate protects, and what it does not |"
)]
#![cfg_attr(
    not(feature = "admin"),
    doc = "\nFive more pages, on brownouts, deployment, several instances, the operator's runbook and security, come with feature `admin`, whose items they link to."
)]

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[cfg(feature = "admin")]
#[doc = include_str!("brownouts.md")]
pub mod brownouts {}

#[doc = include_str!("callers.md")]
pub mod callers {}

#[doc = include_str!("contract.md")]
pub mod contract {}

#[cfg(feature = "admin")]
#[expect(clippy::doc_markdown, reason = "WebSockets is a word, not code")]
#[doc = include_str!("deployment.md")]
pub mod deployment {}

#[cfg(feature = "admin")]
#[doc = include_str!("fleet.md")]
pub mod fleet {}

#[expect(clippy::doc_markdown, reason = "OpenAPI is a name, not code")]
#[doc = include_str!("migration.md")]
pub mod migration {}

#[cfg(feature = "openapi")]
#[expect(clippy::doc_markdown, reason = "OpenAPI is a name, not code")]
#[doc = include_str!("openapi.md")]
pub mod openapi {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[cfg(feature = "admin")]
#[expect(
    clippy::doc_markdown,
    reason = "alerts stand in headings and links under their names"
)]
#[doc = include_str!("rollout.md")]
pub mod rollout {}

#[cfg(feature = "admin")]
#[doc = include_str!("security.md")]
pub mod security {}

#[cfg(feature = "postgres")]
#[expect(clippy::doc_markdown, reason = "PostgreSQL is a name, not code")]
#[doc = include_str!("store.md")]
pub mod store {}
#[doc = include_str!("telemetry.md")]
pub mod telemetry {}
