//! Evaluates the gates of a transition, built-in and custom ones.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    census_gates::{all_callers_resolved, coverage, instrumentation, no_dependent_responses},
    gate::{Gate, GateContext, Verdict},
    journal_gates::{no_open_incident, post_analyses_filed, required_checks},
};
use crate::rollout::{
    evidence::{BuiltInGate, GateReport, UnknownReason},
    names::Identifier,
    phase::Transition,
};

/// Reports of all gates of a transition: the built-in ones that the policy names, then custom ones. Abort and rollback
/// have no gates.
pub(in crate::rollout) fn evaluate(
    context: &GateContext<'_>,
    custom: &[Arc<dyn Gate>],
) -> Vec<GateReport> {
    if !context.step.is_gated() {
        return Vec::new();
    }
    let built_in = context.policy.gates.of(context.step);
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
        Ok(report) if report.name == name => report,
        Ok(report) => GateReport::new(name, report.passed, report.evidence.clone()),
        Err(_) => GateReport::new(name, false, UnknownReason::Panicked),
    }
}

impl Gate for BuiltInGate {
    fn name(&self) -> Identifier {
        self.identifier()
    }

    /// By the default policy; a rollout goes by its own policy.
    fn applies_to(&self, step: Transition) -> bool {
        (*self == Self::Instrumentation) == (step == Transition::Enable) && step.is_gated()
    }

    /// A gate that cannot be evaluated fails.
    fn report(&self, context: &GateContext<'_>) -> GateReport {
        match verdict(*self, context) {
            Ok((passed, evidence)) => GateReport::new(self.identifier(), passed, evidence),
            Err(reason) => GateReport::new(self.identifier(), false, reason),
        }
    }
}

fn verdict(gate: BuiltInGate, context: &GateContext<'_>) -> Verdict {
    match gate {
        BuiltInGate::Instrumentation => instrumentation(context),
        BuiltInGate::RequiredChecks => Ok(required_checks(context)),
        BuiltInGate::NoDependentResponses => no_dependent_responses(context),
        BuiltInGate::AllCallersResolved => all_callers_resolved(context),
        BuiltInGate::Coverage => coverage(context),
        BuiltInGate::NoOpenIncident => Ok(no_open_incident(context)),
        BuiltInGate::PostAnalysesFiled => Ok(post_analyses_filed(context)),
    }
}
