//! A token as the service knows it.

use std::{error::Error, fmt};

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The SHA-256 of a token. The service never needs to keep the token itself.
///
/// A digest protects tokens that cannot be guessed, and no others: make them of 32 random bytes, and never by hand.
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
/// assert_eq!(format!("{digest:?}"), "TokenDigest(..)", "not even this is shown");
/// # Ok::<(), legacy_http_compat::admin::InvalidTokenDigest>(())
/// ```
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

/// A text that is no digest. It is not repeated here: it may be the token, given in place of its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTokenDigest {
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
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidTokenDigest> {
        let invalid = InvalidTokenDigest {
            characters: text.chars().count(),
        };
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(invalid);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(digit);
            *byte = high
                .zip(low)
                .map(|(high, low)| high << 4 | low)
                .ok_or(invalid)?;
        }
        Ok(Self(bytes))
    }

    /// Whether both are the same, in a time that does not tell where they differ.
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

impl fmt::Display for InvalidTokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters = self.characters;
        write!(
            f,
            "a text of {characters} characters is no digest: give the SHA-256 of the token in 64 lower-case hexadecimal digits"
        )
    }
}

impl Error for InvalidTokenDigest {}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_in_one_way_only() {
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
    fn the_error_does_not_repeat_what_may_be_the_token() {
        let error = TokenDigest::parse("s3cret-token").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert!(
            error.to_string().starts_with("a text of 12 characters"),
            "{error}"
        );
    }
}
