//! The page of a transition: its gates first, then the button.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    layout::Layout,
    page_request::PageRequest,
    phases::{GateSummary, consequence, verb},
    submitted_form::{PageForm, SubmittedForm},
};
use crate::{
    admin::{
        command::CommandKind,
        problem::{Problem, ProblemKind},
        shared::html,
    },
    rollout::{DryRun, Rollout, Transition},
};

/// The page of a transition.
#[derive(Debug, Template)]
#[template(path = "step.html", config = "src/admin/pages/templates/askama.toml")]
struct StepPage<'a> {
    layout: &'a Layout,
    run: &'a DryRun,
    gates: GateSummary,
    form: PageForm,
}

pub(crate) async fn show(request: PageRequest, Path(name): Path<String>) -> Response {
    match transition(&name) {
        Some(Transition::Rollback) => Redirect::to(&request.base.link("/rollback")).into_response(),
        Some(step) => {
            let page = move |rollout: &Rollout, layout: &Layout| {
                page(rollout, layout, step, PageForm::default())
            };
            request.render(verb(step), page).await
        }
        None => no_such_transition(),
    }
}

pub(crate) async fn take(Path(name): Path<String>, form: SubmittedForm) -> Response {
    let step = transition(&name).filter(|step| *step != Transition::Rollback);
    let Some(step) = step else {
        return no_such_transition();
    };
    let form = form.with("to", step.to().as_str());
    let page = move |rollout: &Rollout, layout: &Layout, form| page(rollout, layout, step, form);
    form.submit(CommandKind::Transition, "", verb(step), page)
        .await
}

fn transition(name: &str) -> Option<Transition> {
    let mut steps = Transition::ALL.iter().copied();
    steps.find(|step| step.as_str() == name)
}

fn no_such_transition() -> Response {
    Problem::new(ProblemKind::NotFound, "There is no such transition.").into_response()
}

fn page(rollout: &Rollout, layout: &Layout, step: Transition, form: PageForm) -> Response {
    let run = rollout.preview(step);
    html(&StepPage {
        layout,
        gates: GateSummary::new(rollout, layout, &run),
        run: &run,
        form,
    })
}

impl StepPage<'_> {
    fn consequence(&self) -> &'static str {
        consequence(self.run.step)
    }

    /// Whether it cannot be made, whatever the gates say.
    fn is_impossible(&self) -> bool {
        self.run.impossible.is_some() || self.layout.unrecorded()
    }

    /// Whether the transition can be made without an override.
    fn ready(&self) -> bool {
        self.run.passes()
    }

    fn overridable(&self) -> bool {
        !self.is_impossible()
            && self.run.brownout_running.is_none()
            && self.gates.due.is_empty()
            && !self.gates.pass()
            && self.run.step.may_be_overridden()
    }

    /// Whether the form overrides a gate.
    fn overrides(&self, gate: &str) -> bool {
        self.form.fields.fields("override").any(|name| name == gate)
    }

    /// Which transitions are possible instead.
    fn possible(&self) -> String {
        if self.layout.unrecorded() {
            return "A rollback has taken effect that is not yet on record. Nothing else can be done before the journal can be written.".to_owned();
        }
        let phase = self.layout.phase();
        let steps: Vec<&str> = phase.transitions().map(Transition::as_str).collect();
        if steps.is_empty() {
            return format!("The rollout is in {phase}, which is final.");
        }
        format!(
            "The rollout is in {phase}. Its transitions are: {}.",
            steps.join(", ")
        )
    }
}
