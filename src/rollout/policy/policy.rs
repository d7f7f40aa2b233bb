//! What each transition requires.

use std::{collections::BTreeSet, time::Duration};

use serde::{Serialize, Serializer};

use crate::{
    census::Window,
    rollout::{
        evidence::BuiltInGate,
        names::Identifier,
        phase::{Phase, Transition},
    },
    time::{Timestamp, duration_text},
};

/// What each transition requires, and when a rollout acts or warns by itself.
///
/// Made by a [`PolicyBuilder`](super::PolicyBuilder) or read from JSON, so it is always valid. In JSON each member may be
/// left out, and then has its default:
///
/// | Member | Default | Meaning |
/// |---|---|---|
/// | `opening_phase` | `"compat"` | `observe` or `compat`; for an empty journal only |
/// | `required_checks` | `[]` | names of the checks that the gate `required_checks` requires, at most 64 |
/// | `check_max_age` | `"7d"` | older reports do not count |
/// | `cutover_quiet_window` | `"24h"` | window of `no_dependent_responses` and `coverage`, at most 30 days |
/// | `retirement_quiet_window` | `"14d"` | the same for retirement |
/// | `inactive_after` | `"14d"` | a caller not seen for this long is inactive in `all_callers_resolved`, at most 30 days |
/// | `coverage_ratio` | `0.99` | the least share of the window that must be watched |
/// | `min_responses` | `100` | the fewest responses in the window |
/// | `processes` | `1` | how many processes serve; above 1 `coverage` fails |
/// | `rollback_limit` | `"72h"` | a rollback that lasts longer is overdue, and so is its post-analysis |
/// | `auto_rollback` | none | `{"window": "30m", "stranded_callers": 20, "stranded_percent": 5}`, at least one of the limits |
/// | `retire_by` | none | when flag and code should be gone, such as `"2027-01-01T00:00:00Z"` |
/// | `gates` | see below | built-in gates by transition: `{"enable": […], "cutover": […], "retire": […]}` |
///
/// By default `enable` requires `instrumentation`, and `cutover` and `retire` all the others.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::{Phase, Transition, gate::BuiltInGate, policy::Policy};
///
/// let policy = Policy::from_json(r#"{"opening_phase": "observe", "required_checks": ["openapi"], "rollback_limit": "48h"}"#)?;
/// assert_eq!(policy.opening_phase(), Phase::Observe);
/// assert_eq!(policy.rollback_limit(), Duration::from_secs(48 * 3_600));
/// assert!(policy.gates(Transition::Cutover).any(|gate| gate == BuiltInGate::NoDependentResponses));
///
/// let error = Policy::from_json(r#"{"cutover_quiet_window": "31d", "coverage_ratio": 2}"#).unwrap_err();
/// assert_eq!(error.faults().len(), 2, "all faults at once");
/// # Ok::<(), legacy_http_compat::rollout::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    pub(super) opening_phase: Phase,
    pub(super) required_checks: Vec<Identifier>,
    #[serde(serialize_with = "write_duration")]
    pub(super) check_max_age: Duration,
    #[serde(serialize_with = "write_window")]
    pub(super) cutover_quiet_window: Window,
    #[serde(serialize_with = "write_window")]
    pub(super) retirement_quiet_window: Window,
    #[serde(serialize_with = "write_window")]
    pub(super) inactive_after: Window,
    pub(super) coverage_ratio: f64,
    pub(super) min_responses: u64,
    pub(super) processes: u32,
    #[serde(serialize_with = "write_duration")]
    pub(super) rollback_limit: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auto_rollback: Option<AutoRollback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retire_by: Option<Timestamp>,
    pub(super) gates: RequiredGates,
}

/// When a rollout rolls back a cutover by itself. At least one of the limits is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AutoRollback {
    /// How long after the cutover it applies.
    #[serde(serialize_with = "write_duration")]
    pub window: Duration,
    /// Rolls back when more distinct callers than this are stranded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranded_callers: Option<u64>,
    /// Rolls back when more than this share of a kind's callers, in percent, are stranded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranded_percent: Option<f64>,
}

