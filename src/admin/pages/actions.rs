//! The handlers of submitted forms.

use axum::{extract::Path, response::Response};

use super::{
    layout::PageContext,
    records::RecordsPage,
    rollback::RollbackPage,
    submitted_form::{FormError, RejectedForm, SubmittedForm},
    views::{kinds, not_found, post_analysis_page, step_page},
    waivers::WaiversPage,
};
use crate::{
    admin::{
        command::{CommandKind, Form},
        html::html,
    },
    rollout::{Rollout, Transition},
};

pub(crate) async fn step(Path(step): Path<String>, form: SubmittedForm) -> Response {
    let mut steps = Transition::ALL.iter().copied();
    let step = steps.find(|known| known.as_str() == step && *known != Transition::Rollback);
    let Some(step) = step else {
        return not_found("There is no such transition.");
    };
    let form = form.with("to", step.to().as_str());
    match form.execute(CommandKind::Transition, "").await {
        Ok(response) => response,
        Err(rejected) => {
            render_again(*rejected, move |rollout, context, form| {
                step_page(rollout, context, step, form)
            })
            .await
        }
    }
}

pub(crate) async fn rollback(form: SubmittedForm) -> Response {
    match form.execute(CommandKind::Rollback, "").await {
        Ok(response) => response,
        Err(rejected) => {
            render_again(*rejected, |_, context, (form, error)| {
                html(&RollbackPage::new(context, form, error))
            })
            .await
        }
    }
}

pub(crate) async fn waive(form: SubmittedForm) -> Response {
    waivers(form, CommandKind::Waive).await
}

pub(crate) async fn end_waiver(form: SubmittedForm) -> Response {
    waivers(form, CommandKind::EndWaiver).await
}

async fn waivers(form: SubmittedForm, kind: CommandKind) -> Response {
    match form.execute(kind, "/waive").await {
        Ok(response) => response,
        Err(rejected) => {
            render_again(*rejected, |_, context, (form, error)| {
                html(&WaiversPage::new(context, kinds(context), form, error))
            })
            .await
        }
    }
}

pub(crate) async fn post_analysis(Path(seq): Path<String>, form: SubmittedForm) -> Response {
    let page = format!("/post-analysis/{seq}");
    let form = form.with("rollback", seq.as_str());
    match form.execute(CommandKind::PostAnalysis, &page).await {
        Ok(response) => response,
        Err(rejected) => {
            render_again(*rejected, move |_, context, form| {
                post_analysis_page(context, &seq, form)
            })
            .await
        }
    }
}

pub(crate) async fn check(form: SubmittedForm) -> Response {
    records(form, CommandKind::Check).await
}

pub(crate) async fn open_incident(form: SubmittedForm) -> Response {
    records(form, CommandKind::OpenIncident).await
}

pub(crate) async fn close_incident(form: SubmittedForm) -> Response {
    records(form, CommandKind::CloseIncident).await
}

pub(crate) async fn client_rollback(form: SubmittedForm) -> Response {
    records(form, CommandKind::ClientRollback).await
}

async fn records(form: SubmittedForm, kind: CommandKind) -> Response {
    match form.execute(kind, "/records").await {
        Ok(response) => response,
        Err(rejected) => {
            render_again(*rejected, move |_, context, (form, error)| {
                let form = (Some(kind), form);
                html(&RecordsPage::new(context, kinds(context), form, error))
            })
            .await
        }
    }
}

/// The page again, with the values of the form and the error.
async fn render_again(
    rejected: RejectedForm,
    page: impl FnOnce(&Rollout, &PageContext, (Form, Option<FormError>)) -> Response + Send + 'static,
) -> Response {
    let RejectedForm {
        request,
        form,
        error,
    } = rejected;
    let status = error.status;
    let mut response = request
        .render(move |rollout, context| page(rollout, &context, (form, Some(error))))
        .await;
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}
