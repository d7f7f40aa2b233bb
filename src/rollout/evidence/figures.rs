//! The evidence of each built-in gate.
//!
//! Each struct refuses unknown members: evidence that another version wrote is kept whole as a JSON object instead of
//! being read in part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    census::Window,
    rollout::names::{Identifier, IncidentId},
    time::Timestamp,
};

/// Evidence of [`BuiltInGate::Instrumentation`](super::BuiltInGate::Instrumentation).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InstrumentationEvidence {
    /// How much of the census's shortest window was watched.
    pub watched_ms: u64,
    /// Age of the last cached report of the census.
    pub report_age_ms: u64,
    /// Responses that the metrics have counted.
    pub responses_counted: u64,
}

/// Evidence of [`BuiltInGate::RequiredChecks`](super::BuiltInGate::RequiredChecks).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RequiredChecksEvidence {
    /// How many checks the policy requires.
    pub required: usize,
    /// The required checks that fail the gate, and why.
    pub blocking: BTreeMap<Identifier, CheckFailure>,
}

/// Why a required check does not count as green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckFailure {
    /// It was never reported.
    NotReported,
    /// Its last report is not green.
    Red,
    /// Its last report is older than the policy allows.
    TooOld,
    /// Its last report is dated in the future, by a clock that is ahead.
    InTheFuture,
    /// Its last report names another contract than the one that is served.
    ForAnotherContract,
}

/// How much of a gate's window was watched: of the shortest stretch of time up to now that holds so much watched time, at
/// most 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WatchedWindow {
    /// The length of the stretch.
    pub stretch_ms: u64,
    /// How much of it was watched.
    pub watched_ms: u64,
    /// The share of it that was watched.
    pub ratio: f64,
    /// Gaps in it.
    pub gaps: usize,
    /// If the window was not watched as the policy requires, when it will have been if there is no further gap.
    pub ready_at: Option<Timestamp>,
}

/// A change that restarts a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WindowRestart {
    /// The client kind for which the detector has other rules than before; `None` if another contract is served.
    pub kind: Option<String>,
    /// When the census noticed it.
    pub at: Timestamp,
}

/// Evidence of [`BuiltInGate::NoDependentResponses`](super::BuiltInGate::NoDependentResponses): whether the traffic of known
/// callers has stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoDependentResponsesEvidence {
    /// The quiet window.
    #[serde(with = "window_text")]
    pub window: Window,
    /// How much of it was watched since its last restart.
    pub watched: WatchedWindow,
    /// All dependent responses in the window, those of waived callers included.
    pub dependent_responses: u64,
    /// What fails the gate, waived callers aside.
    pub blocking: BlockingDependents,
    /// Whether nothing but anonymous responses does, so that no caller can be named.
    pub only_anonymous: bool,
    /// Fingerprints of the first blocking callers, at most ten.
    pub callers: Vec<String>,
    /// The changes within the last window that restarted it.
    pub restarts: Vec<WindowRestart>,
}

/// Dependence in a window, waived callers aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BlockingDependents {
    /// Callers with a dependent response.
    pub callers: u64,
    /// Dependent responses to callers that had no place in the census.
    pub unplaced_responses: u64,
    /// Dependent responses to anonymous callers.
    pub anonymous_responses: u64,
    /// Estimated dependent callers that had no place in the census.
    pub estimated_callers: u64,
}

/// Evidence of [`BuiltInGate::AllCallersResolved`](super::BuiltInGate::AllCallersResolved).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AllCallersResolvedEvidence {
    /// How long a caller must not have been seen to count as inactive.
    #[serde(with = "window_text")]
    pub inactive_after: Window,
    /// How much of that was watched since its last restart.
    pub watched: WatchedWindow,
    /// Whether the policy accepts that callers that were never met had no watched window to show themselves.
    pub accept_unwatched: bool,
    /// Callers that depended and have migrated.
    pub migrated: u64,
    /// Callers that may depend and are waived.
    pub waived: u64,
    /// Callers that depended or were latent, and are gone: inactive and not due.
    pub inactive: u64,
    /// Latent callers, whether or not the policy blocks on them.
    pub latent: u64,
    /// Responses that make anonymous callers latent.
    pub latent_anonymous_responses: u64,
    /// Dependent callers that the census has forgotten after its retention time.
    pub forgotten_dependents: u64,
    /// What fails the gate, waived callers aside.
    pub blocking: BlockingCallers,
    /// Whether nothing but anonymous responses does, so that no caller can be named.
    pub only_anonymous: bool,
    /// Fingerprints of the first blocking callers, at most ten.
    pub callers: Vec<String>,
    /// Until when the last inactive caller that is due blocks.
    pub due_until: Option<Timestamp>,
    /// Census snapshots lost in the window.
    pub snapshots_lost: usize,
    /// The changes within the last window that restarted it.
    pub restarts: Vec<WindowRestart>,
}

