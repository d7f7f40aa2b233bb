//! A policy in the making.

use std::time::Duration;

use super::{
    built_in::BuiltInGate,
    policy::{Guard, Policy},
};
use crate::rollout::{
    phase::{Phase, Transition},
    texts::Identifier,
};
use crate::time::Timestamp;

/// A policy in the making, checked by [`PolicyBuilder::build`]. It begins with the defaults.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::diagnostics::FaultCode;
/// use legacy_http_compat::rollout::{BuiltInGate, Guard, Policy, Transition};
///
/// let policy = Policy::builder()
///     .required_checks(["openapi", "client_compat"])
///     .min_responses(5_000)
///     .guard(Some(Guard::new(Duration::from_secs(1_800), Some(20), None)))
///     .gates(Transition::Enable, [])
///     .build()?;
/// assert_eq!(policy.required_checks().len(), 2);
///
/// let error = Policy::builder().retirement_quiet_window(Duration::from_secs(31 * 86_400)).build().unwrap_err();
/// assert_eq!(error.faults()[0].code(), FaultCode::OutOfRange);
/// # Ok::<(), legacy_http_compat::rollout::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder {
    pub(super) opening_phase: Phase,
    pub(super) required_checks: Vec<String>,
    pub(super) check_max_age: Duration,
    pub(super) cutover_quiet_window: Duration,
    pub(super) retirement_quiet_window: Duration,
    pub(super) inactive_after: Duration,
    pub(super) coverage_ratio: f64,
    pub(super) min_responses: u64,
    pub(super) processes: u32,
    pub(super) rollback_limit: Duration,
    pub(super) guard: Option<Guard>,
    pub(super) retire_by: Option<Timestamp>,
    pub(super) enable: Vec<BuiltInGate>,
    pub(super) cutover: Vec<BuiltInGate>,
    pub(super) retire: Vec<BuiltInGate>,
}

impl Policy {
    /// A policy to be set up, from the defaults.
    pub fn builder() -> PolicyBuilder {
        Self::default().to_builder()
    }

    /// A policy to be set up, from this one.
    pub fn to_builder(&self) -> PolicyBuilder {
        let checks = self.required_checks.iter().map(Identifier::to_string);
        PolicyBuilder {
            opening_phase: self.opening_phase,
            required_checks: checks.collect(),
            check_max_age: self.check_max_age,
            cutover_quiet_window: self.cutover_quiet_window.length(),
            retirement_quiet_window: self.retirement_quiet_window.length(),
            inactive_after: self.inactive_after.length(),
            coverage_ratio: self.coverage_ratio,
            min_responses: self.min_responses,
            processes: self.processes,
            rollback_limit: self.rollback_limit,
            guard: self.guard,
            retire_by: self.retire_by,
            enable: self.gates.enable.iter().copied().collect(),
            cutover: self.gates.cutover.iter().copied().collect(),
            retire: self.gates.retire.iter().copied().collect(),
        }
    }
}

impl PolicyBuilder {
    /// The phase in which a rollout with an empty journal opens: observe or compat.
    pub fn opening_phase(mut self, phase: Phase) -> Self {
        self.opening_phase = phase;
        self
    }

    /// The checks that have to be green.
    pub fn required_checks<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.required_checks = names.into_iter().map(Into::into).collect();
        self
    }

    /// How old a check's report may be.
    pub fn check_max_age(mut self, age: Duration) -> Self {
        self.check_max_age = age;
        self
    }

    /// The window in which everything has to be quiet before a cutover.
    pub fn cutover_quiet_window(mut self, window: Duration) -> Self {
        self.cutover_quiet_window = window;
        self
    }

    /// The window in which everything has to be quiet before retirement.
    pub fn retirement_quiet_window(mut self, window: Duration) -> Self {
        self.retirement_quiet_window = window;
        self
    }

    /// How long a caller has to be silent to be accounted for.
    pub fn inactive_after(mut self, window: Duration) -> Self {
        self.inactive_after = window;
        self
    }

    /// The least share of the window that was watched.
    pub fn coverage_ratio(mut self, ratio: f64) -> Self {
        self.coverage_ratio = ratio;
        self
    }

    /// The least answers in the window.
    pub fn min_responses(mut self, responses: u64) -> Self {
        self.min_responses = responses;
        self
    }

    /// How many processes serve.
    pub fn processes(mut self, processes: u32) -> Self {
        self.processes = processes;
        self
    }

    /// How long a rollback may last, and its post-analysis may take.
    pub fn rollback_limit(mut self, limit: Duration) -> Self {
        self.rollback_limit = limit;
        self
    }

    /// When a cutover is taken back by the rollout itself.
    pub fn guard(mut self, guard: Option<Guard>) -> Self {
        self.guard = guard;
        self
    }

    /// When flag and code should be gone.
    pub fn retire_by(mut self, moment: Option<Timestamp>) -> Self {
        self.retire_by = moment;
        self
    }

    /// The built-in gates that a step asks for, in place of those of before. The ways back ask for none: of them it
    /// changes nothing.
    pub fn gates(mut self, step: Transition, gates: impl IntoIterator<Item = BuiltInGate>) -> Self {
        let gates = gates.into_iter().collect();
        match step {
            Transition::Enable => self.enable = gates,
            Transition::Cutover => self.cutover = gates,
            Transition::Retire => self.retire = gates,
            Transition::Abort | Transition::Rollback => {}
        }
        self
    }
}
