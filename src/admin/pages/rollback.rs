//! The page of the rollback, and the page of its post-analysis.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};

use super::{
    layout::Layout,
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
};
use crate::{
    admin::{
        command::CommandKind,
        problem::{Problem, ProblemKind},
        shared::html,
    },
    rollout::{Phase, Rollback, Rollout},
};

/// The page of the rollback.
#[derive(Debug, Template)]
#[template(
    path = "rollback.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct RollbackPage<'a> {
    layout: &'a Layout,
    form: PageForm,
}

/// The page of a post-analysis.
#[derive(Debug, Template)]
#[template(
    path = "post_analysis.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct PostAnalysisPage<'a> {
    layout: &'a Layout,
    rollback: &'a Rollback,
    form: PageForm,
}

const TITLE: &str = "Roll back";
const ANALYSIS_TITLE: &str = "Post-analysis";

pub(crate) async fn show(request: PageRequest) -> Response {
    let page = |rollout: &Rollout, layout: &Layout| page(rollout, layout, PageForm::default());
    request.render(TITLE, page).await
}

pub(crate) async fn roll_back(form: SubmittedForm) -> Response {
    form.submit(CommandKind::Rollback, "", TITLE, page).await
}

fn page(_: &Rollout, layout: &Layout, form: PageForm) -> Response {
    html(&RollbackPage { layout, form })
}

pub(crate) async fn show_analysis(request: PageRequest, Path(seq): Path<String>) -> Response {
    let page = move |_: &Rollout, layout: &Layout| analysis(layout, &seq, PageForm::default());
    request.render(ANALYSIS_TITLE, page).await
}

pub(crate) async fn file_analysis(Path(seq): Path<String>, form: SubmittedForm) -> Response {
    let then = format!("/post-analysis/{seq}");
    let form = form.with("rollback", seq.as_str());
    let page = move |_: &Rollout, layout: &Layout, form| analysis(layout, &seq, form);
    form.submit(CommandKind::PostAnalysis, &then, ANALYSIS_TITLE, page)
        .await
}

fn analysis(layout: &Layout, seq: &str, form: PageForm) -> Response {
    let mut rollbacks = layout.status.state.rollbacks.iter();
    let Some(rollback) = rollbacks.find(|rollback| rollback.done.seq.to_string() == seq) else {
        let detail = "There is no rollback with this number.";
        return Problem::new(ProblemKind::NotFound, detail).into_response();
    };
    html(&PostAnalysisPage {
        layout,
        rollback,
        form,
    })
}

impl RollbackPage<'_> {
    /// The incident to start with: the only open one.
    fn incident(&self) -> &str {
        let mut open = self.layout.status.state.open_incidents.keys();
        match (self.form.field("incident"), open.next(), open.next()) {
            ("", Some(incident), None) => incident.as_str(),
            (incident, ..) => incident,
        }
    }

    /// Why there is nothing to roll back.
    fn why_not(&self) -> &'static str {
        match self.layout.phase() {
            Phase::Observe => {
                "The flag has not been switched on yet. To serve legacy responses, switch it on."
            }
            Phase::Compat if self.layout.browned_out().is_some() => {
                "A brownout runs, which is ended on its own page: the flag goes on at once."
            }
            Phase::Compat => "The flag is on: legacy clients already get legacy responses.",
            Phase::Cutover => {
                "A rollback has taken effect and the flag is on; it is not yet on record."
            }
            Phase::Retired => {
                "Retirement is final: the flag cannot be switched on again, and the code may be gone."
            }
        }
    }
}
