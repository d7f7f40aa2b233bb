//! What a gate says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{bounded_json::Evidence, texts::Identifier};

/// The verdict of one gate, and what it rests on.
///
/// ```
/// use legacy_http_compat::rollout::{GateReport, Identifier};
/// use serde_json::json;
///
/// let report = GateReport::failed(Identifier::new("no_dependent_responses")?, json!({"dependent_responses": 12, "window": "24h"}));
/// assert!(!report.passed());
/// assert_eq!(report.evidence().members()["dependent_responses"], 12);
/// # Ok::<(), legacy_http_compat::rollout::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateReport {
    name: Identifier,
    passed: bool,
    evidence: Evidence,
}

impl GateReport {
    /// The report of a gate.
    #[must_use]
    pub const fn new(name: Identifier, passed: bool, evidence: Evidence) -> Self {
        Self {
            name,
            passed,
            evidence,
        }
    }

    /// The report of a gate that lets pass. Evidence that is too large is left out, see [`Evidence::fitted`].
    #[must_use]
    pub fn ok(name: Identifier, evidence: Value) -> Self {
        Self::new(name, true, Evidence::fitted(evidence))
    }

    /// The report of a gate that does not. Evidence that is too large is left out, see [`Evidence::fitted`].
    #[must_use]
    pub fn failed(name: Identifier, evidence: Value) -> Self {
        Self::new(name, false, Evidence::fitted(evidence))
    }

    /// The name of the gate.
    #[must_use]
    pub const fn name(&self) -> &Identifier {
        &self.name
    }

    /// Whether the gate lets pass.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// What the verdict rests on.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}
