//! The built-in gates as [`Gate`]s.

use super::{
    all_callers_resolved,
    context::{GateContext, Verdict},
    coverage,
    gate::Gate,
    instrumentation, journal_gates, no_dependent_responses,
};
use crate::rollout::{
    evidence::{BuiltInGate, GateReport},
    phase::Transition,
    texts::Identifier,
};

impl Gate for BuiltInGate {
    fn name(&self) -> Identifier {
        self.label()
    }

    /// By the default policy; a rollout goes by its own policy.
    fn applies_to(&self, step: Transition) -> bool {
        (*self == Self::Instrumentation) == (step == Transition::Enable) && step.is_gated()
    }

    /// A gate that cannot be evaluated fails.
    fn report(&self, context: &GateContext<'_>) -> GateReport {
        match verdict(*self, context) {
            Ok((passed, evidence)) => GateReport::new(self.label(), passed, evidence),
            Err(reason) => GateReport::new(self.label(), false, reason),
        }
    }
}

fn verdict(gate: BuiltInGate, context: &GateContext<'_>) -> Verdict {
    match gate {
        BuiltInGate::Instrumentation => instrumentation::verdict(context),
        BuiltInGate::RequiredChecks => Ok(journal_gates::required_checks(context)),
        BuiltInGate::NoDependentResponses => no_dependent_responses::verdict(context),
        BuiltInGate::AllCallersResolved => all_callers_resolved::verdict(context),
        BuiltInGate::Coverage => coverage::verdict(context),
        BuiltInGate::NoOpenIncident => Ok(journal_gates::no_open_incident(context)),
        BuiltInGate::PostAnalysesFiled => Ok(journal_gates::post_analyses_filed(context)),
    }
}
