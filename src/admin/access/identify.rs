//! Finding out who sends a request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header};

use super::{
    attempts::Attempted,
    cookie,
    identity::Identity,
    peer::Peer,
    principal::Via,
    refused::{Tried, record},
};
use crate::admin::shared::Shared;

/// Puts into the extensions of a request who sends it, as an [`Identity`].
pub(crate) async fn identify(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let identity = of(&shared, &request);
    if identity == Identity::WrongToken {
        record(&shared, Tried::Request).await;
    }
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// A token in the `Authorization` header goes before a cookie. Other schemes are somebody else's, such as a proxy's.
fn of(shared: &Shared, request: &Request) -> Identity {
    let now = shared.clock.monotonic();
    if let Some(token) = bearer(request.headers()) {
        let peer = Peer::of(request.extensions());
        let look = || shared.tokens.find(token, Via::Bearer);
        return match shared.attempts.attempt(peer, now, look) {
            Attempted::Known(principal) => Identity::Known(principal),
            Attempted::Wrong => Identity::WrongToken,
            Attempted::TooMany(wait) => Identity::TooMany(wait),
        };
    }
    let session = cookie::read(request.headers());
    let principal = session.and_then(|secret| shared.sessions.find(secret, now));
    principal.map_or(Identity::Nobody, Identity::Known)
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
