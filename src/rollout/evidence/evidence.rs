//! The built-in gates, the report of a gate, and its evidence.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::figures::{
    AllCallersResolvedEvidence, AutoRollbackEvidence, CoverageEvidence, InstrumentationEvidence,
    NoDependentResponsesEvidence, NoOpenIncidentEvidence, RequiredChecksEvidence, UnknownEvidence,
    UnknownReason,
};
use crate::{
    rollout::{json_object::JsonObject, names::Identifier},
    words::words,
};

/// Whether one gate passes, and the evidence for it.
///
/// ```
/// use legacy_http_compat::rollout::{gate::GateReport, names::Identifier};
/// use serde_json::json;
///
/// let report = GateReport::new(Identifier::new("weekday")?, false, json!({"day": "friday"}));
/// assert!(!report.passed);
/// assert_eq!(report.evidence.to_members()["day"], "friday");
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GateReport {
    /// The name of the gate.
    pub name: Identifier,
    /// Whether the gate passes.
    pub passed: bool,
    /// What the verdict is based on.
    pub evidence: Evidence,
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
}

impl<'de> Deserialize<'de> for GateReport {
    /// Reads the evidence by the name of the gate; evidence of a built-in gate that is not of its form is kept as a
    /// JSON object.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
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

/// What the verdict of a gate is based on: the figures of a built-in gate, or a JSON object of one's own.
///
/// In JSON it is one object, without a tag: its form follows from the name of the gate. It goes into the journal:
/// figures and names, never a secret, an address or a raw user agent.
///
/// ```
/// use legacy_http_compat::rollout::gate::{Evidence, GateReport};
///
/// let report: GateReport = serde_json::from_str(
///     r#"{"name": "no_open_incident", "passed": false, "evidence": {"open": 1, "incidents": ["INC-4711"]}}"#,
/// )?;
/// let Evidence::NoOpenIncident(evidence) = &report.evidence else { panic!() };
/// assert_eq!(evidence.incidents[0].as_str(), "INC-4711");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Evidence {
    /// Of [`BuiltInGate::Instrumentation`].
    Instrumentation(InstrumentationEvidence),
    /// Of [`BuiltInGate::RequiredChecks`].
    RequiredChecks(RequiredChecksEvidence),
    /// Of [`BuiltInGate::NoDependentResponses`].
    NoDependentResponses(NoDependentResponsesEvidence),
    /// Of [`BuiltInGate::AllCallersResolved`].
    AllCallersResolved(AllCallersResolvedEvidence),
    /// Of [`BuiltInGate::Coverage`].
    Coverage(CoverageEvidence),
    /// Of [`BuiltInGate::NoOpenIncident`].
    NoOpenIncident(NoOpenIncidentEvidence),
    /// Of an automatic rollback.
    AutoRollback(AutoRollbackEvidence),
    /// Of any gate that could not be evaluated.
    Unknown(UnknownEvidence),
    /// Of a gate of one's own, or of a built-in gate of another version of this crate.
    Custom(CustomEvidence),
}

/// The evidence of a gate of one's own: a JSON object of at most 4 KiB, written without white space.
pub type CustomEvidence = JsonObject<4096>;

impl Evidence {
    /// Reads the evidence of the gate of this name.
    pub(super) fn read(gate: &Identifier, members: Map<String, Value>) -> Self {
        let typed = typed::<UnknownEvidence>(&members).map(Self::Unknown);
        typed
            .or_else(|| Self::built_in(gate.as_str(), &members))
            .unwrap_or_else(|| Self::Custom(JsonObject::unbounded(members)))
    }

    fn built_in(gate: &str, members: &Map<String, Value>) -> Option<Self> {
        if gate == AutoRollbackEvidence::NAME {
            return typed(members).map(Self::AutoRollback);
        }
        match BuiltInGate::find(gate)? {
            BuiltInGate::Instrumentation => typed(members).map(Self::Instrumentation),
            BuiltInGate::RequiredChecks => typed(members).map(Self::RequiredChecks),
            BuiltInGate::NoDependentResponses => typed(members).map(Self::NoDependentResponses),
            BuiltInGate::AllCallersResolved => typed(members).map(Self::AllCallersResolved),
            BuiltInGate::Coverage => typed(members).map(Self::Coverage),
            BuiltInGate::NoOpenIncident => typed(members).map(Self::NoOpenIncident),
        }
    }

    /// The evidence as the members of its JSON object.
    ///
    /// # Panics
    ///
    /// Never: every form of evidence is written as an object.
    #[must_use]
    pub fn to_members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            other => unreachable!("evidence is written as a JSON object: {other:?}"),
        }
    }
}

impl From<Value> for Evidence {
    /// Evidence of a gate of one's own. What is not an object becomes the member `value`; what is too large is left out
    /// with its size as `left_out_bytes`, so that a gate never fails to report.
    fn from(value: Value) -> Self {
        Self::Custom(JsonObject::fitted(value))
    }
}

impl From<UnknownReason> for Evidence {
    fn from(unknown: UnknownReason) -> Self {
        Self::Unknown(UnknownEvidence { unknown })
    }
}

fn typed<T: DeserializeOwned>(members: &Map<String, Value>) -> Option<T> {
    T::deserialize(members).ok()
}

words! {
    /// A gate that comes with the crate.
    #[non_exhaustive]
    pub enum BuiltInGate {
        /// Census and metrics are attached, and the census is watching.
        Instrumentation = "instrumentation",
        /// Each required check was reported green, not too long ago.
        RequiredChecks = "required_checks",
        /// No dependent response in the quiet window, waived callers aside: the traffic of known callers has stopped.
        NoDependentResponses = "no_dependent_responses",
        /// Every caller that depended or may has migrated, is waived or is gone, and silence was watched for a whole window.
        AllCallersResolved = "all_callers_resolved",
        /// The window was watched, no census data was lost, there was traffic, and this process saw all of it.
        Coverage = "coverage",
        /// No incident is open.
        NoOpenIncident = "no_open_incident",
    }
}

impl BuiltInGate {
    /// The default gates of cutover and retirement.
    pub(in crate::rollout) const EVIDENCE: [Self; 5] = [
        Self::RequiredChecks,
        Self::NoDependentResponses,
        Self::AllCallersResolved,
        Self::Coverage,
        Self::NoOpenIncident,
    ];

    /// The name as an identifier.
    ///
    /// # Panics
    ///
    /// Never: each name is a token.
    #[must_use]
    pub fn identifier(self) -> Identifier {
        Identifier::new(self.as_str()).expect("the names of the built-in gates are tokens")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        assert!(matches!(built_in.evidence, Evidence::NoOpenIncident(_)));
        assert!(matches!(
            read("weekday", &open).evidence,
            Evidence::Custom(_)
        ));
    }

    #[test]
    fn evidence_of_another_version_is_kept_whole_as_an_object() {
        let later = json!({ "open": 1, "incidents": [], "severity": "high" });
        let report = read("no_open_incident", &later);
        assert!(matches!(report.evidence, Evidence::Custom(_)));
    }

    #[test]
    fn any_gate_can_be_unknown() {
        for name in ["coverage", "weekday"] {
            let report = read(name, &json!({ "unknown": "panicked" }));
            let expected = Evidence::from(UnknownReason::Panicked);
            assert_eq!(report.evidence, expected);
        }
        let own = read("weekday", &json!({ "unknown": "no calendar" }));
        assert!(matches!(own.evidence, Evidence::Custom(_)));
    }
}
