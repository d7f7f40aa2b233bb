//! The built-in gates by their names.

use super::{
    all_callers_resolved, context::GateContext, coverage, gate::Gate, instrumentation,
    no_dependent_responses, records, verdict::Verdict,
};
use crate::rollout::{
    bounded_json::Evidence, gate_report::GateReport, phase::Transition, policy::BuiltInGate,
    texts::Identifier,
};

impl Gate for BuiltInGate {
    fn name(&self) -> Identifier {
        self.label()
    }

    /// By default policy. Which of them a rollout asks, its own policy says.
    fn is_asked(&self, step: Transition) -> bool {
        (*self == Self::Instrumentation) == (step == Transition::Enable) && step.is_gated()
    }

    fn report(&self, context: &GateContext<'_>) -> GateReport {
        let verdict = verdict(*self, context);
        let evidence = Evidence::fitted(verdict.evidence);
        GateReport::new(self.label(), verdict.passed, evidence)
    }
}

fn verdict(gate: BuiltInGate, context: &GateContext<'_>) -> Verdict {
    match gate {
        BuiltInGate::Instrumentation => instrumentation::verdict(context),
        BuiltInGate::RequiredChecks => records::required_checks(context),
        BuiltInGate::NoDependentResponses => no_dependent_responses::verdict(context),
        BuiltInGate::AllCallersResolved => all_callers_resolved::verdict(context),
        BuiltInGate::Coverage => coverage::verdict(context),
        BuiltInGate::NoOpenIncident => records::no_open_incident(context),
        BuiltInGate::PostAnalysesFiled => records::post_analyses_filed(context),
    }
}
