//! What can happen in the life of a rollout.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::Value;

use super::head::Head;
use crate::{
    caller::ClientVersion,
    rollout::{
        evidence::GateReport,
        json_object::PolicyDocument,
        names::{
            ContractDigest, FlagName, Identifier, IncidentId, InstanceId, Link, Owner, Reason,
            Summary, WaiverTarget,
        },
        phase::Phase,
        policy::PolicyDifference,
    },
    time::Timestamp,
};

/// Defines the enum of payloads, with the name of each kind in JSON.
///
/// A macro, because `serde` can derive an enum either without unknown variants or without their content.
macro_rules! payloads {
    ($(#[$docs:meta])* enum EventPayload { $($(#[$kind_docs:meta])* $kind:ident($payload:ty) = $name:literal,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EventPayload {
            $($(#[$kind_docs])* $kind($payload),)*
            /// A kind that a later version of this crate wrote.
            Unknown(UnknownPayload),
        }

        impl EventPayload {
            /// The name of the kind in JSON, such as `phase_changed`.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$kind(_) => $name,)*
                    Self::Unknown(payload) => &payload.name,
                }
            }

            fn read<'de, A: MapAccess<'de>>(name: String, map: &mut A) -> Result<Self, A::Error> {
                match name.as_str() {
                    $($name => map.next_value().map(Self::$kind),)*
                    _ => {
                        let content = map.next_value()?;
                        Ok(Self::Unknown(UnknownPayload { name, content }))
                    }
                }
            }
        }

        impl Serialize for EventPayload {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(1))?;
                match self {
                    $(Self::$kind(payload) => map.serialize_entry($name, payload)?,)*
                    Self::Unknown(payload) => map.serialize_entry(&payload.name, &payload.content)?,
                }
                map.end()
            }
        }
    };
}

payloads! {
    /// What happened.
    ///
    /// In JSON it is an object with one member, `{"incident_opened": {"incident": "INC-4711"}}`. Members of a payload
    /// that this version does not know are ignored, and a kind that it does not know is [`EventPayload::Unknown`]: see
    /// [Compatibility](crate::rollout::journal::FileJournal#compatibility).
    enum EventPayload {
    /// The rollout began. Always the first event, except for [`EventPayload::Recovered`] and
    /// [`EventPayload::LossAccepted`].
    Opened(Opened) = "opened",
    /// The rollout went on to another phase. A rollback is [`EventPayload::RollbackTaken`].
    PhaseChanged(PhaseChange) = "phase_changed",
    /// A cutover was rolled back, which switched the flag on.
    RollbackTaken(RollbackTaken) = "rollback_taken",
    /// A rollback may last longer than the policy allows.
    RollbackExtended(RollbackExtended) = "rollback_extended",
    /// A check was reported.
    CheckReported(CheckReported) = "check_reported",
    /// An incident was opened.
    IncidentOpened(Incident) = "incident_opened",
    /// An incident was closed.
    IncidentClosed(Incident) = "incident_closed",
    /// Clients of a kind were rolled back to an earlier version.
    ClientRolledBack(ClientRolledBack) = "client_rolled_back",
    /// A waiver was granted or renewed.
    DependenceWaived(DependenceWaived) = "dependence_waived",
    /// A waiver was ended early.
    WaiverEnded(WaiverEnded) = "waiver_ended",
    /// A contract is served, the first one or another, or the detector has other rules.
    ContractChanged(ContractChanged) = "contract_changed",
    /// A lost instance was written off: what it had not handed over to the census is not waited for.
    InstanceWrittenOff(InstanceWrittenOff) = "instance_written_off",
    /// The post-analysis of a rollback was filed, or corrected.
    PostAnalysisFiled(PostAnalysisFiled) = "post_analysis_filed",
    /// The policy was changed.
    PolicyChanged(PolicyChanged) = "policy_changed",
    /// An attempt was refused.
    AttemptRefused(AttemptRefused) = "attempt_refused",
    /// The journal was opened after a torn write.
    Recovered(Recovered) = "recovered",
    /// The journal was opened although it lacks events that were recorded.
    LossAccepted(LossAccepted) = "loss_accepted",
    }
}

/// The beginning of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The flag that the rollout controls.
    pub flag: FlagName,
    /// The phase it begins in: observe or compat.
    pub phase: Phase,
    /// The policy it begins with.
    pub policy: PolicyDocument,
    /// Where that is looser than the default policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loosened: Vec<PolicyDifference>,
}

/// A transition to the next phase, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseChange {
    /// The phase that was left.
    pub from: Phase,
    /// The phase that was reached.
    pub to: Phase,
    /// The gate reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReport>,
    /// The names of the failing gates that were overridden; only of a cutover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Identifier>,
}

/// A lost instance that is not waited for any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceWrittenOff {
    /// Its name.
    pub instance: InstanceId,
}

/// A cutover that was rolled back.
///
/// It is recorded also if the cutover has been left meanwhile, by another rollback or by the retirement; then it does not
/// change the phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollbackTaken {
    /// The sequence number of the cutover.
    pub cutover: u64,
    /// The incident that caused it.
    pub incident: IncidentId,
    /// The instance that it took effect on, where several share the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceId>,
    /// Of an automatic rollback, the figures that caused it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReport>,
}

/// A rollback that may last longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollbackExtended {
    /// The sequence number of the rollback.
    pub rollback: u64,
    /// Until when.
    pub until: Timestamp,
}

/// A report of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReported {
    /// The name of the check, such as `openapi`.
    pub check: Identifier,
    /// Whether it is green.
    pub green: bool,
    /// Where to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// The contract that it tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_digest: Option<ContractDigest>,
}

/// An incident that was opened or closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name.
    pub incident: IncidentId,
}

