//! The tokens of the admin service.

use std::fmt;

use super::{
    identity::{Principal, Role, Via},
    token_digest::TokenDigest,
};
use crate::{
    faults::fault_types,
    rollout::{Actor, ActorId, ActorKind},
};

/// The accepted tokens, each with a name and a role. The name is the actor in the journal.
///
/// ```
/// use legacy_http_compat::admin::{Role, TokenDigest, TokenFaultKind, Tokens};
///
/// let tokens = Tokens::builder()
///     .operator("mara", TokenDigest::of("4f5c…")) // better: `TokenDigest::parse` of what `sha256sum` printed
///     .viewer("wall", TokenDigest::of("91d0…"))
///     .service("ci", Role::Operator, TokenDigest::of("c3aa…"))
///     .build()?;
/// assert_eq!(tokens.names().collect::<Vec<_>>(), ["mara", "wall", "ci"]);
///
/// let error = Tokens::builder().build().unwrap_err();
/// assert_eq!(error.faults()[0].kind(), TokenFaultKind::NoTokens);
/// # Ok::<(), legacy_http_compat::admin::InvalidTokens>(())
/// ```
#[derive(Clone)]
pub struct Tokens(Vec<Token>);

/// Builder for [`Tokens`].
#[derive(Clone)]
#[must_use]
pub struct TokensBuilder(Vec<NewToken>);

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
        found.map(|token| Principal::new(token.actor.clone(), token.role, via))
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
    pub fn build(self) -> Result<Tokens, InvalidTokens> {
        let mut faults = Faults::default();
        if self.0.is_empty() {
            let remedy = "at least one token";
            faults.add(TokenFaultKind::NoTokens, "", remedy);
        }
        let mut tokens: Vec<Token> = Vec::new();
        for token in self.0 {
            tokens.extend(token.check(&tokens, &mut faults));
        }
        faults.into_result(Tokens(tokens))
    }
}

impl NewToken {
    /// Checks the token against those before it.
    fn check(self, before: &[Token], faults: &mut Faults) -> Option<Token> {
        let Self {
            kind,
            name,
            role,
            digest,
        } = self;
        if digest == TokenDigest::of("") {
            let remedy = "the digest of 32 random bytes, not of the empty string";
            faults.add(TokenFaultKind::EmptyToken, &name, remedy);
        }
        if before.iter().any(|token| token.name() == name) {
            let remedy = "a unique name";
            faults.add(TokenFaultKind::DuplicateName, &name, remedy);
        }
        if let Some(same) = before.iter().find(|token| token.digest == digest) {
            let remedy = format!("a token that differs from that of {:?}", same.name());
            faults.add(TokenFaultKind::DuplicateToken, &name, remedy);
        }
        match ActorId::new(&name) {
            Ok(id) => Some(Token {
                actor: Actor::new(kind, id),
                role,
                digest,
            }),
            Err(error) => {
                faults.add(TokenFaultKind::InvalidName, name, error.to_string());
                None
            }
        }
    }
}

impl Token {
    fn name(&self) -> &str {
        self.actor.id().as_str()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|token| (token.actor.id(), token.role));
        f.debug_map().entries(named).finish()
    }
}

impl fmt::Debug for TokensBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|token| (&token.name, token.role));
        f.debug_map().entries(named).finish()
    }
}

fault_types! {
    /// An invalid set of tokens, with all of its faults.
    InvalidTokens,
    /// One fault of a set of tokens. The value is the offending name, never a digest.
    TokenFault of TokenFaultKind,
}

/// The kind of a [`TokenFault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFaultKind {
    /// The set is empty.
    NoTokens,
    /// The name is not a valid actor id.
    InvalidName,
    /// Two tokens have this name, so that the journal could not tell them apart.
    DuplicateName,
    /// Two names have the same token, so that the journal could not tell them apart.
    DuplicateToken,
    /// The digest is that of the empty string.
    EmptyToken,
}

impl TokenFaultKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoTokens => "no tokens",
            Self::InvalidName => "invalid name",
            Self::DuplicateName => "duplicate name",
            Self::DuplicateToken => "duplicate token",
            Self::EmptyToken => "empty token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(builder: TokensBuilder) -> Vec<(TokenFaultKind, String)> {
        let error = builder.build().unwrap_err();
        let faults = error.faults().iter();
        faults
            .map(|fault| (fault.kind(), fault.value().to_owned()))
            .collect()
    }

    #[test]
    fn a_set_without_tokens_cannot_be_built() {
        assert_eq!(
            kinds(Tokens::builder()),
            [(TokenFaultKind::NoTokens, String::new())]
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
                (TokenFaultKind::DuplicateName, "mara".to_owned()),
                (TokenFaultKind::DuplicateToken, "wall".to_owned()),
                (TokenFaultKind::InvalidName, "new\nline".to_owned()),
                (TokenFaultKind::EmptyToken, "ci".to_owned()),
            ]
        );
        assert!(
            error
                .to_string()
                .contains(r#"a token that differs from that of "mara""#),
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
            (ci.actor().to_string().as_str(), ci.role()),
            ("service ci", Role::Viewer)
        );
        assert!(tokens.find(b"three", Via::Bearer).is_none());
        assert!(tokens.find(b"", Via::Bearer).is_none());
        assert_eq!(format!("{tokens:?}"), r#"{"mara": Operator, "ci": Viewer}"#);
    }
}
