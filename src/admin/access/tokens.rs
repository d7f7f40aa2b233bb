//! The tokens of the admin service.

use std::fmt;

use super::{
    identity::{Principal, Role, Via},
    token_digest::TokenDigest,
};
use crate::{
    diagnostics::{Diagnostics, FaultCode, fault_error},
    rollout::names::{Actor, ActorId, ActorKind},
};

/// The accepted tokens, each with a name and a role. The name is the actor in the journal.
///
/// A right token is never locked out, so only its length protects it from being guessed: use 32 random bytes. Where a token
/// itself is given, as to the example server, one of fewer than 32 characters is refused; a digest does not show its length.
///
/// ```
/// use legacy_http_compat::admin::{Role, TokenDigest, Tokens};
/// use legacy_http_compat::diagnostics::FaultCode;
///
/// let tokens = Tokens::builder()
///     .operator("mara", TokenDigest::of("4f5c…")) // better: `TokenDigest::parse` of what `sha256sum` printed
///     .viewer("wall", TokenDigest::of("91d0…"))
///     .service("ci", Role::Operator, TokenDigest::of("c3aa…"))
///     .build()?;
/// assert_eq!(tokens.names().collect::<Vec<_>>(), ["mara", "wall", "ci"]);
///
/// let error = Tokens::builder().build().unwrap_err();
/// assert_eq!(error.faults()[0].code(), FaultCode::NoTokens);
/// # Ok::<(), legacy_http_compat::admin::TokensError>(())
/// ```
#[derive(Clone)]
pub struct Tokens(Vec<Token>);

/// Builder for [`Tokens`].
#[derive(Clone)]
#[must_use]
pub struct TokensBuilder(Vec<NewToken>);

fault_error! {
    /// An invalid set of tokens. The place of a fault is the index of the token, its value the offending name, never a
    /// digest.
    TokensError
}

#[derive(Clone)]
struct Token {
    actor: Actor,
    role: Role,
    digest: TokenDigest,
}

#[derive(Clone)]
struct NewToken {
    kind: ActorKind,
    name: String,
    role: Role,
    digest: TokenDigest,
}

impl Tokens {
    /// Starts an empty set.
    pub const fn builder() -> TokensBuilder {
        TokensBuilder(Vec::new())
    }

    /// The names, in insertion order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Token::name)
    }

    /// The principal with this token. Every token is compared, so that the time taken reveals nothing.
    pub(crate) fn find(&self, presented: &[u8], via: Via) -> Option<Principal> {
        let presented = TokenDigest::of(presented);
        let mut found = None;
        for token in &self.0 {
            if token.digest.matches(&presented).into() {
                found = Some(token);
            }
        }
        found.map(|token| Principal {
            actor: token.actor.clone(),
            role: token.role,
            via,
        })
    }
}

impl TokensBuilder {
    /// Adds a person who may issue commands.
    pub fn operator(self, name: impl Into<String>, digest: TokenDigest) -> Self {
        self.add((ActorKind::Human, name.into()), Role::Operator, digest)
    }

    /// Adds a person who may only see.
    pub fn viewer(self, name: impl Into<String>, digest: TokenDigest) -> Self {
        self.add((ActorKind::Human, name.into()), Role::Viewer, digest)
    }

    /// Adds a program, such as a pipeline that reports checks.
    pub fn service(self, name: impl Into<String>, role: Role, digest: TokenDigest) -> Self {
        self.add((ActorKind::Service, name.into()), role, digest)
    }

    fn add(mut self, (kind, name): (ActorKind, String), role: Role, digest: TokenDigest) -> Self {
        self.0.push(NewToken {
            kind,
            name,
            role,
            digest,
        });
        self
    }

