//! Authentication and authorization: tokens, sessions, roles.

mod cookie;
mod identity;
mod session_store;
mod sessions;
mod throttle;
mod token_digest;
mod tokens;

pub(super) use cookie::SessionCookie;
pub(super) use identity::{Identity, Operator, Principal, SessionKey, Via, Viewer};
pub(super) use sessions::Sessions;
pub(super) use throttle::{LoginThrottle, ThrottleKey};

pub use identity::Role;
pub use session_store::{SessionStore, SessionStoreError, SharedSession};
pub use token_digest::{TokenDigest, TokenDigestError};
pub use tokens::{Tokens, TokensBuilder, TokensError};
