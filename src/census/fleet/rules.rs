//! What an instance gathers evidence by, as text.

use serde::{Deserialize, Serialize};

use crate::{
    caller::{Kinds, RulesDigest},
    census::rules::RulesInForce,
};

/// The contract and the detector's rules of an instance. Two instances with the same text gather the same evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rules {
    pub(super) contract: Option<String>,
    /// The digest of each kind's rules by its name.
    pub(super) kinds: Vec<(String, String)>,
}

impl Rules {
    pub(super) fn of(rules: &RulesInForce, kinds: &Kinds) -> Self {
        let digests = kinds.names().zip(&rules.kinds);
        Self {
            contract: rules.contract.as_ref().map(|served| served.digest.clone()),
            kinds: digests
                .map(|(name, (digest, _))| (name.to_owned(), digest.to_string()))
                .collect(),
        }
    }

    pub(super) fn to_text(&self) -> String {
        // Strings and lists of them can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What [`to_text`](Self::to_text) wrote; no rules for anything else.
    pub(super) fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The same for kinds of these names, as in force from the beginning.
    #[cfg(feature = "cli")]
    pub(super) fn in_force(&self, kinds: &Kinds) -> RulesInForce {
        let digest = |name: &str| {
            let mut known = self.kinds.iter();
            let (_, digest) = known.find(|(known, _)| known == name)?;
            u128::from_str_radix(digest, 16).ok()
        };
        let digests = kinds.names().map(|name| digest(name).unwrap_or(0));
        RulesInForce {
            kinds: digests.map(|of| (RulesDigest::from_u128(of), 0)).collect(),
            contract: None,
        }
    }

    /// Whether a kind is seen by the same rules.
    pub(super) fn has(&self, kind: &str, digest: RulesDigest) -> bool {
        let digest = digest.to_string();
        self.kinds
            .iter()
            .any(|(name, of)| name == kind && *of == digest)
    }
}
