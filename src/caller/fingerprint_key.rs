//! The secret under which identity signals become pseudonyms.

use std::fmt;
use std::hash::Hasher as _;

use hex::FromHexError;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// What the key check is the hash of. No fingerprint is: those start with another domain (see [`super::pseudonym`]).
const CHECKED: &[u8] = b"legacy-http-compat key check 1";

/// The secret 16-byte key of the fingerprints. It is never printed.
///
/// With the key, identities can be guessed until a fingerprint matches, so keep it like a password. A new key makes every
/// caller a new one: the same installation has another fingerprint under each key.
///
/// ```
/// use legacy_http_compat::caller::FingerprintKey;
///
/// let key = FingerprintKey::from_hex("000102030405060708090a0b0c0d0e0f")?;
/// assert_eq!(format!("{key:?}"), "FingerprintKey(..)");
/// assert_eq!(key.key_check(), FingerprintKey::new(*b"\0\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f").key_check());
/// # Ok::<(), legacy_http_compat::caller::FingerprintKeyError>(())
/// ```
#[derive(Clone)]
pub struct FingerprintKey([u8; Self::LENGTH]);

/// A short value that distinguishes keys and reveals none.
///
/// It is stored beside fingerprints, so that those of two keys are never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyCheck(u64);

/// Why a text is not a key. Neither `Display` nor `Debug` shows any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint key is written as 32 hexadecimal digits; {kind}")]
pub struct FingerprintKeyError {
    kind: FingerprintKeyErrorKind,
}

/// What is wrong with the text of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintKeyErrorKind {
    /// It has this many bytes instead of 32.
    #[error("this text has {0} bytes")]
    Length(usize),
    /// The byte at this index is not a hexadecimal digit.
    #[error("the byte at index {0} is not one")]
    NotHex(usize),
}

impl FingerprintKey {
    /// The length of a key in bytes.
    pub const LENGTH: usize = 16;

    /// The key with these bytes. Take them from a source of secret randomness.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The key written as 32 hexadecimal digits of either case.
    ///
    /// # Errors
    ///
    /// When the text has another length or contains anything else. The error does not contain the text.
    pub fn from_hex(text: &str) -> Result<Self, FingerprintKeyError> {
        let mut bytes = [0; Self::LENGTH];
        hex::decode_to_slice(text, &mut bytes).map_err(|error| match error {
            FromHexError::InvalidHexCharacter { index, .. } => {
                FingerprintKeyErrorKind::NotHex(index)
            }
            _ => FingerprintKeyErrorKind::Length(text.len()),
        })?;
        Ok(Self(bytes))
    }

    /// The value that reveals a changed key: half of SipHash-2-4-128 of a fixed text under this key.
    #[must_use]
    pub fn key_check(&self) -> KeyCheck {
        let mut hasher = self.hasher();
        hasher.write(CHECKED);
        KeyCheck(hasher.finish128().h1)
    }

    pub(super) fn hasher(&self) -> SipHasher24 {
        SipHasher24::new_with_key(&self.0)
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

impl KeyCheck {
    /// The check with this value.
    #[must_use]
    pub const fn from_u64(value: u64) -> Self {
        Self(value)
    }

    /// The value, as [`KeyCheck::from_u64`] takes it.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for KeyCheck {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FingerprintKeyError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> FingerprintKeyErrorKind {
        self.kind
    }
}

impl From<FingerprintKeyErrorKind> for FingerprintKeyError {
    fn from(kind: FingerprintKeyErrorKind) -> Self {
        Self { kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00112233445566778899aAbBcCdDeEfF";

    #[test]
    fn the_key_check_is_the_same_in_every_version_of_the_crate() {
        let key = FingerprintKey::from_hex(KEY).unwrap();
        assert_eq!(key.key_check().to_string(), "ca435c447a7bb6dd");
        assert_eq!(
            KeyCheck::from_u64(key.key_check().as_u64()),
            key.key_check()
        );
    }

    #[test]
    fn another_key_has_another_check() {
        let key = FingerprintKey::from_hex(KEY).unwrap();
        assert_ne!(key.key_check(), FingerprintKey::new([0; 16]).key_check());
    }

    #[test]
    fn hexadecimal_digits_give_the_bytes_in_their_order() {
        let key = FingerprintKey::from_hex(KEY).unwrap();
        assert_eq!(key.0[..3], [0x00, 0x11, 0x22]);
        assert_eq!(key.0[15], 0xff);
    }

    #[test]
    fn a_text_that_is_no_key_is_named_by_what_is_wrong_and_never_shown() {
        let short = FingerprintKey::from_hex("5ec4e7").unwrap_err();
        assert_eq!(short.kind(), FingerprintKeyErrorKind::Length(6));
        let odd = FingerprintKey::from_hex("5ec4e75ec4e75ec4e75ec4e75ec4e7é").unwrap_err();
        assert_eq!(odd.kind(), FingerprintKeyErrorKind::NotHex(30));
        for error in [short, odd] {
            assert!(!format!("{error} {error:?}").contains("5ec4"), "{error}");
        }
    }
}
