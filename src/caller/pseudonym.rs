//! From the parts of an identity signal to a fingerprint.
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

use siphasher::sip128::SipHasher24;

use super::caller::Fingerprint;
use super::fingerprint_key::FingerprintKey;

const DOMAIN: &[u8; 8] = b"lhc-fp-1";

/// The hash of the parts so far, always at a multiple of 8 bytes.
#[derive(Clone)]
pub(super) struct Pseudonym(SipHasher24);

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
