//! How the crate is used, how it is built, and why so.
//!
//! | page | for whom |
//! | --- | --- |
//! | [`contract`] | who writes down what the API answers, and what it answered before |
//! | [`callers`] | who decides by what clients are recognised |
//! | [`deployment`] | who puts the layer, the files and the admin service in place |
//! | [`rollout`] | the operator: what to do in each phase, on each alert, and at night |
//! | [`performance`] | who asks what it costs |
//! | [`security`] | who asks what it protects, and what it does not |
//! | [`architecture`] | who works on the crate |

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("callers.md")]
pub mod callers {}

#[doc = include_str!("contract.md")]
pub mod contract {}

#[expect(clippy::doc_markdown, reason = "WebSockets is a word, not code")]
#[doc = include_str!("deployment.md")]
pub mod deployment {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[expect(
    clippy::doc_markdown,
    reason = "alerts stand in headings and links under their names"
)]
#[doc = include_str!("rollout.md")]
pub mod rollout {}

#[doc = include_str!("security.md")]
pub mod security {}
