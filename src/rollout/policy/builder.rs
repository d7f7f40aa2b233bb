//! Builds a policy and checks its settings.

use std::{collections::BTreeSet, time::Duration};

use super::policy::{AutoRollback, Policy};
use crate::{
    census::Window,
    diagnostics::{Diagnostics, FaultCode, fault_error},
    rollout::{
        evidence::BuiltInGate,
        names::Identifier,
        phase::{Phase, Transition},
    },
    time::{Timestamp, duration_text},
};

/// The most checks that a policy may require.
const MAX_CHECKS: usize = 64;

/// The longest time limit: a hundred years, beyond which a number is a mistake.
const MAX_LIMIT: Duration = Duration::from_secs(100 * 366 * 86_400);

fault_error! {
    /// Why a policy was refused: all of its faults.
    PolicyError
}

/// Builder for a [`Policy`]. Starts from the defaults, and collects the faults of all settings.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::{Transition, policy::{AutoRollback, Policy}};
///
/// let policy = Policy::builder()
///     .required_checks(["openapi", "client_compat"])
///     .min_responses(5_000)
///     .auto_rollback(Some(AutoRollback::new(Duration::from_secs(1_800), Some(20), None)))
///     .gates(Transition::Enable, [])
///     .build()?;
/// assert_eq!(policy.required_checks().len(), 2);
///
/// let error = Policy::builder().retirement_quiet_window(Duration::from_secs(31 * 86_400)).build().unwrap_err();
/// assert_eq!(error.faults()[0].place(), "/retirement_quiet_window");
/// # Ok::<(), legacy_http_compat::rollout::policy::PolicyError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct PolicyBuilder {
    pub(super) policy: Policy,
    pub(super) diagnostics: Diagnostics,
}

impl Policy {
    /// A builder that starts from the defaults.
    pub fn builder() -> PolicyBuilder {
        Self::default().to_builder()
    }

    /// A builder that starts from this policy.
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder {
            policy: self.clone(),
            diagnostics: Diagnostics::default(),
        }
    }
}

impl PolicyBuilder {
    /// Sets the phase in which a rollout with an empty journal opens: observe or compat.
    pub fn opening_phase(mut self, phase: Phase) -> Self {
        self.policy.opening_phase = phase;
        if !phase.may_open() {
            let expected = "\"observe\" or \"compat\"";
            self.fault(
                "/opening_phase",
                FaultCode::InvalidOpeningPhase,
                phase.as_str(),
                expected,
            );
        }
        self
    }

