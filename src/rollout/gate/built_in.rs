//! The built-in gates by their names.

use super::{
    all_accounted, context::GateContext, coverage, gate::Gate, instrumentation, legacy_quiet,
    records, verdict::Verdict,
};
use crate::rollout::{
    bounded_json::Evidence, gate_report::GateReport, phase::Transition, policy::BuiltInGate,
    texts::Label,
};

impl Gate for BuiltInGate {
    fn name(&self) -> Label {
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
        BuiltInGate::ChecksGreen => records::checks_green(context),
        BuiltInGate::LegacyQuiet => legacy_quiet::verdict(context),
        BuiltInGate::AllAccounted => all_accounted::verdict(context),
        BuiltInGate::Coverage => coverage::verdict(context),
        BuiltInGate::NoIncident => records::no_incident(context),
        BuiltInGate::PostAnalysisDone => records::post_analysis_done(context),
    }
}