/// Clients of a kind that were rolled back to an earlier version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRolledBack {
    /// The client kind.
    pub kind: Identifier,
    /// The version they were rolled back to.
    #[serde(serialize_with = "write_version", deserialize_with = "read_version")]
    pub version: ClientVersion,
    /// The incident that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
}

/// A waiver that was granted or renewed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DependenceWaived {
    /// The callers it covers.
    pub target: WaiverTarget,
    /// Who is responsible for it.
    pub owner: Owner,
    /// When it expires.
    pub until: Timestamp,
}

/// A waiver that was ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaiverEnded {
    /// The callers it covered.
    pub target: WaiverTarget,
}

/// What evidence is gathered by from now on: the contract that is served, and the detector's rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractChanged {
    /// The digest of the contract.
    pub digest: ContractDigest,
    /// By client kind the digest of the detector's [rules](crate::caller::Detect::rules_digest) for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detector: BTreeMap<Identifier, Identifier>,
    /// What other instances serve at the same time, while they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Served>,
}

/// What an instance serves by: a contract, and the detector's rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Served {
    /// The digest of the contract.
    pub digest: ContractDigest,
    /// By client kind the digest of the detector's [rules](crate::caller::Detect::rules_digest) for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detector: BTreeMap<Identifier, Identifier>,
}

/// The post-analysis of a rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostAnalysisFiled {
    /// The sequence number of the rollback.
    pub rollback: u64,
    /// Where it is.
    pub link: Link,
    /// What it found.
    pub summary: Summary,
}

/// A policy that is in force from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyChanged {
    /// The policy.
    pub policy: PolicyDocument,
    /// How it differs from the one before, loosenings marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<PolicyDifference>,
}

/// An attempt that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRefused {
    /// What was attempted.
    pub attempt: Attempt,
    /// Why it was refused.
    pub cause: Reason,
    /// The gate reports, where gates were evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReport>,
}

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attempt {
    /// A transition.
    Transition {
        /// The phase the rollout was in.
        from: Phase,
        /// The phase that was requested.
        to: Phase,
    },
    /// A login or the use of a token.
    Access,
}

/// A torn line that was cut off when the journal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// The line that was torn; the line of this event took its place.
    pub line: u64,
    /// How many bytes of it were written.
    pub bytes: u64,
}

/// A loss of recorded events that was accepted when the journal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossAccepted {
    /// The head that had been recorded; `None` if that record was lost.
    pub recorded: Option<Head>,
    /// The head that the journal was found with.
    pub found: Head,
    /// The phase that had been recorded, in which the rollout goes on; `None` if the record was lost or none was open.
    pub phase: Option<Phase>,
}

/// A payload of a kind that this version does not know, whole as it was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnknownPayload {
    /// The name of the kind.
    pub name: String,
    /// Its content.
    pub content: Value,
}

impl<'de> Deserialize<'de> for EventPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = EventPayload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one member, the payload under the name of its kind")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let one_member = || A::Error::custom("a payload has exactly one member");
        let name: String = map.next_key()?.ok_or_else(one_member)?;
        let payload = EventPayload::read(name, &mut map)?;
        match map.next_key::<String>()? {
            None => Ok(payload),
            Some(_) => Err(one_member()),
        }
    }
}

impl Served {
    /// The event that these are served from now on; `None` if there is none.
    pub(in crate::rollout) fn change_of(mut all: BTreeSet<Self>) -> Option<ContractChanged> {
        let first = all.pop_first()?.change();
        let beside = all.into_iter().collect();
        Some(ContractChanged { beside, ..first })
    }

    /// The event that this alone is served from now on.
    pub(in crate::rollout) fn change(self) -> ContractChanged {
        ContractChanged {
            digest: self.digest,
            detector: self.detector,
            beside: Vec::new(),
        }
    }
}

impl PhaseChange {
    /// A transition without evidence.
    #[must_use]
    pub const fn new(from: Phase, to: Phase) -> Self {
        Self {
            from,
            to,
            gates: Vec::new(),
            overridden: Vec::new(),
        }
    }

    /// The reports of the gates that fail.
    pub fn failing(&self) -> impl Iterator<Item = &GateReport> {
        self.gates.iter().filter(|report| !report.passed)
    }
}

pub(in crate::rollout) fn write_version<S: Serializer>(
    version: &ClientVersion,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(version.as_str())
}

fn read_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientVersion, D::Error> {
    let text = String::deserialize(deserializer)?;
    ClientVersion::parse(text).ok_or_else(|| {
        D::Error::custom("a version has one to four numbers and at most 32 characters")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_a_later_version_are_ignored() {
        let later = json!({ "incident_opened": { "incident": "INC-1", "severity": "high" } });
        let payload: EventPayload = serde_json::from_value(later).unwrap();
        let EventPayload::IncidentOpened(opened) = payload else {
            panic!("{payload:?}")
        };
        assert_eq!(opened.incident.as_str(), "INC-1");
    }

    #[test]
    fn a_kind_of_a_later_version_is_kept_whole() {
        let later = json!({ "brownout_announced": { "until": 7, "steps": [1, 2] } });
        let payload: EventPayload = serde_json::from_value(later.clone()).unwrap();
        assert_eq!(payload.name(), "brownout_announced");
        assert!(matches!(payload, EventPayload::Unknown(_)));
        assert_eq!(serde_json::to_value(&payload).unwrap(), later);
    }

    #[test]
    fn what_is_not_one_payload_is_an_error() {
        for json in [
            "{}",
            r#"{"incident_opened": {}}"#,
            r#"{"incident_opened": {"incident": "a"}, "later": 1}"#,
            r#""recovered""#,
        ] {
            assert!(
                serde_json::from_str::<EventPayload>(json).is_err(),
                "{json}"
            );
        }
    }
}
