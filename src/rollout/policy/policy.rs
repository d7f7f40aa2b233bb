//! What a rollout asks for.

use std::{collections::BTreeSet, time::Duration};

use super::built_in::BuiltInGate;
use crate::time::Timestamp;
use crate::{
    census::Window,
    rollout::{
        phase::{Phase, Transition},
        texts::Identifier,
    },
};

/// What a rollout asks for before each step, and when it speaks up by itself.
///
/// In JSON every member may be left out; what is left out has the value of [`Policy::default`]:
///
/// | Member | Default | Meaning |
/// |---|---|---|
/// | `opening_phase` | `"compat"` | `observe` or `compat`; for an empty journal only |
/// | `required_checks` | `[]` | names of the checks that `required_checks` asks for, at most 64 |
/// | `check_max_age` | `"7d"` | older reports do not count |
/// | `cutover_quiet_window` | `"24h"` | window of `no_dependent_responses` and `coverage`, at most 30 days |
/// | `retirement_quiet_window` | `"14d"` | the same for retirement |
/// | `inactive_after` | `"14d"` | how long a caller has to be silent for `all_callers_resolved`, at most 30 days |
/// | `coverage_ratio` | `0.99` | the least share of the window that was watched |
/// | `min_responses` | `100` | the least answers seen in the window |
/// | `processes` | `1` | how many processes serve; above 1 `coverage` fails |
/// | `rollback_limit` | `"72h"` | a rollback that lasts longer is overdue, and so is its post-analysis |
/// | `guard` | none | `{"within": "30m", "stranded_callers": 20, "stranded_percent": 5}`, at least one of the limits |
/// | `retire_by` | none | when flag and code should be gone, such as `"2027-01-01T00:00:00Z"` |
/// | `gates` | see below | built-in gates by step: `{"enable": […], "cutover": […], "retire": […]}` |
///
/// By default `enable` asks for `instrumentation`, and `cutover` and `retire` for all the others.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::{BuiltInGate, Phase, Policy, Transition};
///
/// let policy = Policy::from_json(r#"{"opening_phase": "observe", "required_checks": ["openapi"], "rollback_limit": "48h"}"#)?;
/// assert_eq!(policy.opening_phase(), Phase::Observe);
/// assert_eq!(policy.rollback_limit(), Duration::from_secs(48 * 3_600));
/// assert!(policy.gates(Transition::Cutover).any(|gate| gate == BuiltInGate::NoDependentResponses));
///
/// let error = Policy::from_json(r#"{"cutover_quiet_window": "31d", "coverage_ratio": 2}"#).unwrap_err();
/// assert_eq!(error.faults().len(), 2, "all faults at once");
/// # Ok::<(), legacy_http_compat::rollout::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) opening_phase: Phase,
    pub(super) required_checks: Vec<Identifier>,
    pub(super) check_max_age: Duration,
    pub(super) cutover_quiet_window: Window,
    pub(super) retirement_quiet_window: Window,
    pub(super) inactive_after: Window,
    pub(super) coverage_ratio: f64,
    pub(super) min_responses: u64,
    pub(super) processes: u32,
    pub(super) rollback_limit: Duration,
    pub(super) guard: Option<Guard>,
    pub(super) retire_by: Option<Timestamp>,
    pub(super) gates: Asked,
}

/// When a cutover is taken back by the rollout itself. At least one of the limits is set.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Guard {
    /// How long after the cutover it watches.
    pub within: Duration,
    /// It acts when more distinct callers than this are stranded.
    pub stranded_callers: Option<u64>,
    /// It acts when more than this share of a kind's callers, in percent, are stranded.
    pub stranded_percent: Option<f64>,
}

/// The built-in gates that each gated step asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) enable: BTreeSet<BuiltInGate>,
    pub(super) cutover: BTreeSet<BuiltInGate>,
    pub(super) retire: BTreeSet<BuiltInGate>,
}

impl Policy {
    /// A policy whose gates ask nothing, with defaults for the rest: the phases and the journal without the evidence.
    #[must_use]
    pub fn permissive() -> Self {
        Self {
            gates: Asked::default(),
            ..Self::default()
        }
    }

    /// The phase in which a rollout with an empty journal opens.
    #[must_use]
    pub const fn opening_phase(&self) -> Phase {
        self.opening_phase
    }

    /// The checks that have to be green.
    #[must_use]
    pub fn required_checks(&self) -> &[Identifier] {
        &self.required_checks
    }

    /// How old a check's report may be.
    #[must_use]
    pub const fn check_max_age(&self) -> Duration {
        self.check_max_age
    }

    /// The window in which everything has to be quiet before a step: that of retirement for [`Transition::Retire`],
    /// else that of the cutover.
    #[must_use]
    pub const fn quiet_window(&self, step: Transition) -> Window {
        match step {
            Transition::Retire => self.retirement_quiet_window,
            _ => self.cutover_quiet_window,
        }
    }

    /// How long a caller has to be silent to be accounted for.
    #[must_use]
    pub const fn inactive_after(&self) -> Window {
        self.inactive_after
    }

    /// The least share of the window that was watched, between 0 and 1.
    #[must_use]
    pub const fn coverage_ratio(&self) -> f64 {
        self.coverage_ratio
    }

    /// The least answers in the window.
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

    /// When a cutover is taken back by the rollout itself; `None`, the default, for never.
    #[must_use]
    pub const fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    /// When flag and code should be gone.
    #[must_use]
    pub const fn retire_by(&self) -> Option<Timestamp> {
        self.retire_by
    }

    /// The built-in gates that a step asks for; none for the ways back.
    pub fn gates(&self, step: Transition) -> impl Iterator<Item = BuiltInGate> {
        let asked = match step {
            Transition::Enable => Some(&self.gates.enable),
            Transition::Cutover => Some(&self.gates.cutover),
            Transition::Retire => Some(&self.gates.retire),
            Transition::Abort | Transition::Rollback => None,
        };
        asked.into_iter().flatten().copied()
    }
}

const HOUR: u64 = 3_600;
const FORTNIGHT_MS: u64 = 14 * 86_400_000;

impl Default for Policy {
    fn default() -> Self {
        let fortnight = Window::new(Duration::from_millis(FORTNIGHT_MS));
        let fortnight = fortnight.expect("14 days are a window");
        Self {
            opening_phase: Phase::Compat,
            required_checks: Vec::new(),
            check_max_age: Duration::from_secs(7 * 24 * HOUR),
            cutover_quiet_window: Window::DAY,
            retirement_quiet_window: fortnight,
            inactive_after: fortnight,
            coverage_ratio: 0.99,
            min_responses: 100,
            processes: 1,
            rollback_limit: Duration::from_secs(72 * HOUR),
            guard: None,
            retire_by: None,
            gates: Asked {
                enable: BTreeSet::from([BuiltInGate::Instrumentation]),
                cutover: BTreeSet::from(BuiltInGate::EVIDENCE),
                retire: BTreeSet::from(BuiltInGate::EVIDENCE),
            },
        }
    }
}

impl Guard {
    /// A guard with both limits; leave one out with `None`.
    #[must_use]
    pub const fn new(
        within: Duration,
        stranded_callers: Option<u64>,
        stranded_percent: Option<f64>,
    ) -> Self {
        Self {
            within,
            stranded_callers,
            stranded_percent,
        }
    }
}
