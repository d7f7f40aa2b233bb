//! Who sends a request, and what the sender may do.

use std::{fmt, time::Duration};

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};

use crate::{
    admin::problem::{Problem, ProblemKind},
    rollout::names::Actor,
    words::words,
};

words! {
    /// What a token allows.
    #[expect(
        clippy::exhaustive_enums,
        reason = "code that decides by the role must handle every one"
    )]
    pub enum Role {
        /// Sees everything.
        Viewer = "viewer",
        /// Sees everything and issues commands.
        Operator = "operator",
    }
}

/// The authenticated sender of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) actor: Actor,
    pub(crate) role: Role,
    pub(crate) via: Via,
}

/// The credentials of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A token, sent with the request.
    Bearer,
    /// The cookie of a session.
    Session(SessionKey),
}

/// The key of a session: the SHA-256 of the secret in its cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey(pub(super) [u8; 32]);

/// What is known of the sender of a request; in the extensions of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// No credentials, or a session that has ended.
    Anonymous,
    Known(Principal),
    /// An unknown token.
    WrongToken,
    /// An unknown token, and too many attempts have failed; how long to wait.
    TooMany(Duration),
}

/// Extracts a principal that may see; rejects others with a problem.
#[derive(Clone, Debug)]
pub(crate) struct Viewer(pub(crate) Principal);

/// Extracts a principal that may issue commands; rejects others with a problem.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Principal);

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl Identity {
    /// The principal, if it has this role or a higher one.
    pub(crate) fn require(&self, role: Role) -> Result<&Principal, Problem> {
        match self {
            Self::Known(principal) if principal.role >= role => Ok(principal),
            Self::Known(principal) => Err(not_allowed(principal, role)),
            Self::Anonymous => Err(no_credentials()),
            Self::WrongToken => Err(wrong_token()),
            Self::TooMany(wait) => Err(too_many_attempts(*wait)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        require(parts, Role::Viewer).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        require(parts, Role::Operator).map(Self)
    }
}

fn require(parts: &Parts, role: Role) -> Result<Principal, Problem> {
    let identity = parts.extensions.get().unwrap_or(&Identity::Anonymous);
    identity.require(role).cloned()
}

fn no_credentials() -> Problem {
    let detail = "Send `Authorization: Bearer <token>`, or sign in with a browser.";
    let challenge = HeaderValue::from_static(r#"Bearer realm="legacy-http-compat""#);
    Problem::new(ProblemKind::NoCredentials, detail).header(header::WWW_AUTHENTICATE, challenge)
}

fn wrong_token() -> Problem {
    let detail = "The token is not one of the configured tokens.";
    // RFC 6750 §3.1.
    let challenge = r#"Bearer realm="legacy-http-compat", error="invalid_token""#;
    let challenge = HeaderValue::from_static(challenge);
    Problem::new(ProblemKind::WrongToken, detail).header(header::WWW_AUTHENTICATE, challenge)
}

fn too_many_attempts(wait: Duration) -> Problem {
    // Rounded up: a retry a moment too early would be refused again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!(
        "The token is unknown, and too many attempts have failed. Try again in {seconds} seconds."
    );
    Problem::new(ProblemKind::TooManyAttempts, detail)
        .with("retry_after_seconds", seconds)
        .header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn not_allowed(principal: &Principal, role: Role) -> Problem {
    let (name, own) = (&principal.actor.id, principal.role);
    let detail = format!("{name} has the role {own}; this needs the role {role}.");
    Problem::new(ProblemKind::NotAllowed, detail)
        .with("role", own.as_str())
        .with("needed", role.as_str())
}
