//! The page of a transition: its gates first, then the button.

use askama::Template;

use super::{
    explain::{BlockingCallers, ExplainContext},
    gate_summary::GateSummary,
    layout::{Layout, PageContext},
    phases::{consequence, verb},
    submitted_form::FormError,
};
use crate::{
    admin::command::Form,
    rollout::{DryRun, Phase, Transition},
};

/// The page of a transition.
#[derive(Debug, Template)]
#[template(path = "step.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct StepPage {
    layout: Layout,
    name: &'static str,
    verb: &'static str,
    consequence: &'static str,
    from: Phase,
    to: Phase,
    /// The head that the page was rendered at; the form carries it.
    head: u64,
    /// Why the transition is impossible now.
    impossible: Option<String>,
    gated: bool,
    may_be_overridden: bool,
    gates: GateSummary,
    form: Form,
    error: Option<FormError>,
}

impl StepPage {
    pub(crate) fn new(
        context: &PageContext,
        run: &DryRun,
        blocking: &BlockingCallers,
        (form, error): (Form, Option<FormError>),
    ) -> Self {
        let explain = ExplainContext {
            base: &context.base,
            policy: &context.status.policy,
            blocking,
        };
        let (step, phase) = (run.step, context.status.state.phase);
        Self {
            layout: Layout::new(verb(step), context),
            name: step.as_str(),
            verb: verb(step),
            consequence: consequence(step),
            from: step.from(),
            to: step.to(),
            head: run.head,
            impossible: run.impossible.map(|_| possible(phase)),
            gated: step.is_gated(),
            may_be_overridden: step.may_be_overridden(),
            gates: GateSummary::new(&run.gates, &explain),
            form,
            error,
        }
    }

    /// Whether the transition can be made without an override.
    fn ready(&self) -> bool {
        self.impossible.is_none() && self.gates.pass()
    }

    fn overridable(&self) -> bool {
        self.impossible.is_none() && !self.gates.pass() && self.may_be_overridden
    }

    /// Whether the form overrides a gate.
    fn overrides(&self, gate: &str) -> bool {
        self.form.fields("override").any(|name| name == gate)
    }
}

fn possible(phase: Phase) -> String {
    let steps: Vec<&str> = phase.transitions().map(Transition::as_str).collect();
    if steps.is_empty() {
        return format!("The rollout is in {phase}, which is final.");
    }
    format!(
        "The rollout is in {phase}. Its transitions are: {}.",
        steps.join(", ")
    )
}
