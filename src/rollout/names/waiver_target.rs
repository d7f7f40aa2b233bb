//! Which callers a waiver covers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    types::Identifier,
    validate::{InvalidText, InvalidTextKind},
};
use crate::caller::Fingerprint;

/// The callers that a waiver covers.
///
/// Written as `caller psd_<32 hex>`, `kind <name>` or `anonymous`.
///
/// ```
/// use legacy_http_compat::{caller::Fingerprint, rollout::names::WaiverTarget};
///
/// let probe: WaiverTarget = "caller psd_000000000000000000000000000000ff".parse()?;
/// assert_eq!(probe, WaiverTarget::Caller(Fingerprint::from_u128(255)));
/// assert_eq!("kind AGENT".parse::<WaiverTarget>()?.to_string(), "kind AGENT");
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a gate must handle every target")]
pub enum WaiverTarget {
    /// One caller.
    Caller(Fingerprint),
    /// All callers of a client kind.
    Kind(Identifier),
    /// Callers without a fingerprint.
    Anonymous,
}

impl fmt::Display for WaiverTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(fingerprint) => write!(f, "caller {fingerprint}"),
            Self::Kind(name) => write!(f, "kind {name}"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

impl FromStr for WaiverTarget {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            Some(("caller", text)) => fingerprint(text).map(Self::Caller).ok_or(MALFORMED),
            Some(("kind", name)) => Identifier::new(name).map(Self::Kind),
            None if text == "anonymous" => Ok(Self::Anonymous),
            _ => Err(MALFORMED),
        }
    }
}

impl Serialize for WaiverTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WaiverTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

const MALFORMED: InvalidText = InvalidText::new(
    "target",
    InvalidTextKind::Malformed("'caller psd_<32 lower-case hex>', 'kind <name>' or 'anonymous'"),
);

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let hex = text.strip_prefix("psd_")?;
    let fingerprint = Fingerprint::from_u128(u128::from_str_radix(hex, 16).ok()?);
    // One spelling only: no capitals, signs or missing zeros.
    (fingerprint.to_string() == text).then_some(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "everyone",
            "anonymous ",
            "caller",
            "caller psd_ff",
            "caller psd_000000000000000000000000000000FF",
            "caller psd_+00000000000000000000000000000ff",
            "kind ",
            "kind a b",
        ] {
            assert!(text.parse::<WaiverTarget>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_target_reads_back() {
        let all = [
            WaiverTarget::Caller(Fingerprint::from_u128(u128::MAX)),
            WaiverTarget::Kind(Identifier::new("UI_RUST").unwrap()),
            WaiverTarget::Anonymous,
        ];
        for waived in all {
            let json = serde_json::to_string(&waived).unwrap();
            assert_eq!(serde_json::from_str::<WaiverTarget>(&json).unwrap(), waived);
        }
    }
}
