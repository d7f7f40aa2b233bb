//! Secrets: made by a CSPRNG, kept as digests, compared in constant time.

use rand::seq::IndexedRandom;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// Consonants only, so that a code spells no word and has no letter that looks like a digit
/// (RFC 8628, section 6.1). Eight of them carry 34 bits.
const USER_CODE_ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What is kept of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the digest of `secret`, in constant time.
    pub(crate) fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

/// A new secret of 256 bits, like `prefix_<64 hex>`.
pub(crate) fn fresh_secret(prefix: &str) -> String {
    use std::fmt::Write as _;

    let bytes: [u8; 32] = rand::random();
    let mut secret = format!("{prefix}_");
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(secret, "{byte:02x}");
    }
    secret
}

/// A new code for a human to compare and type, like `BCDF-GHJK`.
pub(crate) fn fresh_user_code() -> String {
    let mut rng = rand::rng();
    let mut letters = || {
        let letter = USER_CODE_ALPHABET.choose(&mut rng);
        letter.map_or('B', |letter| char::from(*letter))
    };
    let half =
        |letters: &mut dyn FnMut() -> char| -> String { (0..4).map(|_| letters()).collect() };
    format!("{}-{}", half(&mut letters), half(&mut letters))
}

/// A user code as [`fresh_user_code`] spells it, from what a human typed.
pub(crate) fn spell_user_code(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let mut code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    if code.len() == 8 {
        code.insert(4, '-');
    }
    code
}
