//! What is known of who sends a request.

use std::time::Duration;

use super::{principal::Principal, role::Role};
use crate::admin::problem::{Problem, ProblemKind};
use http::{HeaderValue, header};

/// What is known of who sends a request; in the extensions of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Nothing was shown, or the session it belonged to is over.
    Nobody,
    Known(Principal),
    /// A token was shown that is none of ours.
    WrongToken,
    /// A token was shown, and not looked at: too many of this peer were wrong. How long to wait.
    TooMany(Duration),
}

impl Identity {
    /// Who it is, if that is somebody of this role or a higher one.
    pub(crate) fn require(&self, role: Role) -> Result<&Principal, Problem> {
        match self {
            Self::Known(principal) if principal.role() >= role => Ok(principal),
            Self::Known(principal) => Err(not_allowed(principal, role)),
            Self::Nobody => Err(no_credentials()),
            Self::WrongToken => Err(wrong_token()),
            Self::TooMany(wait) => Err(too_many(*wait)),
        }
    }
}

fn no_credentials() -> Problem {
    let detail = "Send `Authorization: Bearer <token>`, or sign in with a browser.";
    let challenge = HeaderValue::from_static(r#"Bearer realm="legacy-http-compat""#);
    Problem::new(ProblemKind::NoCredentials, detail).header(header::WWW_AUTHENTICATE, challenge)
}

pub(super) fn wrong_token() -> Problem {
    let detail = "None of the tokens that are let in is the one that was sent.";
    // RFC 6750 §3.1.
    let challenge = r#"Bearer realm="legacy-http-compat", error="invalid_token""#;
    let challenge = HeaderValue::from_static(challenge);
    Problem::new(ProblemKind::WrongToken, detail).header(header::WWW_AUTHENTICATE, challenge)
}

pub(super) fn too_many(wait: Duration) -> Problem {
    // A moment too early would be another refusal.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!(
        "Too many attempts from this address have failed. The next one is looked at in {seconds} seconds."
    );
    Problem::new(ProblemKind::TooManyAttempts, detail)
        .with("retry_after_seconds", seconds)
        .header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn not_allowed(principal: &Principal, role: Role) -> Problem {
    let (name, own) = (principal.actor().id(), principal.role());
    let detail = format!("{name} is a {own}; this asks for an {role}.");
    Problem::new(ProblemKind::NotAllowed, detail)
        .with("role", own.as_str())
        .with("needed", role.as_str())
}
