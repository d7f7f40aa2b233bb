//! How the crate is built, and why so.

#[doc = include_str!("architecture.md")]
pub mod architecture {}
