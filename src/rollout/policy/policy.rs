//! What each transition requires.

use std::{collections::BTreeSet, time::Duration};

use serde::{Serialize, Serializer};

use crate::{
    census::Window,
    diagnostics::{Diagnostics, FaultCode, fault_error},
    rollout::{
        evidence::BuiltInGate,
        names::Identifier,
        phase::{Phase, Transition},
    },
    time::{Timestamp, duration_text},
    words::words,
};

/// What each transition requires, and when a rollout acts or warns by itself.
///
/// A rollout [validates](Self::validate) its policy before it opens or changes it. In JSON each member may be left out, and
/// then has its default:
///
/// | Member | Default | Meaning |
/// |---|---|---|
/// | `opening_phase` | `"compat"` | `observe` or `compat`; for an empty journal only |
/// | `required_checks` | `[]` | names of the checks that the gate `required_checks` requires, at most 64 |
/// | `check_max_age` | `"7d"` | older reports do not count |
/// | `cutover_quiet_window` | `"24h"` | window of `no_dependent_responses` and `coverage`, at most 21 days |
/// | `retirement_quiet_window` | `"14d"` | the same for retirement |
/// | `inactive_after` | `"14d"` | window of `all_callers_resolved`: a caller not seen for this long is inactive, at most 21 days |
/// | `accept_unwatched` | `false` | whether callers that were never met may be taken for none before `inactive_after` was watched |
/// | `latent` | `"identified"` | for which latent callers `all_callers_resolved` fails: those that a version or a rule shows to be legacy ones, `"all"`, or none (`"ignore"`) |
/// | `coverage_ratio` | `0.9` | the least share of the time that a window takes that must be watched |
/// | `max_silence` | `"24h"` | the longest time without any response that still counts as watched, 1 hour to 7 days |
/// | `min_responses` | `100` | the fewest responses in the window of `coverage`, those to migrated callers included |
/// | `processes` | `1` | how many processes serve; above 1 `coverage` fails unless the census is [of all of them](crate::census::fleet) |
/// | `rollback_limit` | `"72h"` | a rollback that lasts longer is overdue, and so is its post-analysis |
/// | `auto_rollback` | none | `{"window": "30m", "stranded_callers": 20, "stranded_percent": 5}`, at least one of the limits |
/// | `retire_by` | none | when flag and code should be gone, such as `"2027-01-01T00:00:00Z"` |
/// | `gates` | see below | built-in gates by transition: `{"enable": […], "cutover": […], "retire": […]}` |
///
/// A window is watched time: the shortest stretch of time up to now that holds so much of it, at most 30 days in all.
///
/// By default `enable` requires `instrumentation`, and `cutover` and `retire` all the others.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::{Phase, gate::BuiltInGate, policy::{AutoRollback, Policy}};
///
/// let policy = Policy::from_json(r#"{"opening_phase": "observe", "required_checks": ["openapi"], "rollback_limit": "48h"}"#)?;
/// assert_eq!(policy.opening_phase, Phase::Observe);
/// assert_eq!(policy.rollback_limit, Duration::from_secs(48 * 3_600));
/// assert!(policy.gates.cutover.contains(&BuiltInGate::NoDependentResponses));
///
/// let error = Policy::from_json(r#"{"cutover_quiet_window": "22d", "coverage_ratio": 2}"#).unwrap_err();
/// assert_eq!(error.faults().len(), 2, "all faults at once");
///
/// let policy = Policy {
///     required_checks: vec!["openapi".parse()?, "client_compat".parse()?],
///     min_responses: 5_000,
///     auto_rollback: Some(AutoRollback {
///         window: Duration::from_secs(1_800),
///         stranded_callers: Some(20),
///         stranded_percent: None,
///     }),
///     ..Policy::default()
/// };
/// policy.validate()?;
///
/// let policy = Policy { processes: 0, ..policy };
/// assert_eq!(policy.validate().unwrap_err().faults()[0].place(), "/processes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// The phase in which a rollout with an empty journal opens: observe or compat.
    pub opening_phase: Phase,
    /// The checks that must be green, each once, at most 64.
    pub required_checks: Vec<Identifier>,
    /// How old the report of a check may be.
    #[serde(serialize_with = "write_duration")]
    pub check_max_age: Duration,
    /// The quiet window of the cutover.
    #[serde(serialize_with = "write_window")]
    pub cutover_quiet_window: Window,
    /// The quiet window of the retirement.
    #[serde(serialize_with = "write_window")]
    pub retirement_quiet_window: Window,
    /// How long a caller must not have been seen to count as inactive.
    #[serde(serialize_with = "write_window")]
    pub inactive_after: Window,
    /// Whether callers that were never met may be taken for none before `inactive_after` was watched.
    pub accept_unwatched: bool,
    /// For which latent callers [`BuiltInGate::AllCallersResolved`] fails.
    pub latent: BlockingLatent,
    /// The least share of the time that a window takes that must be watched: above 0 and up to 1.
    pub coverage_ratio: f64,
    /// The longest time without any response that still counts as watched: 1 hour to 7 days.
    #[serde(serialize_with = "write_duration")]
    pub max_silence: Duration,
    /// The fewest responses in the window.
    pub min_responses: u64,
    /// How many processes serve; at least one.
    pub processes: u32,
    /// How long a rollback may last, and its post-analysis may take.
    #[serde(serialize_with = "write_duration")]
    pub rollback_limit: Duration,
    /// When a cutover is rolled back automatically; `None`, the default, for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_rollback: Option<AutoRollback>,
    /// When flag and code should be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retire_by: Option<Timestamp>,
    /// The built-in gates of each transition.
    pub gates: RequiredGates,
}

