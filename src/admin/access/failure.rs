//! Why somebody could not sign in.

use std::time::Duration;

/// Why somebody could not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInFailure {
    /// No token was given.
    Missing,
    /// The token is not known.
    WrongToken,
    /// Too many attempts of this peer have failed; how long to wait.
    TooMany(Duration),
}
