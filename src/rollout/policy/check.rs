//! Whether a draft is a policy.

use std::{collections::BTreeSet, time::Duration};

use super::{
    draft::PolicyBuilder,
    fault::{Faults, InvalidPolicy, PolicyFaultKind},
    policy::{Asked, Guard, Policy},
};
use crate::time::duration_text;
use crate::{
    census::Window,
    rollout::{evidence::BuiltInGate, texts::Identifier},
};

/// The most checks that a policy may require.
const MAX_CHECKS: usize = 64;

/// The longest time limit: a hundred years, beyond which a number is a slip.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

impl PolicyBuilder {
    /// The policy.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, at once.
    pub fn build(self) -> Result<Policy, InvalidPolicy> {
        build(&self, Faults::default())
    }
}

/// The policy that a draft makes, unless there are faults in it or were some before.
pub(super) fn build(draft: &PolicyBuilder, mut faults: Faults) -> Result<Policy, InvalidPolicy> {
    numbers(draft, &mut faults);
    let faults = &mut faults;
    let mut window = |place: &str, length| window(place, length, faults);
    let policy = Policy {
        opening_phase: draft.opening_phase,
        cutover_quiet_window: window("/cutover_quiet_window", draft.cutover_quiet_window),
        retirement_quiet_window: window("/retirement_quiet_window", draft.retirement_quiet_window),
        inactive_after: window("/inactive_after", draft.inactive_after),
        required_checks: checks(&draft.required_checks, faults),
        check_max_age: limit("/check_max_age", draft.check_max_age, faults),
        coverage_ratio: draft.coverage_ratio,
        min_responses: draft.min_responses,
        processes: draft.processes,
        rollback_limit: limit("/rollback_limit", draft.rollback_limit, faults),
        guard: draft.guard.inspect(|found| guard(found, faults)),
        retire_by: draft.retire_by,
        gates: Asked {
            enable: gates("/gates/enable", &draft.enable, faults),
            cutover: gates("/gates/cutover", &draft.cutover, faults),
            retire: gates("/gates/retire", &draft.retire, faults),
        },
    };
    std::mem::take(faults).into_result(policy)
}

fn numbers(draft: &PolicyBuilder, faults: &mut Faults) {
    if !draft.opening_phase.may_open() {
        let remedy = "\"observe\" or \"compat\"";
        let phase = draft.opening_phase.as_str();
        faults.add(
            PolicyFaultKind::InvalidOpening,
            "/opening_phase",
            phase,
            remedy,
        );
    }
    let ratio = draft.coverage_ratio;
    if !(ratio > 0.0 && ratio <= 1.0) {
        let remedy = "a share above 0 and up to 1";
        out_of_bounds("/coverage_ratio", ratio.to_string(), remedy, faults);
    }
    if draft.processes == 0 {
        out_of_bounds("/processes", "0", "at least one process serves", faults);
    }
}

/// A stand-in is returned with a fault, so that the rest is still checked.
fn window(place: &str, length: Duration, faults: &mut Faults) -> Window {
    Window::new(length).unwrap_or_else(|_| {
        let remedy = "at least 1ms and at most 30d, the longest that the census knows";
        out_of_bounds(place, duration_text::write(length), remedy, faults);
        Window::DAY
    })
}

fn limit(place: &str, length: Duration, faults: &mut Faults) -> Duration {
    if length < Duration::from_millis(1) || length > LONGEST {
        let remedy = "at least 1ms and at most 100 years";
        out_of_bounds(place, duration_text::write(length), remedy, faults);
    }
    length
}

fn checks(names: &[String], faults: &mut Faults) -> Vec<Identifier> {
    if names.len() > MAX_CHECKS {
        let remedy = format!("at most {MAX_CHECKS} checks");
        out_of_bounds("/required_checks", names.len().to_string(), remedy, faults);
    }
    let mut checks = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = format!("/required_checks/{index}");
        match Identifier::new(name.as_str()) {
            Err(error) => {
                let remedy = error.to_string();
                faults.add(PolicyFaultKind::InvalidCheck, place, name, remedy);
            }
            Ok(label) if checks.contains(&label) => {
                let remedy = "name each check once";
                faults.add(PolicyFaultKind::Duplicate, place, name, remedy);
            }
            Ok(label) => checks.push(label),
        }
    }
    checks
}

fn guard(guard: &Guard, faults: &mut Faults) {
    let Guard {
        within,
        stranded_callers,
        stranded_percent,
    } = guard;
    window("/guard/within", *within, faults);
    if stranded_callers.is_none() && stranded_percent.is_none() {
        let remedy = "stranded_callers or stranded_percent";
        faults.add(PolicyFaultKind::EmptyGuard, "/guard", "", remedy);
    }
    if let Some(percent) = stranded_percent.filter(|percent| !(0.0..100.0).contains(percent)) {
        let remedy = "a share of at least 0 and below 100 percent";
        out_of_bounds(
            "/guard/stranded_percent",
            percent.to_string(),
            remedy,
            faults,
        );
    }
}

fn gates(place: &str, named: &[BuiltInGate], faults: &mut Faults) -> BTreeSet<BuiltInGate> {
    let mut gates = BTreeSet::new();
    for (index, gate) in named.iter().enumerate() {
        if !gates.insert(*gate) {
            let (place, remedy) = (format!("{place}/{index}"), "name each gate once");
            faults.add(PolicyFaultKind::Duplicate, place, gate.as_str(), remedy);
        }
    }
    gates
}

fn out_of_bounds(
    place: &str,
    value: impl Into<String>,
    remedy: impl Into<String>,
    faults: &mut Faults,
) {
    faults.add(PolicyFaultKind::OutOfBounds, place, value, remedy);
}