/// The built-in gates of each gated transition.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct RequiredGates {
    pub(super) enable: BTreeSet<BuiltInGate>,
    pub(super) cutover: BTreeSet<BuiltInGate>,
    pub(super) retire: BTreeSet<BuiltInGate>,
}

impl Policy {
    /// A policy without built-in gates, with defaults for the rest: phases and journal, but no evidence.
    #[must_use]
    pub fn permissive() -> Self {
        Self {
            gates: RequiredGates::default(),
            ..Self::default()
        }
    }

    /// The phase in which a rollout with an empty journal opens.
    #[must_use]
    pub const fn opening_phase(&self) -> Phase {
        self.opening_phase
    }

    /// The checks that must be green.
    #[must_use]
    pub fn required_checks(&self) -> &[Identifier] {
        &self.required_checks
    }

    /// How old the report of a check may be.
    #[must_use]
    pub const fn check_max_age(&self) -> Duration {
        self.check_max_age
    }

    /// The quiet window of a transition: that of the retirement for [`Transition::Retire`], else that of the cutover.
    #[must_use]
    pub const fn quiet_window(&self, step: Transition) -> Window {
        match step {
            Transition::Retire => self.retirement_quiet_window,
            _ => self.cutover_quiet_window,
        }
    }

    /// How long a caller must not have been seen to count as inactive.
    #[must_use]
    pub const fn inactive_after(&self) -> Window {
        self.inactive_after
    }

    /// The least share of the window that must be watched, between 0 and 1.
    #[must_use]
    pub const fn coverage_ratio(&self) -> f64 {
        self.coverage_ratio
    }

    /// The fewest responses in the window.
    #[must_use]
    pub const fn min_responses(&self) -> u64 {
        self.min_responses
    }

    /// How many processes serve.
    #[must_use]
    pub const fn processes(&self) -> u32 {
        self.processes
    }

    /// How long a rollback may last, and its post-analysis may take.
    #[must_use]
    pub const fn rollback_limit(&self) -> Duration {
        self.rollback_limit
    }

    /// When a cutover is rolled back automatically; `None`, the default, for never.
    #[must_use]
    pub const fn auto_rollback(&self) -> Option<&AutoRollback> {
        self.auto_rollback.as_ref()
    }

    /// When flag and code should be gone.
    #[must_use]
    pub const fn retire_by(&self) -> Option<Timestamp> {
        self.retire_by
    }

    /// The built-in gates of a transition; none for abort and rollback.
    pub fn gates(&self, step: Transition) -> impl Iterator<Item = BuiltInGate> {
        let gates = match step {
            Transition::Enable => Some(&self.gates.enable),
            Transition::Cutover => Some(&self.gates.cutover),
            Transition::Retire => Some(&self.gates.retire),
            Transition::Abort | Transition::Rollback => None,
        };
        gates.into_iter().flatten().copied()
    }
}

impl Default for Policy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        let fortnight = Window::new(14 * DAY).expect("14 days are a window");
        Self {
            opening_phase: Phase::Compat,
            required_checks: Vec::new(),
            check_max_age: 7 * DAY,
            cutover_quiet_window: Window::DAY,
            retirement_quiet_window: fortnight,
            inactive_after: fortnight,
            coverage_ratio: 0.99,
            min_responses: 100,
            processes: 1,
            rollback_limit: 3 * DAY,
            auto_rollback: None,
            retire_by: None,
            gates: RequiredGates {
                enable: BTreeSet::from([BuiltInGate::Instrumentation]),
                cutover: BTreeSet::from(BuiltInGate::EVIDENCE),
                retire: BTreeSet::from(BuiltInGate::EVIDENCE),
            },
        }
    }
}

impl AutoRollback {
    /// Both limits, either of which may be `None`.
    #[must_use]
    pub const fn new(
        window: Duration,
        stranded_callers: Option<u64>,
        stranded_percent: Option<f64>,
    ) -> Self {
        Self {
            window,
            stranded_callers,
            stranded_percent,
        }
    }
}

fn write_duration<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&duration_text::write(*length))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn write_window<S: Serializer>(window: &Window, serializer: S) -> Result<S::Ok, S::Error> {
    write_duration(&window.length(), serializer)
}
