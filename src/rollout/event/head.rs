//! The head of a journal.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The SHA-256 that identifies an event and all events before it: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventHash([u8; 32]);

/// The head of a journal: sequence number and hash of its last event.
///
/// As text, in JSON too, it is `SEQ:HASH`. Two journals with the same head hold the same events.
///
/// ```
/// use legacy_http_compat::rollout::event::Head;
///
/// let text = format!("7:{}", "0a".repeat(32));
/// let head: Head = text.parse()?;
/// assert_eq!((head.seq, head.to_string()), (7, text));
/// assert!("7".parse::<Head>().is_err());
/// # Ok::<(), legacy_http_compat::rollout::event::InvalidHead>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is these two and nothing else"
)]
pub struct Head {
    /// The sequence number of the last event; 0 if there is none.
    pub seq: u64,
    /// Its hash; zeros if there is none.
    pub hash: EventHash,
}

/// A text that is not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected SEQ:HASH, a number and 64 lower-case hexadecimal digits")]
pub struct InvalidHead(());

impl EventHash {
    /// The hash before the first event: zeros.
    pub const NONE: Self = Self([0; 32]);

    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[cfg(feature = "postgres")]
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Reads its hexadecimal digits, of which there is one spelling.
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        is_lower.then_some(Self(bytes))
    }
}

impl Head {
    /// The head of an empty journal.
    pub const NONE: Self = Self {
        seq: 0,
        hash: EventHash::NONE,
    };
}

impl FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(number, hash)| {
            let seq: u64 = number.parse().ok()?;
            let plain = seq.to_string() == number;
            Some((plain.then_some(seq)?, EventHash::parse(hash)?))
        });
        let (seq, hash) = parts.ok_or(InvalidHead(()))?;
        Ok(Self { seq, hash })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl fmt::Display for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_one_spelling() {
        let hex = "0a".repeat(32);
        assert!(format!("0:{hex}").parse::<Head>().is_ok());
        for text in [
            format!("07:{hex}"),
            format!("+7:{hex}"),
            format!("7:{}", hex.to_uppercase()),
            format!("7:{hex}0"),
            format!("7{hex}"),
            String::new(),
        ] {
            assert!(text.parse::<Head>().is_err(), "{text}");
        }
    }
}
