//! Who may come in, and what they may do.

mod attempts;
mod cookie;
mod cross_origin;
mod digest;
mod extract;
mod failure;
mod identify;
mod identity;
mod pages;
mod peer;
mod principal;
mod refused;
mod role;
mod sessions;
mod sign_in;
mod tokens;

pub(super) use attempts::Attempts;
pub(super) use cross_origin::same_origin_only;
pub(super) use extract::{Operator, Viewer};
pub(super) use failure::SignInFailure;
pub(super) use identify::identify;
pub(super) use identity::Identity;
pub(super) use pages::{PageOperator, PageViewer};
pub(super) use principal::{Principal, Via};
pub(super) use sessions::Sessions;
pub(super) use sign_in::router;

pub use digest::{InvalidTokenDigest, TokenDigest};
pub use role::Role;
pub use tokens::{InvalidTokens, Tokens, TokensBuilder};
