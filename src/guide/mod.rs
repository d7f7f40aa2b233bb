//! How the crate is used, how it is built, and why so.
//!
//! | page | for whom |
//! | --- | --- |
//! | [`contract`] | who writes down what the API answers, and what it answered before |
//! | [`callers`] | who decides by what clients are recognised |
//! | [`performance`] | who asks what it costs |
//! | [`architecture`] | who works on the crate |
#![cfg_attr(
    feature = "admin",
    doc = "| [`deployment`] | who puts the layer, the files and the admin service in place |",
    doc = "| [`rollout`] | the operator: what to do in each phase, on each alert, and at night |",
    doc = "| [`security`] | who asks what it protects, and what it does not |"
)]
#![cfg_attr(
    not(feature = "admin"),
    doc = "\nThree more pages, on deployment, the operator's runbook and security, come with feature `admin`, whose items they link to."
)]

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("callers.md")]
pub mod callers {}

#[doc = include_str!("contract.md")]
pub mod contract {}

#[cfg(feature = "admin")]
#[expect(clippy::doc_markdown, reason = "WebSockets is a word, not code")]
#[doc = include_str!("deployment.md")]
pub mod deployment {}

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
