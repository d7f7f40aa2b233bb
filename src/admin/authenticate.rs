//! Finding out who sends a request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{Extensions, HeaderMap, header};
use tokio::task::spawn_blocking;

use super::{
    access::{Identity, ThrottleKey, Via},
    shared::Shared,
};
use crate::rollout::{
    CommandContext,
    names::{Actor, Reason},
};

/// What an unknown token was used for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AccessKind {
    Request,
    SignIn,
}

/// Puts the [`Identity`] of the sender into the extensions of a request.
pub(crate) async fn authenticate(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let identity = match session_secret(&shared, &request) {
        Some(secret) => of_session(&shared, secret).await,
        None => identity(&shared, &request),
    };
    if identity == Identity::WrongToken {
        record_refusal(&shared, AccessKind::Request).await;
    }
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Journals that an access was refused, within the hourly limit of the rollout. Neither the token nor the address is
/// recorded, nor anything else that the client has chosen.
pub(crate) async fn record_refusal(shared: &Arc<Shared>, kind: AccessKind) {
    let cause = match kind {
        AccessKind::Request => "request with an unknown token",
        AccessKind::SignIn => "sign-in with an unknown token",
    };
    tracing::warn!(cause, "access refused");
    let rollout = Arc::clone(&shared.rollout);
    let journaled = spawn_blocking(move || {
        let reason = |text| Reason::new(text).expect("a short sentence is a reason");
        let actor = Actor::system("admin").expect("a short word is an id");
        let context = CommandContext::new(actor, reason("invalid token"));
        rollout.access_refused(reason(cause), &context)
    });
    if let Ok(Err(error)) = journaled.await {
        tracing::error!(%error, "a refused access could not be journaled");
    }
}

/// The identity that a token in the `Authorization` header gives, which takes precedence over a cookie. Other schemes may
/// belong to a proxy.
fn identity(shared: &Shared, request: &Request) -> Identity {
    let token = bearer(request.headers());
    token.map_or(Identity::Anonymous, |token| {
        verify(shared, token, request.extensions())
    })
}

/// The secret of the session that a request without a token has.
fn session_secret(shared: &Shared, request: &Request) -> Option<String> {
    if bearer(request.headers()).is_some() {
        return None;
    }
    let cookie = shared.cookie(request.uri(), request.headers());
    cookie.read(request.headers()).map(str::to_owned)
}

async fn of_session(shared: &Arc<Shared>, secret: String) -> Identity {
    let found = shared.with_sessions(move |sessions, now| sessions.find(&secret, now));
    let principal = found.await.ok().flatten();
    principal.map_or(Identity::Anonymous, Identity::Known)
}

/// The identity that a token gives. It is always checked: no failures lock a right one out.
pub(crate) fn verify(shared: &Shared, token: &[u8], client: &Extensions) -> Identity {
    if let Some(principal) = shared.tokens.find(token, Via::Bearer) {
        return Identity::Known(principal);
    }
    let (key, now) = (ThrottleKey::of(client), shared.clock.monotonic());
    let wait = shared.throttle.fail(key, now);
    wait.map_or(Identity::WrongToken, Identity::TooMany)
}

/// The token in an `Authorization` header (RFC 6750 §2.1), the scheme in any case (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    lines.find_map(|line| {
        let line = line.as_bytes();
        let (scheme, token) = line.split_at_checked(b"bearer".len())?;
        let is_bearer = scheme.eq_ignore_ascii_case(b"bearer");
        let apart = token.first().is_none_or(|byte| *byte == b' ');
        (is_bearer && apart).then(|| token.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_token_is_found_whatever_the_case_of_its_scheme() {
        let token = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(line));
            bearer(&headers).map(|token| String::from_utf8(token.to_vec()).unwrap())
        };
        for line in ["Bearer abc", "bearer abc", "BEARER   abc "] {
            assert_eq!(token(line).as_deref(), Some("abc"), "{line}");
        }
        assert_eq!(token("Bearer").as_deref(), Some(""));
        for line in ["Basic YTpi", "Bearerabc", "", "Bear"] {
            assert_eq!(token(line), None, "{line}");
        }
    }
}
