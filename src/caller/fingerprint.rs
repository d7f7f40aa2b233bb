//! The fingerprint of an installation, from the parts of an identity signal under a secret key.
//!
//! A fingerprint is SipHash-2-4-128 under the application's key of this message:
//!
//! ```text
//! message = "lhc-fp-1" count part* last
//! count   = how many parts there are, the last included, as a little-endian u64
//! part    = length of the bytes as a little-endian u64, the bytes, zeros up to a multiple of 8
//! last    = the bytes of the last part, up to the end
//! ```
//!
//! Parts come in pairs, the name of a signal and its value. Every part but the last has its length before it, and the
//! count determines which is the last, so no two lists of parts give the same message. Everything but the last value can be
//! hashed in advance if a signal has one value. Fingerprints are stored and compared for years: this must not change, and
//! the tests check it against recorded values.

use std::fmt;
use std::hash::Hasher as _;

use hex::FromHexError;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// What the message of a fingerprint starts with.
const DOMAIN: &[u8; 8] = b"lhc-fp-1";

/// What the key check is the hash of. No fingerprint is: those start with another domain.
const CHECKED: &[u8] = b"legacy-http-compat key check 1";

/// A keyed pseudonym of the signal that identifies one installation, shown as `psd_<32 hex>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    // Two words instead of one, whose alignment would enlarge every caller by a fifth.
    high: u64,
    low: u64,
}

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

/// The hash of the parts so far, always at a multiple of 8 bytes.
#[derive(Clone)]
pub(super) struct Pseudonym(SipHasher24);

impl Fingerprint {
    /// The pseudonym with this value.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each word is a half")]
    pub const fn from_u128(value: u128) -> Self {
        Self {
            high: (value >> 64) as u64,
            low: value as u64,
        }
    }

    /// The value, as [`Fingerprint::from_u128`] takes it.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "psd_{:032x}", self.as_u128())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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

impl Pseudonym {
    /// The hash before the first of so many parts.
    pub(super) fn under(key: &FingerprintKey, count: usize) -> Self {
        let mut hash = Self(key.hasher());
        hash.0.write(DOMAIN);
        hash.write_number(count);
        hash
    }

    /// With one more part; others follow.
    pub(super) fn with(mut self, part: &[u8]) -> Self {
        self.write_number(part.len());
        self.0.write(part);
        self.0.write(&[0; 8][..part.len().wrapping_neg() % 8]);
        self
    }

    /// The fingerprint once the last part is added.
    #[inline]
    pub(super) fn finish_with(&self, part: &[u8]) -> Fingerprint {
        Fingerprint::from_u128(self.0.hash(part).into())
    }

    fn write_number(&mut self, number: usize) {
        self.0.write(&(number as u64).to_le_bytes());
    }
}

impl fmt::Debug for Pseudonym {
    /// Without the state, which would reveal the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "00112233445566778899aAbBcCdDeEfF";
    const KEY: FingerprintKey = FingerprintKey::new(*b"0123456789abcdef");

    /// Recorded values: a change here makes every known caller a new one.
    const GOLDEN: [(&[&str], &str); 4] = [
        (
            &["header:x-client-id", "6f1c1c9e-8f0a-4c55-9d7e-0a3f5f1f2b11"],
            "psd_550146cdc87c6072a369884ee211469d",
        ),
        (
            &["header:x-client-id", "a"],
            "psd_491c426f433e01251bd4ce54cfb42b0f",
        ),
        (
            &["client_address", "\u{7f}\0\0\u{1}", "product", "core-agent"],
            "psd_0d39ee1c2eae627daafeccee54b6b89d",
        ),
        (
            &["header:x-client-id", "exactly 16 bytes"],
            "psd_18d46c59f0455b9d2e70132f1ec91d2a",
        ),
    ];

    fn fingerprint(parts: &[impl AsRef<[u8]>]) -> Fingerprint {
        let (last, before) = parts.split_last().unwrap();
        let start = Pseudonym::under(&KEY, parts.len());
        let state = before
            .iter()
            .fold(start, |state, part| state.with(part.as_ref()));
        state.finish_with(last.as_ref())
    }

    /// The message as the module's documentation defines it, built the slow way.
    fn message(parts: &[Vec<u8>]) -> Vec<u8> {
        let (last, before) = parts.split_last().unwrap();
        let mut message = DOMAIN.to_vec();
        message.extend((parts.len() as u64).to_le_bytes());
        for part in before {
            message.extend((part.len() as u64).to_le_bytes());
            message.extend(part);
            message.resize(message.len().next_multiple_of(8), 0);
        }
        message.extend(last);
        message
    }

    fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let part = proptest::collection::vec(prop_oneof![Just(0_u8), Just(8), any::<u8>()], 0..20);
        proptest::collection::vec(part, 1..5)
    }

    #[test]
    fn fingerprints_are_the_same_in_every_version_of_the_crate() {
        for (parts, expected) in GOLDEN {
            assert_eq!(fingerprint(parts).to_string(), expected, "{parts:?}");
        }
    }

    #[test]
    fn another_key_gives_another_fingerprint() {
        let other = Pseudonym::under(&FingerprintKey::new([7; 16]), 1).finish_with(b"a");
        assert_ne!(other, fingerprint(&["a"]));
    }

    #[test]
    fn bytes_moved_from_one_part_to_the_next_give_another_fingerprint() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_ne!(fingerprint(&["a", ""]), fingerprint(&["a"]));
        assert_ne!(fingerprint(&["a\0", "b"]), fingerprint(&["a", "b"]));
    }

    #[test]
    fn the_state_is_not_printed() {
        assert_eq!(format!("{:?}", Pseudonym::under(&KEY, 1)), "Pseudonym(..)");
    }

    #[test]
    fn the_key_check_is_the_same_in_every_version_of_the_crate() {
        let key = FingerprintKey::from_hex(HEX).unwrap();
        assert_eq!(key.key_check().to_string(), "ca435c447a7bb6dd");
        assert_eq!(
            KeyCheck::from_u64(key.key_check().as_u64()),
            key.key_check()
        );
    }

    #[test]
    fn another_key_has_another_check() {
        let key = FingerprintKey::from_hex(HEX).unwrap();
        assert_ne!(key.key_check(), FingerprintKey::new([0; 16]).key_check());
    }

    #[test]
    fn hexadecimal_digits_give_the_bytes_in_their_order() {
        let key = FingerprintKey::from_hex(HEX).unwrap();
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

    proptest! {
        #[test]
        fn the_hash_is_that_of_the_documented_message(parts in parts()) {
            let expected = KEY.hasher().hash(&message(&parts));
            prop_assert_eq!(fingerprint(&parts).as_u128(), expected.into());
        }

        #[test]
        fn two_lists_of_parts_never_make_the_same_message(left in parts(), right in parts()) {
            prop_assert_eq!(message(&left) == message(&right), left == right);
        }

        #[test]
        fn a_list_cut_anew_never_makes_the_same_message(
            bytes in proptest::collection::vec(any::<u8>(), 1..30), left in 0_usize..30, right in 0_usize..30,
        ) {
            let cut = |at: usize| {
                let (before, after) = bytes.split_at(at.min(bytes.len()));
                vec![before.to_vec(), after.to_vec()]
            };
            let (left, right) = (cut(left), cut(right));
            prop_assert_eq!(message(&left) == message(&right), left == right);
        }
    }
}