/// Callers in a window that may depend, waived ones aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BlockingCallers {
    /// Dependent and inconclusive ones.
    pub callers: u64,
    /// Latent ones, as far as the policy blocks on them.
    pub latent: u64,
    /// Inactive ones that are due: until after two of their longest pauses, or once more after a gap, they are not gone.
    pub due: u64,
    /// Estimated dependent and latent ones that had no place in the census; after a gap as below.
    pub estimated_callers: u64,
    /// Responses to anonymous callers that depend, or may if the policy blocks on them. A response within a window before a
    /// gap counts for up to a window after the gap: its caller may have been due in it.
    pub anonymous_responses: u64,
}

impl BlockingCallers {
    pub(in crate::rollout) fn is_anonymous_only(&self) -> bool {
        let anonymous = Self {
            anonymous_responses: self.anonymous_responses,
            ..Self::default()
        };
        self.anonymous_responses > 0 && *self == anonymous
    }
}

/// Evidence of [`BuiltInGate::Coverage`](super::BuiltInGate::Coverage).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CoverageEvidence {
    /// The quiet window.
    #[serde(with = "window_text")]
    pub window: Window,
    /// How much of it was watched.
    pub watched: WatchedWindow,
    /// The least share that the policy accepts.
    pub min_ratio: f64,
    /// Whether the census was too full to record every caller. It does not fail the gate: other gates fail for those that
    /// may depend.
    pub overflowed: bool,
    /// Census snapshots lost in the window.
    pub snapshots_lost: usize,
    /// Responses in the window, to whichever callers.
    pub responses: u64,
    /// The fewest responses that the policy accepts.
    pub min_responses: u64,
    /// How many processes serve, by the policy.
    pub processes: u32,
    /// Whether the census is of all of them. If it is, a moment counts as watched only where so many watched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// Evidence of [`BuiltInGate::NoOpenIncident`](super::BuiltInGate::NoOpenIncident).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoOpenIncidentEvidence {
    /// How many incidents are open.
    pub open: usize,
    /// The first of them, at most ten.
    pub incidents: Vec<IncidentId>,
}

/// Evidence of an automatic rollback, reported under the name [`AutoRollbackEvidence::NAME`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AutoRollbackEvidence {
    /// Stranded callers since the cutover, waived ones aside.
    pub stranded: u64,
    /// The most that the policy accepts.
    pub max_callers: Option<u64>,
    /// The largest share of a kind's callers that the policy accepts, in percent.
    pub max_percent: Option<f64>,
    /// The kinds with stranded callers.
    pub kinds: Vec<StrandedKind>,
}

/// Stranded callers of one client kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StrandedKind {
    /// The client kind.
    pub kind: String,
    /// Its stranded callers, waived ones aside.
    pub stranded: u64,
    /// All its known callers.
    pub known: u64,
}

/// Evidence of a gate that could not be evaluated, which fails it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UnknownEvidence {
    /// Why.
    pub unknown: UnknownReason,
}

/// Why a gate could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownReason {
    /// The rollout has no census.
    NoCensus,
    /// The rollout has no metrics.
    NoMetrics,
    /// No contract was journaled.
    NoContract,
    /// What the other instances counted cannot be read.
    CensusUnreachable,
    /// The gate panicked.
    Panicked,
}

impl AutoRollbackEvidence {
    /// The name that the report of an automatic rollback has in place of a gate's.
    pub const NAME: &'static str = "auto_rollback";
}

/// A census window as its label: `24h`.
mod window_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use crate::{census::Window, time::parse_duration};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        window: &Window,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(window)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Window, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = parse_duration(&text);
        length
            .and_then(|length| Window::new(length).ok())
            .ok_or_else(|| D::Error::custom("a window is a duration of 1ms to 30d"))
    }
}
