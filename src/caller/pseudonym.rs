//! From the parts of an identity signal to a fingerprint.
//!
//! A fingerprint is SipHash-2-4-128 under the application's key of this message:
//!
//! ```text
//! message = "lhc-fp-1" part*
//! part    = length of the bytes as a little-endian u64, the bytes, zeros up to a multiple of 8
//! ```
//!
//! The last part has no zeros behind it. Parts come in pairs, the name of a signal and its value. As every
//! part says its length, no two lists of parts give the same message. Fingerprints are stored and compared
//! over years: this must not change, and the tests hold it to recorded values.

use std::fmt;
use std::hash::Hasher as _;

use siphasher::sip128::SipHasher24;

use super::fingerprint_key::FingerprintKey;
use super::identity::Fingerprint;

const DOMAIN: &[u8; 8] = b"lhc-fp-1";

/// The hash of the parts so far, always at a multiple of 8 bytes.
#[derive(Clone)]
pub(super) struct Pseudonym(SipHasher24);

impl Pseudonym {
    pub(super) fn under(key: &FingerprintKey) -> Self {
        let mut hasher = key.hasher();
        hasher.write(DOMAIN);
        Self(hasher)
    }

    /// With one more part; others follow.
    pub(super) fn with(mut self, part: &[u8]) -> Self {
        self.write_length(part);
        self.0.write(part);
        self.0.write(&[0; 8][..part.len().wrapping_neg() % 8]);
        self
    }

    /// The fingerprint once this last part is added.
    pub(super) fn finish_with(mut self, part: &[u8]) -> Fingerprint {
        self.write_length(part);
        Fingerprint::from_u128(self.0.hash(part).into())
    }

    fn write_length(&mut self, part: &[u8]) {
        self.0.write(&(part.len() as u64).to_le_bytes());
    }
}

impl fmt::Debug for Pseudonym {
    /// Without the state, from which the key could be had.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: FingerprintKey = FingerprintKey::new(*b"0123456789abcdef");

    /// Recorded values: a change here makes every caller on record a stranger.
    const GOLDEN: [(&[&str], &str); 4] = [
        (
            &["header:x-client-id", "6f1c1c9e-8f0a-4c55-9d7e-0a3f5f1f2b11"],
            "psd_0e9ccf45586a80739e6ee0b017d55972",
        ),
        (
            &["header:x-client-id", "a"],
            "psd_7264a0b7c5b0cbd8f597be93594e8df1",
        ),
        (
            &["client_address", "\u{7f}\0\0\u{1}", "product", "core-agent"],
            "psd_8c4713b5a8efe53b252cb332cd91940e",
        ),
        (
            &["header:x-client-id", "exactly 16 bytes"],
            "psd_edaad5d812e865674b2f93a7db6d7c90",
        ),
    ];

    fn fingerprint(parts: &[impl AsRef<[u8]>]) -> Fingerprint {
        let (last, before) = parts.split_last().unwrap();
        let start = Pseudonym::under(&KEY);
        let state = before
            .iter()
            .fold(start, |state, part| state.with(part.as_ref()));
        state.finish_with(last.as_ref())
    }

    /// The message as the module's documentation says it, put together the slow way.
    fn message(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut message = DOMAIN.to_vec();
        for part in parts {
            message.resize(message.len().next_multiple_of(8), 0);
            message.extend((part.len() as u64).to_le_bytes());
            message.extend(part);
        }
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
        let other = Pseudonym::under(&FingerprintKey::new([7; 16])).finish_with(b"a");
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
        assert_eq!(format!("{:?}", Pseudonym::under(&KEY)), "Pseudonym(..)");
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
