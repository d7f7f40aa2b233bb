//! The page of records: checks, incidents, rollbacks, client rollbacks, overrides, and the policy.

use askama::Template;
use axum::response::Response;

use super::{
    layout::Layout,
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
};
use crate::{
    admin::{command::CommandKind, format::json_rows, shared::html},
    rollout::{Check, Rollback, Rollout, names::Identifier},
};

/// The page of records.
#[derive(Debug, Template)]
#[template(
    path = "records.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct RecordsPage<'a> {
    layout: &'a Layout,
    form: PageForm,
}

const TITLE: &str = "Records";

pub(crate) async fn show(request: PageRequest) -> Response {
    let page = |rollout: &Rollout, layout: &Layout| page(rollout, layout, PageForm::default());
    request.render(TITLE, page).await
}

pub(crate) async fn check(form: SubmittedForm) -> Response {
    submit(form, CommandKind::Check).await
}

pub(crate) async fn open_incident(form: SubmittedForm) -> Response {
    submit(form, CommandKind::OpenIncident).await
}

pub(crate) async fn close_incident(form: SubmittedForm) -> Response {
    submit(form, CommandKind::CloseIncident).await
}

pub(crate) async fn client_rollback(form: SubmittedForm) -> Response {
    submit(form, CommandKind::ClientRollback).await
}

pub(crate) async fn extend_rollback(form: SubmittedForm) -> Response {
    submit(form, CommandKind::ExtendRollback).await
}

async fn submit(form: SubmittedForm, kind: CommandKind) -> Response {
    form.submit(kind, "/records", TITLE, page).await
}

fn page(_: &Rollout, layout: &Layout, form: PageForm) -> Response {
    html(&RecordsPage { layout, form })
}

impl RecordsPage<'_> {
    /// The required checks first, then the others that were reported.
    fn checks(&self) -> Vec<(&Identifier, Option<&Check>)> {
        let reported = &self.layout.status.state.checks;
        let required = &self.layout.status.policy.required_checks;
        let others = reported.keys().filter(|name| !required.contains(name));
        let all = required.iter().chain(others);
        all.map(|name| (name, reported.get(name))).collect()
    }

    fn is_required(&self, check: &Identifier) -> bool {
        self.layout.status.policy.required_checks.contains(check)
    }

    fn verdict(&self, check: Option<&Check>) -> &'static str {
        let most = self.layout.status.policy.check_max_age;
        match check {
            None => "not reported",
            Some(check) if !check.green => "red",
            Some(check) if self.layout.now.since(check.reported.at) > most => "too old",
            Some(_) => "green",
        }
    }

    fn is_rolled_back(&self) -> bool {
        let rollback = self.layout.status.state.rollbacks.last();
        rollback.is_some_and(Rollback::is_running)
    }

    fn policy(&self) -> Vec<(String, String)> {
        json_rows(self.layout.status.policy.to_document().members())
    }

    /// The value of a field, if this is the rejected form.
    fn field(&self, form: CommandKind, field: &str) -> &str {
        if self.is_rejected(form) {
            self.form.field(field)
        } else {
            ""
        }
    }

    fn is_rejected(&self, form: CommandKind) -> bool {
        self.form.rejected == Some(form)
    }
}
