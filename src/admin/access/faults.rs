//! What is wrong with a set of tokens.

use std::{error::Error, fmt};

/// Why something is no set of tokens: all of its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTokens {
    faults: Vec<TokenFault>,
}

/// One fault of a set of tokens. No digest is ever part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFault {
    kind: TokenFaultKind,
    value: String,
    remedy: String,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFaultKind {
    /// There is no token at all, so nobody could come in.
    NoTokens,
    /// The name cannot stand in the journal.
    InvalidName,
    /// Two tokens have this name: the journal could not tell who it was.
    DuplicateName,
    /// Two names have the same token: the journal could not tell who it was.
    DuplicateToken,
    /// The digest is that of the empty text.
    EmptyToken,
}

impl InvalidTokens {
    pub(super) const fn new(faults: Vec<TokenFault>) -> Self {
        Self { faults }
    }

    /// All faults; at least one.
    #[must_use]
    pub fn faults(&self) -> &[TokenFault] {
        &self.faults
    }
}

impl TokenFault {
    pub(super) fn new(
        kind: TokenFaultKind,
        value: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            value: value.into(),
            remedy: remedy.into(),
        }
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> TokenFaultKind {
        self.kind
    }

    /// The offending name.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would be right.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for InvalidTokens {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, fault) in self.faults.iter().enumerate() {
            let separator = if count == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            value,
            remedy,
        } = self;
        write!(f, "{} {value:?}; {remedy}", kind.as_str())
    }
}

impl Error for InvalidTokens {}

impl TokenFaultKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoTokens => "no tokens",
            Self::InvalidName => "invalid name",
            Self::DuplicateName => "name given twice",
            Self::DuplicateToken => "token given twice",
            Self::EmptyToken => "empty token",
        }
    }
}
