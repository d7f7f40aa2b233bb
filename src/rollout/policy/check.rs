//! Whether a draft is a policy.

use std::{collections::BTreeSet, time::Duration};

use super::{
    built_in::BuiltInGate,
    draft::PolicyBuilder,
    policy::{Asked, Guard, Policy},
};
use crate::time::duration_text;
use crate::{
    census::Window,
    diagnostics::{Diagnostics, FaultCode, fault_error},
    rollout::texts::Identifier,
};

/// The most checks that a policy may require.
const MAX_CHECKS: usize = 64;

/// The longest time limit: a hundred years, beyond which a number is a slip.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

fault_error! {
    /// Why a policy was refused: all of its faults.
    PolicyError
}

impl PolicyBuilder {
    /// The policy.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, at once.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let mut diagnostics = Diagnostics::default();
        let policy = build(&self, &mut diagnostics);
        diagnostics.into_result(policy)
    }
}

/// The policy that a draft makes, valid only if no faults were added.
pub(super) fn build(draft: &PolicyBuilder, diagnostics: &mut Diagnostics) -> Policy {
    numbers(draft, diagnostics);
    let mut window = |place: &str, length| window(place, length, diagnostics);
    Policy {
        opening_phase: draft.opening_phase,
        cutover_quiet_window: window("/cutover_quiet_window", draft.cutover_quiet_window),
        retirement_quiet_window: window("/retirement_quiet_window", draft.retirement_quiet_window),
        inactive_after: window("/inactive_after", draft.inactive_after),
        required_checks: checks(&draft.required_checks, diagnostics),
        check_max_age: limit("/check_max_age", draft.check_max_age, diagnostics),
        coverage_ratio: draft.coverage_ratio,
        min_responses: draft.min_responses,
        processes: draft.processes,
        rollback_limit: limit("/rollback_limit", draft.rollback_limit, diagnostics),
        guard: draft.guard.inspect(|found| guard(found, diagnostics)),
        retire_by: draft.retire_by,
        gates: Asked {
            enable: gates("/gates/enable", &draft.enable, diagnostics),
            cutover: gates("/gates/cutover", &draft.cutover, diagnostics),
            retire: gates("/gates/retire", &draft.retire, diagnostics),
        },
    }
}

fn numbers(draft: &PolicyBuilder, diagnostics: &mut Diagnostics) {
    if !draft.opening_phase.may_open() {
        let expected = "\"observe\" or \"compat\"";
        let phase = draft.opening_phase.as_str();
        diagnostics.add_at(
            "/opening_phase",
            FaultCode::InvalidOpeningPhase,
            phase,
            expected,
        );
    }
    let ratio = draft.coverage_ratio;
    if !(ratio > 0.0 && ratio <= 1.0) {
        let expected = "a ratio above 0 and up to 1";
        out_of_bounds("/coverage_ratio", ratio.to_string(), expected, diagnostics);
    }
    if draft.processes == 0 {
        out_of_bounds("/processes", "0", "at least one process", diagnostics);
    }
}

/// A stand-in is returned with a fault, so that the rest is still checked.
fn window(place: &str, length: Duration, diagnostics: &mut Diagnostics) -> Window {
    Window::new(length).unwrap_or_else(|_| {
        let expected = "at least 1ms and at most 30d, the longest that the census knows";
        out_of_bounds(place, duration_text::write(length), expected, diagnostics);
        Window::DAY
    })
}

fn limit(place: &str, length: Duration, diagnostics: &mut Diagnostics) -> Duration {
    if length < Duration::from_millis(1) || length > LONGEST {
        let expected = "at least 1ms and at most 100 years";
        out_of_bounds(place, duration_text::write(length), expected, diagnostics);
    }
    length
}

fn checks(names: &[String], diagnostics: &mut Diagnostics) -> Vec<Identifier> {
    if names.len() > MAX_CHECKS {
        let expected = format!("at most {MAX_CHECKS} checks");
        out_of_bounds(
            "/required_checks",
            names.len().to_string(),
            expected,
            diagnostics,
        );
    }
    let mut checks = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = format!("/required_checks/{index}");
        match Identifier::new(name.as_str()) {
            Err(error) => {
                let expected = format!("a token ({error})");
                diagnostics.add_at(place, FaultCode::InvalidName, name, expected);
            }
            Ok(label) if checks.contains(&label) => {
                let expected = "each check once";
                diagnostics.add_at(place, FaultCode::DuplicateName, name, expected);
            }
            Ok(label) => checks.push(label),
        }
    }
    checks
}

fn guard(guard: &Guard, diagnostics: &mut Diagnostics) {
    let Guard {
        within,
        stranded_callers,
        stranded_percent,
    } = guard;
    window("/guard/within", *within, diagnostics);
    if stranded_callers.is_none() && stranded_percent.is_none() {
        let expected = "stranded_callers or stranded_percent";
        diagnostics.add_at("/guard", FaultCode::EmptyGuard, "", expected);
    }
    if let Some(percent) = stranded_percent.filter(|percent| !(0.0..100.0).contains(percent)) {
        let expected = "a percentage of at least 0 and below 100";
        out_of_bounds(
            "/guard/stranded_percent",
            percent.to_string(),
            expected,
            diagnostics,
        );
    }
}

fn gates(
    place: &str,
    named: &[BuiltInGate],
    diagnostics: &mut Diagnostics,
) -> BTreeSet<BuiltInGate> {
    let mut gates = BTreeSet::new();
    for (index, gate) in named.iter().enumerate() {
        if !gates.insert(*gate) {
            let (place, expected) = (format!("{place}/{index}"), "each gate once");
            diagnostics.add_at(place, FaultCode::DuplicateName, gate.as_str(), expected);
        }
    }
    gates
}

fn out_of_bounds(
    place: &str,
    value: impl AsRef<str>,
    expected: impl Into<String>,
    diagnostics: &mut Diagnostics,
) {
    diagnostics.add_at(place, FaultCode::OutOfRange, value, expected);
}
