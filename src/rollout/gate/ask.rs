//! Asking the gates of a step.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use serde_json::json;

use super::{context::GateContext, gate::Gate};
use crate::rollout::gate_report::GateReport;

/// What the gates of a step say: the built-in ones that the policy names, then one's own. The ways back ask none.
pub(in crate::rollout) fn ask(context: &GateContext<'_>, own: &[Arc<dyn Gate>]) -> Vec<GateReport> {
    if !context.step.is_gated() {
        return Vec::new();
    }
    let built_in = context.policy.gates(context.step);
    let built_in = built_in.map(|gate| asked(&gate, context));
    let own = own.iter().filter(|gate| gate.is_asked(context.step));
    built_in
        .chain(own.map(|gate| asked(&**gate, context)))
        .collect()
}

/// A report always bears the name under which its gate was added: it is by this that a cutover overrides it.
fn asked(gate: &dyn Gate, context: &GateContext<'_>) -> GateReport {
    let name = gate.name();
    match catch_unwind(AssertUnwindSafe(|| gate.report(context))) {
        Ok(report) if *report.name() == name => report,
        Ok(report) => GateReport::new(name, report.passed(), report.evidence().clone()),
        Err(_) => GateReport::failed(name, json!({ "unknown": "the gate panicked" })),
    }
}
