//! A step: its gates first, then the button.

use askama::Template;

use super::{
    explain::Background,
    frame::{Frame, Scene},
    phases::{consequence, verb},
    remaining::Remaining,
    standing::Gates,
    trouble::Trouble,
};
use crate::{
    admin::command::Form,
    rollout::{DryRun, Phase, Transition},
};

/// The page of a step.
#[derive(Debug, Template)]
#[template(path = "step.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct Step {
    frame: Frame,
    name: &'static str,
    verb: &'static str,
    consequence: &'static str,
    from: Phase,
    to: Phase,
    /// The head that this rests on; the form carries it.
    head: u64,
    /// Why there is no such step now.
    impossible: Option<String>,
    gated: bool,
    may_be_overridden: bool,
    gates: Gates,
    form: Form,
    trouble: Option<Trouble>,
}

impl Step {
    pub(crate) fn new(
        scene: &Scene,
        run: &DryRun,
        remaining: &Remaining,
        (form, trouble): (Form, Option<Trouble>),
    ) -> Self {
        let background = Background {
            base: &scene.base,
            policy: &scene.status.policy,
            remaining,
        };
        let step = run.step;
        Self {
            frame: Frame::new(verb(step), scene),
            name: step.as_str(),
            verb: verb(step),
            consequence: consequence(step),
            from: step.from(),
            to: step.to(),
            head: run.head,
            impossible: run
                .impossible
                .map(|_| reachable(scene.status.state.phase())),
            gated: step.is_gated(),
            may_be_overridden: step.may_be_overridden(),
            gates: Gates::new(&run.gates, &background),
            form,
            trouble,
        }
    }

    /// What a dead end leads to: nothing, a button, or the override.
    fn may_go(&self) -> bool {
        self.impossible.is_none() && self.gates.pass()
    }

    fn is_named(&self, gate: &str) -> bool {
        self.form.fields("override").any(|named| named == gate)
    }

    fn overridable(&self) -> bool {
        self.impossible.is_none() && !self.gates.pass() && self.may_be_overridden
    }
}

fn reachable(phase: Phase) -> String {
    let steps: Vec<&str> = phase.transitions().map(Transition::as_str).collect();
    if steps.is_empty() {
        return format!("The rollout is in {phase}, which is final.");
    }
    format!(
        "The rollout is in {phase}. From there it can: {}.",
        steps.join(", ")
    )
}