words! {
    /// For which latent callers a gate fails.
    #[derive(Default)]
    #[expect(clippy::exhaustive_enums, reason = "some, all or none")]
    pub enum BlockingLatent {
        /// Those that a version or a rule shows to be legacy callers.
        #[default]
        Identified = "identified",
        /// All of them, anonymous ones included.
        All = "all",
        /// None.
        Ignore = "ignore",
    }
}

impl BlockingLatent {
    /// Whether this fails for fewer callers than the other.
    pub(super) fn blocks_less_than(self, other: Self) -> bool {
        let rank = |latent| match latent {
            Self::Ignore => 0,
            Self::Identified => 1,
            Self::All => 2,
        };
        rank(self) < rank(other)
    }
}

/// When a rollout rolls back a cutover by itself. At least one of the limits is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AutoRollback {
    /// How long after the cutover it applies, at most 30 days.
    #[serde(serialize_with = "write_duration")]
    pub window: Duration,
    /// Rolls back when more distinct callers than this are stranded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranded_callers: Option<u64>,
    /// Rolls back when more than this share of a kind's callers, in percent and below 100, are stranded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranded_percent: Option<f64>,
}

/// The built-in gates of each gated transition; none by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequiredGates {
    /// Those of [`Transition::Enable`].
    pub enable: BTreeSet<BuiltInGate>,
    /// Those of [`Transition::Cutover`].
    pub cutover: BTreeSet<BuiltInGate>,
    /// Those of [`Transition::Retire`].
    pub retire: BTreeSet<BuiltInGate>,
}

fault_error! {
    /// Why a policy was refused: all of its faults.
    PolicyError
}

/// The most checks that a policy may require.
const MAX_CHECKS: usize = 64;

/// The longest time limit: a hundred years, beyond which a number is a mistake.
const MAX_LIMIT: Duration = Duration::from_secs(100 * 366 * 86_400);

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The longest window of a gate: 30 days must hold so much watched time.
const LONGEST_WINDOW: Duration = Duration::from_secs(21 * 86_400);

impl Policy {
    /// A policy without built-in gates, with defaults for the rest: phases and journal, but no evidence.
    #[must_use]
    pub fn permissive() -> Self {
        Self {
            gates: RequiredGates::default(),
            ..Self::default()
        }
    }

