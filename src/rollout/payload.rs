//! What can happen in the life of a rollout.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    evidence::GateReport,
    json_object::PolicyDocument,
    phase::Phase,
    texts::{ContractDigest, FlagName, Identifier, IncidentId, Link, Owner, Reason, Summary},
    waived::WaiverTarget,
};
use crate::time::Timestamp;
use crate::{caller::ClientVersion, flag::FlagState};

/// What happened.
///
/// In JSON it is an object with one member, `{"incident_opened": {"incident": "INC-4711"}}`: a form that is read
/// straight from the text, where a tag among the members would have to be searched for first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventPayload {
    /// The rollout began. Always the first, but for a [`EventPayload::Recovered`].
    Opened(Opened),
    /// The rollout went from one phase to another.
    PhaseChanged(PhaseChange),
    /// A prerequisite was reported green or not.
    CheckReported(CheckReported),
    /// An incident was opened.
    IncidentOpened(Incident),
    /// An incident was closed.
    IncidentClosed(Incident),
    /// Clients of a kind were rolled back to an earlier version.
    ClientRolledBack(ClientRolledBack),
    /// A dependence was waived, or its waiver renewed.
    DependenceWaived(DependenceWaived),
    /// A waiver was ended before its time.
    WaiverEnded(WaiverEnded),
    /// Another contract is served.
    ContractChanged(ContractChanged),
    /// The post-analysis of a rollback was filed, or corrected.
    PostAnalysisFiled(PostAnalysisFiled),
    /// The policy was changed.
    PolicyChanged(PolicyChanged),
    /// A process began to serve.
    ProcessStarted(ProcessStarted),
    /// An attempt was refused.
    AttemptRefused(AttemptRefused),
    /// A journal was opened after a torn write.
    Recovered(Recovered),
}

/// The beginning of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The flag that the rollout moves.
    pub flag: FlagName,
    /// The phase it begins in: observe or compat.
    pub phase: Phase,
    /// The policy it begins with.
    pub policy: PolicyDocument,
}

/// A step from one phase to another, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseChange {
    /// The phase that was left.
    pub from: Phase,
    /// The phase that was reached.
    pub to: Phase,
    /// What the gates said. For a rollback by the rollout itself, the figures that led to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReport>,
    /// The failing gates that were overridden, each by its name; only of a cutover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Identifier>,
    /// The incident that a rollback is for; only of a rollback, and always of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
}

/// A prerequisite that was reported green or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckReported {
    /// Its name, such as `openapi`.
    pub check: Identifier,
    /// Whether it is green.
    pub green: bool,
    /// Where to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// An incident that was opened or closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its name.
    pub incident: IncidentId,
}

/// Clients of a kind that were rolled back to an earlier version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRolledBack {
    /// The client kind.
    pub kind: Identifier,
    /// The version they were rolled back to.
    #[serde(serialize_with = "write_version", deserialize_with = "read_version")]
    pub version: ClientVersion,
    /// The incident it was done for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
}

/// A dependence that was waived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependenceWaived {
    /// The callers that the waiver covers.
    pub target: WaiverTarget,
    /// Who answers for it.
    pub owner: Owner,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// A waiver that was ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverEnded {
    /// The callers whose dependence counts again.
    pub target: WaiverTarget,
}

/// A contract that is served from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractChanged {
    /// Its digest.
    pub digest: ContractDigest,
}

/// The post-analysis of a rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostAnalysisFiled {
    /// The sequence number of the event by which the rollout was rolled back.
    pub rollback: u64,
    /// Where it is.
    pub link: Link,
    /// What it found.
    pub summary: Summary,
}

/// A policy that holds from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyChanged {
    /// The policy.
    pub policy: PolicyDocument,
}

/// A process that began to serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessStarted {
    /// The state of the flag in it.
    pub flag: FlagState,
}

/// An attempt that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptRefused {
    /// What was attempted.
    pub attempt: Attempt,
    /// Why it was refused.
    pub cause: Reason,
    /// What the gates said, where they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReport>,
}

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Attempt {
    /// To go from one phase to another.
    Transition {
        /// The phase the rollout was in.
        from: Phase,
        /// The phase that was asked for.
        to: Phase,
    },
    /// To sign in or to use a token.
    Access,
}

/// What was found and cut off when a journal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovered {
    /// The line that was torn; the one with this event took its place.
    pub line: u64,
    /// How many bytes of it there were.
    pub bytes: u64,
}

impl EventPayload {
    /// The name of the member that it is in JSON, such as `phase_changed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::PhaseChanged(_) => "phase_changed",
            Self::CheckReported(_) => "check_reported",
            Self::IncidentOpened(_) => "incident_opened",
            Self::IncidentClosed(_) => "incident_closed",
            Self::ClientRolledBack(_) => "client_rolled_back",
            Self::DependenceWaived(_) => "dependence_waived",
            Self::WaiverEnded(_) => "waiver_ended",
            Self::ContractChanged(_) => "contract_changed",
            Self::PostAnalysisFiled(_) => "post_analysis_filed",
            Self::PolicyChanged(_) => "policy_changed",
            Self::ProcessStarted(_) => "process_started",
            Self::AttemptRefused(_) => "attempt_refused",
            Self::Recovered(_) => "recovered",
        }
    }
}

impl PhaseChange {
    /// A step without evidence.
    #[must_use]
    pub const fn new(from: Phase, to: Phase) -> Self {
        Self {
            from,
            to,
            gates: Vec::new(),
            overridden: Vec::new(),
            incident: None,
        }
    }

    /// The reports of the gates that do not let pass.
    pub fn failing(&self) -> impl Iterator<Item = &GateReport> {
        self.gates.iter().filter(|report| !report.passed())
    }
}

pub(super) fn write_version<S: Serializer>(
    version: &ClientVersion,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(version.as_str())
}

fn read_version<'de, D: Deserializer<'de>>(from: D) -> Result<ClientVersion, D::Error> {
    let text = String::deserialize(from)?;
    ClientVersion::parse(text)
        .ok_or_else(|| D::Error::custom("a version is strict semver of at most 32 characters"))
}
