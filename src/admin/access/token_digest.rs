//! Digests of tokens.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The SHA-256 of a token, which is all that the service keeps of it.
///
/// A digest protects only tokens that cannot be guessed: make them from 32 random bytes.
///
/// ```text
/// token=$(openssl rand -hex 32)           # for the operator
/// printf %s "$token" | sha256sum          # for the configuration
/// ```
///
/// ```
/// use legacy_http_compat::admin::TokenDigest;
///
/// let digest = TokenDigest::parse("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?;
/// assert_eq!(digest, TokenDigest::of("hello"));
/// assert_eq!(format!("{digest:?}"), "TokenDigest(..)", "not shown");
/// # Ok::<(), legacy_http_compat::admin::TokenDigestError>(())
/// ```
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

/// An invalid digest. The error does not repeat the text, which may be the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid token digest of {characters} characters: expected the SHA-256 of the token as 64 lower-case hexadecimal digits"
)]
pub struct TokenDigestError {
    characters: usize,
}

impl TokenDigest {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(token.as_ref()).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// If the text is anything else.
    pub fn parse(text: &str) -> Result<Self, TokenDigestError> {
        let invalid = TokenDigestError {
            characters: text.chars().count(),
        };
        let mut bytes = [0; 32];
        let decoded = hex::decode_to_slice(text, &mut bytes);
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match decoded {
            Ok(()) if is_lower => Ok(Self(bytes)),
            _ => Err(invalid),
        }
    }

    /// Whether both are equal, in constant time.
    pub(super) fn matches(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other).into()
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let hex = "0a".repeat(32);
        assert_eq!(TokenDigest::parse(&hex), Ok(TokenDigest([10; 32])));
        for text in [
            "",
            "0a",
            &hex.to_uppercase(),
            &format!("{hex}0"),
            &"é".repeat(32),
            &"0g".repeat(32),
        ] {
            assert!(TokenDigest::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_error_does_not_repeat_the_text() {
        let error = TokenDigest::parse("s3cret-token").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert!(error.to_string().contains("of 12 characters"), "{error}");
    }
}