    /// Checks all settings.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let mut diagnostics = Diagnostics::default();
        self.check(&mut diagnostics);
        diagnostics.into_result(())
    }

    /// The quiet window of a transition: that of the retirement for [`Transition::Retire`], else that of the cutover.
    #[must_use]
    pub const fn quiet_window(&self, step: Transition) -> Window {
        match step {
            Transition::Retire => self.retirement_quiet_window,
            _ => self.cutover_quiet_window,
        }
    }

    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        let phase = self.opening_phase;
        if !phase.may_open() {
            let (code, expected) = (FaultCode::InvalidOpeningPhase, OPENING_PHASES);
            diagnostics.add_at("/opening_phase", code, phase.as_str(), expected);
        }
        self.check_required_checks(diagnostics);
        check_limit("/check_max_age", self.check_max_age, diagnostics);
        let ratio = self.coverage_ratio;
        if !(ratio > 0.0 && ratio <= 1.0) {
            let expected = "a ratio above 0 and up to 1";
            out_of_range(diagnostics, "/coverage_ratio", &ratio, expected);
        }
        for (place, window) in [
            ("/cutover_quiet_window", self.cutover_quiet_window),
            ("/retirement_quiet_window", self.retirement_quiet_window),
            ("/inactive_after", self.inactive_after),
        ] {
            if window.length() > LONGEST_WINDOW {
                let expected = "at most 21d: 30 days must hold so much watched time";
                out_of_range(diagnostics, place, &window, expected);
            }
        }
        if !(HOUR..=7 * DAY).contains(&self.max_silence) {
            let (silence, expected) = (duration_text::write(self.max_silence), "1h to 7d");
            out_of_range(diagnostics, "/max_silence", &silence, expected);
        }
        if self.processes == 0 {
            out_of_range(diagnostics, "/processes", &0, "at least one process");
        }
        check_limit("/rollback_limit", self.rollback_limit, diagnostics);
        if let Some(limits) = &self.auto_rollback {
            diagnostics.at("auto_rollback", |diagnostics| limits.check(diagnostics));
        }
    }

    fn check_required_checks(&self, diagnostics: &mut Diagnostics) {
        let checks = &self.required_checks;
        for (index, check) in checks.iter().enumerate() {
            if checks[..index].contains(check) {
                let (place, code) = (
                    format!("/required_checks/{index}"),
                    FaultCode::DuplicateName,
                );
                diagnostics.add_at(place, code, check.as_str(), "each check once");
            }
        }
        if checks.len() > MAX_CHECKS {
            let expected = format!("at most {MAX_CHECKS} checks");
            let (number, code) = (checks.len().to_string(), FaultCode::TooMany);
            diagnostics.add_at("/required_checks", code, number, expected);
        }
    }
}

impl AutoRollback {
    fn check(&self, diagnostics: &mut Diagnostics) {
        read_window("/window", self.window, diagnostics);
        if self.stranded_callers.is_none() && self.stranded_percent.is_none() {
            let expected = "stranded_callers or stranded_percent";
            diagnostics.add(FaultCode::EmptyAutoRollback, "", expected);
        }
        let percent = self.stranded_percent;
        if let Some(percent) = percent.filter(|percent| !(0.0..100.0).contains(percent)) {
            let expected = "a percentage of at least 0 and below 100";
            out_of_range(diagnostics, "/stranded_percent", &percent, expected);
        }
    }
}

impl RequiredGates {
    /// The gates of a transition; none for a rollback.
    pub fn of(&self, step: Transition) -> impl Iterator<Item = BuiltInGate> {
        let gates = match step {
            Transition::Enable => Some(&self.enable),
            Transition::Cutover => Some(&self.cutover),
            Transition::Retire => Some(&self.retire),
            Transition::Rollback => None,
        };
        gates.into_iter().flatten().copied()
    }
}

impl Default for Policy {
    fn default() -> Self {
        let fortnight = Window::new(14 * DAY).expect("14 days are a window");
        Self {
            opening_phase: Phase::Compat,
            required_checks: Vec::new(),
            check_max_age: 7 * DAY,
            cutover_quiet_window: Window::DAY,
            retirement_quiet_window: fortnight,
            inactive_after: fortnight,
            accept_unwatched: false,
            latent: BlockingLatent::Identified,
            coverage_ratio: 0.9,
            max_silence: DAY,
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

pub(super) const OPENING_PHASES: &str = "\"observe\" or \"compat\"";

/// The window of this length; a fault at `place` if the census has none.
pub(super) fn read_window(
    place: &str,
    length: Duration,
    diagnostics: &mut Diagnostics,
) -> Option<Window> {
    let window = Window::new(length).ok();
    if window.is_none() {
        let expected = "at least 1ms and at most 30d, the longest window of the census";
        out_of_range(diagnostics, place, &duration_text::write(length), expected);
    }
    window
}

fn check_limit(place: &str, limit: Duration, diagnostics: &mut Diagnostics) {
    if limit < Duration::from_millis(1) || limit > MAX_LIMIT {
        let expected = "at least 1ms and at most 100 years";
        out_of_range(diagnostics, place, &duration_text::write(limit), expected);
    }
}

fn out_of_range(diagnostics: &mut Diagnostics, place: &str, value: &impl ToString, expected: &str) {
    diagnostics.add_at(place, FaultCode::OutOfRange, value.to_string(), expected);
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
