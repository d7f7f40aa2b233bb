//! Authentication and authorization: tokens, sessions, roles, and how a browser signs in and out.

mod authenticate;
mod cookie;
mod identity;
mod sessions;
mod sign_in;
mod throttle;
mod token_digest;
mod tokens;

pub(super) use authenticate::authenticate;
pub(super) use identity::{Identity, Operator, Principal, Via, Viewer};
pub(super) use sessions::Sessions;
pub(super) use sign_in::router;
pub(super) use throttle::LoginThrottle;

pub use identity::Role;
pub use token_digest::{TokenDigest, TokenDigestError};
pub use tokens::{Tokens, TokensBuilder, TokensError};
