//! Evaluates the gates of a transition.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{context::GateContext, gate::Gate};
use crate::rollout::evidence::{GateReport, UnknownReason};

/// Reports of all gates of a transition: the built-in ones that the policy names, then custom ones. Abort and rollback
/// have no gates.
pub(in crate::rollout) fn evaluate(
    context: &GateContext<'_>,
    custom: &[Arc<dyn Gate>],
) -> Vec<GateReport> {
    if !context.step.is_gated() {
        return Vec::new();
    }
    let built_in = context.policy.gates(context.step);
    let built_in = built_in.map(|gate| report(&gate, context));
    let custom = custom.iter().filter(|gate| gate.applies_to(context.step));
    built_in
        .chain(custom.map(|gate| report(&**gate, context)))
        .collect()
}

/// A report always has the name under which its gate was added: a cutover overrides gates by this name.
fn report(gate: &dyn Gate, context: &GateContext<'_>) -> GateReport {
    let name = gate.name();
    match catch_unwind(AssertUnwindSafe(|| gate.report(context))) {
        Ok(report) if *report.name() == name => report,
        Ok(report) => GateReport::new(name, report.passed(), report.evidence().clone()),
        Err(_) => GateReport::new(name, false, UnknownReason::Panicked),
    }
}
