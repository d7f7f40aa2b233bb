//! The report of one gate.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::evidence::Evidence;
use crate::rollout::texts::Identifier;

/// Whether one gate passes, and the evidence for it.
///
/// ```
/// use legacy_http_compat::rollout::{GateReport, Identifier};
/// use serde_json::json;
///
/// let report = GateReport::new(Identifier::new("weekday")?, false, json!({"day": "friday"}));
/// assert!(!report.passed());
/// assert_eq!(report.evidence().to_members()["day"], "friday");
/// # Ok::<(), legacy_http_compat::rollout::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateReport {
    name: Identifier,
    passed: bool,
    evidence: Evidence,
}

impl GateReport {
    /// The report of a gate. JSON evidence is bounded, see [`Evidence`]'s `From<Value>`.
    #[must_use]
    pub fn new(name: Identifier, passed: bool, evidence: impl Into<Evidence>) -> Self {
        Self {
            name,
            passed,
            evidence: evidence.into(),
        }
    }

    /// The name of the gate.
    #[must_use]
    pub const fn name(&self) -> &Identifier {
        &self.name
    }

    /// Whether the gate passes.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// What the verdict is based on.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

impl<'de> Deserialize<'de> for GateReport {
    /// Reads the evidence by the name of the gate; evidence of a built-in gate that is not of its form is kept as a
    /// JSON object.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Untyped {
            name: Identifier,
            passed: bool,
            evidence: Map<String, Value>,
        }
        let Untyped {
            name,
            passed,
            evidence,
        } = Untyped::deserialize(deserializer)?;
        let evidence = Evidence::read(&name, evidence);
        Ok(Self {
            name,
            passed,
            evidence,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rollout::evidence::UnknownReason;

    fn read(name: &str, evidence: &Value) -> GateReport {
        let report = json!({ "name": name, "passed": false, "evidence": evidence });
        let report: GateReport = serde_json::from_value(report).unwrap();
        let written = serde_json::to_value(&report).unwrap();
        assert_eq!(written["evidence"], *evidence, "reads back as written");
        report
    }

    #[test]
    fn evidence_is_typed_by_the_name_of_its_gate() {
        let open = json!({ "open": 1, "incidents": ["INC-1"] });
        let built_in = read("no_open_incident", &open);
        assert!(matches!(built_in.evidence(), Evidence::NoOpenIncident(_)));
        assert!(matches!(
            read("weekday", &open).evidence(),
            Evidence::Custom(_)
        ));
    }

    #[test]
    fn evidence_of_another_version_is_kept_whole_as_an_object() {
        let later = json!({ "open": 1, "incidents": [], "severity": "high" });
        let report = read("no_open_incident", &later);
        assert!(matches!(report.evidence(), Evidence::Custom(_)));
    }

    #[test]
    fn any_gate_can_be_unknown() {
        for name in ["coverage", "weekday"] {
            let report = read(name, &json!({ "unknown": "panicked" }));
            let expected = Evidence::from(UnknownReason::Panicked);
            assert_eq!(*report.evidence(), expected);
        }
        let own = read("weekday", &json!({ "unknown": "no calendar" }));
        assert!(matches!(own.evidence(), Evidence::Custom(_)));
    }
}
