//! What is wrong with a set of tokens.

use crate::faults::fault_types;

fault_types! {
    /// Why something is no set of tokens: all of its faults.
    InvalidTokens,
    /// One fault of a set of tokens. The value is the offending name; no digest is ever part of it.
    TokenFault of TokenFaultKind,
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