    /// Sets the checks that must be green, at most 64.
    pub fn required_checks<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.policy.required_checks.clear();
        for (index, name) in names.into_iter().enumerate() {
            self.require_check(index, &name.into());
        }
        let number = self.policy.required_checks.len();
        if number > MAX_CHECKS {
            let expected = format!("at most {MAX_CHECKS} checks");
            self.fault(
                "/required_checks",
                FaultCode::TooMany,
                &number.to_string(),
                expected,
            );
        }
        self
    }

    fn require_check(&mut self, index: usize, name: &str) {
        let place = format!("/required_checks/{index}");
        match Identifier::new(name) {
            Err(error) => {
                let expected = format!("a token ({error})");
                self.fault(&place, FaultCode::InvalidName, name, expected);
            }
            Ok(check) if self.policy.required_checks.contains(&check) => {
                self.fault(&place, FaultCode::DuplicateName, name, "each check once");
            }
            Ok(check) => self.policy.required_checks.push(check),
        }
    }

    /// Sets how old the report of a check may be.
    pub fn check_max_age(mut self, age: Duration) -> Self {
        self.policy.check_max_age = age;
        self.check_limit("/check_max_age", age);
        self
    }

    /// Sets the quiet window of the cutover.
    pub fn cutover_quiet_window(mut self, length: Duration) -> Self {
        if let Some(window) = self.window("/cutover_quiet_window", length) {
            self.policy.cutover_quiet_window = window;
        }
        self
    }

    /// Sets the quiet window of the retirement.
    pub fn retirement_quiet_window(mut self, length: Duration) -> Self {
        if let Some(window) = self.window("/retirement_quiet_window", length) {
            self.policy.retirement_quiet_window = window;
        }
        self
    }

    /// Sets how long a caller must not have been seen to count as inactive.
    pub fn inactive_after(mut self, length: Duration) -> Self {
        if let Some(window) = self.window("/inactive_after", length) {
            self.policy.inactive_after = window;
        }
        self
    }

    /// Sets the least share of the window that must be watched: above 0 and up to 1.
    pub fn coverage_ratio(mut self, ratio: f64) -> Self {
        self.policy.coverage_ratio = ratio;
        if !(ratio > 0.0 && ratio <= 1.0) {
            let expected = "a ratio above 0 and up to 1";
            self.out_of_range("/coverage_ratio", &ratio.to_string(), expected);
        }
        self
    }

    /// Sets the fewest responses in the window.
    pub fn min_responses(mut self, responses: u64) -> Self {
        self.policy.min_responses = responses;
        self
    }

    /// Sets how many processes serve; at least one.
    pub fn processes(mut self, processes: u32) -> Self {
        self.policy.processes = processes;
        if processes == 0 {
            self.out_of_range("/processes", "0", "at least one process");
        }
        self
    }

    /// Sets how long a rollback may last, and its post-analysis may take.
    pub fn rollback_limit(mut self, limit: Duration) -> Self {
        self.policy.rollback_limit = limit;
        self.check_limit("/rollback_limit", limit);
        self
    }

    /// Sets when a cutover is rolled back automatically.
    pub fn auto_rollback(mut self, limits: Option<AutoRollback>) -> Self {
        self.policy.auto_rollback = limits;
        if let Some(limits) = limits {
            self.check_auto_rollback(&limits);
        }
        self
    }

    fn check_auto_rollback(&mut self, limits: &AutoRollback) {
        self.window("/auto_rollback/window", limits.window);
        if limits.stranded_callers.is_none() && limits.stranded_percent.is_none() {
            let expected = "stranded_callers or stranded_percent";
            self.fault("/auto_rollback", FaultCode::EmptyAutoRollback, "", expected);
        }
        let percent = limits.stranded_percent;
        if let Some(percent) = percent.filter(|percent| !(0.0..100.0).contains(percent)) {
            let expected = "a percentage of at least 0 and below 100";
            let place = "/auto_rollback/stranded_percent";
            self.out_of_range(place, &percent.to_string(), expected);
        }
    }

    /// Sets when flag and code should be gone.
    pub fn retire_by(mut self, date: Option<Timestamp>) -> Self {
        self.policy.retire_by = date;
        self
    }

    /// Replaces the built-in gates of a transition. Abort and rollback have none: for them it has no effect.
    pub fn gates(mut self, step: Transition, gates: impl IntoIterator<Item = BuiltInGate>) -> Self {
        let mut required = BTreeSet::new();
        for (index, gate) in gates.into_iter().enumerate() {
            if !required.insert(gate) {
                let place = format!("/gates/{step}/{index}");
                self.fault(
                    &place,
                    FaultCode::DuplicateName,
                    gate.as_str(),
                    "each gate once",
                );
            }
        }
        match step {
            Transition::Enable => self.policy.gates.enable = required,
            Transition::Cutover => self.policy.gates.cutover = required,
            Transition::Retire => self.policy.gates.retire = required,
            Transition::Abort | Transition::Rollback => {}
        }
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// The faults of all settings.
    pub fn build(self) -> Result<Policy, PolicyError> {
        self.diagnostics.into_result(self.policy)
    }

    fn window(&mut self, place: &str, length: Duration) -> Option<Window> {
        let window = Window::new(length).ok();
        if window.is_none() {
            let expected = "at least 1ms and at most 30d, the longest window of the census";
            self.out_of_range(place, &duration_text::write(length), expected);
        }
        window
    }

    fn check_limit(&mut self, place: &str, limit: Duration) {
        if limit < Duration::from_millis(1) || limit > MAX_LIMIT {
            let expected = "at least 1ms and at most 100 years";
            self.out_of_range(place, &duration_text::write(limit), expected);
        }
    }

    fn out_of_range(&mut self, place: &str, value: &str, expected: &str) {
        self.fault(place, FaultCode::OutOfRange, value, expected);
    }

    fn fault(&mut self, place: &str, code: FaultCode, value: &str, expected: impl Into<String>) {
        self.diagnostics.add_at(place, code, value, expected);
    }
}
