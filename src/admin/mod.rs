//! The operator's room: an HTTP service over one rollout.

mod access;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod admin;
mod api;
mod base;
mod blocking;
mod body;
mod bounds;
mod builder;
mod command;
mod correlation;
mod feed;
mod headers;
mod locate;
mod negotiate;
mod pages;
mod problem;
mod shared;
mod stamp;
mod totals;

pub use access::{
    InvalidTokenDigest, InvalidTokens, Role, TokenDigest, TokenFault, TokenFaultKind, Tokens,
    TokensBuilder,
};
pub use admin::Admin;
pub use builder::{AdminBuilder, InvalidPublicPath};