    /// Checks the set.
    ///
    /// # Errors
    ///
    /// All faults at once: no tokens, an invalid [`ActorId`], a duplicate name or token, or an empty token.
    pub fn build(self) -> Result<Tokens, TokensError> {
        let mut diagnostics = Diagnostics::default();
        if self.0.is_empty() {
            diagnostics.add(FaultCode::NoTokens, "", "at least one token");
        }
        let mut tokens: Vec<Token> = Vec::new();
        for (index, token) in self.0.into_iter().enumerate() {
            let token = diagnostics.at(index, |diagnostics| token.check(&tokens, diagnostics));
            tokens.extend(token);
        }
        diagnostics.into_result(Tokens(tokens))
    }
}

impl NewToken {
    /// Checks the token against those before it.
    fn check(self, before: &[Token], diagnostics: &mut Diagnostics) -> Option<Token> {
        let Self {
            kind,
            name,
            role,
            digest,
        } = self;
        if digest == TokenDigest::of("") {
            let expected = "the digest of 32 random bytes, not of the empty string";
            diagnostics.add(FaultCode::EmptyToken, &name, expected);
        }
        if before.iter().any(|token| token.name() == name) {
            let expected = "a unique name";
            diagnostics.add(FaultCode::DuplicateName, &name, expected);
        }
        if let Some(same) = before.iter().find(|token| token.digest == digest) {
            let expected = format!("a token that differs from that of {}", same.name());
            diagnostics.add(FaultCode::DuplicateToken, &name, expected);
        }
        match ActorId::new(&name) {
            Ok(id) => Some(Token {
                actor: Actor::new(kind, id),
                role,
                digest,
            }),
            Err(error) => {
                let expected = format!("a name for the journal ({error})");
                diagnostics.add(FaultCode::InvalidName, name, expected);
                None
            }
        }
    }
}

impl Token {
    fn name(&self) -> &str {
        self.actor.id.as_str()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|token| (&token.actor.id, token.role));
        f.debug_map().entries(named).finish()
    }
}

impl fmt::Debug for TokensBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|token| (&token.name, token.role));
        f.debug_map().entries(named).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(builder: TokensBuilder) -> Vec<(FaultCode, String)> {
        let error = builder.build().unwrap_err();
        let faults = error.faults().iter();
        faults
            .map(|fault| (fault.code(), fault.value().to_owned()))
            .collect()
    }

    #[test]
    fn a_set_without_tokens_cannot_be_built() {
        assert_eq!(
            kinds(Tokens::builder()),
            [(FaultCode::NoTokens, String::new())]
        );
    }

    #[test]
    fn all_faults_are_reported_at_once_and_none_shows_a_digest() {
        let builder = Tokens::builder()
            .operator("mara", TokenDigest::of("one"))
            .viewer("mara", TokenDigest::of("two"))
            .viewer("wall", TokenDigest::of("one"))
            .operator("new\nline", TokenDigest::of("three"))
            .service("ci", Role::Viewer, TokenDigest::of(""));
        let error = builder.clone().build().unwrap_err();
        assert_eq!(
            kinds(builder),
            [
                (FaultCode::DuplicateName, "mara".to_owned()),
                (FaultCode::DuplicateToken, "wall".to_owned()),
                (FaultCode::InvalidName, "new\nline".to_owned()),
                (FaultCode::EmptyToken, "ci".to_owned()),
            ]
        );
        assert!(
            error
                .to_string()
                .contains("a token that differs from that of mara"),
            "{error}"
        );
        let hex = |text: &str| TokenDigest::parse(text).is_ok();
        assert!(!error.to_string().split_whitespace().any(hex));
    }

    #[test]
    fn a_token_is_known_by_its_digest_alone() {
        let tokens = Tokens::builder()
            .operator("mara", TokenDigest::of("one"))
            .service("ci", Role::Viewer, TokenDigest::of("two"))
            .build()
            .unwrap();
        let ci = tokens.find(b"two", Via::Bearer).unwrap();
        assert_eq!(
            (ci.actor.to_string().as_str(), ci.role),
            ("service ci", Role::Viewer)
        );
        assert!(tokens.find(b"three", Via::Bearer).is_none());
        assert!(tokens.find(b"", Via::Bearer).is_none());
        assert_eq!(format!("{tokens:?}"), r#"{"mara": Operator, "ci": Viewer}"#);
    }
}
