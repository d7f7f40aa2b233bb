//! The page of waivers: granting one, and ending those in force.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::{
    layout::Layout,
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
};
use crate::{
    admin::{
        command::{CommandKind, Form},
        mount_path::query,
        shared::html,
    },
    rollout::{Rollout, names::WaiverTarget},
};

/// The page of waivers.
#[derive(Debug, Template)]
#[template(path = "waive.html", config = "src/admin/pages/templates/askama.toml")]
struct WaiversPage<'a> {
    layout: &'a Layout,
    form: PageForm,
}

const TITLE: &str = "Waivers";

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let target = request.params.text("target");
    let target = target.map(|target| ("target".to_owned(), target));
    let form = PageForm {
        fields: Form::new(target.into_iter().collect()),
        ..PageForm::default()
    };
    let page = |rollout: &Rollout, layout: &Layout| page(rollout, layout, form);
    request.render(TITLE, page).await
}

pub(crate) async fn waive(form: SubmittedForm) -> Response {
    form.submit(CommandKind::Waive, "/waive", TITLE, page).await
}

pub(crate) async fn end(form: SubmittedForm) -> Response {
    let kind = CommandKind::EndWaiver;
    form.submit(kind, "/waive", TITLE, page).await
}

fn page(_: &Rollout, layout: &Layout, form: PageForm) -> Response {
    html(&WaiversPage { layout, form })
}

impl WaiversPage<'_> {
    /// The value of the end, a week from now by default.
    fn until(&self) -> String {
        const WEEK: Duration = Duration::from_secs(7 * 86_400);
        match self.form.field("until") {
            "" => {
                let proposed = self.layout.now.plus(WEEK).to_string();
                proposed.chars().take("2026-03-01T12:00".len()).collect()
            }
            given => given.to_owned(),
        }
    }

    /// The list of the callers that a waiver covers.
    fn callers(&self, target: &WaiverTarget) -> String {
        let kind = match target {
            WaiverTarget::Kind(kind) => kind.as_str(),
            _ => "",
        };
        let callers = query(&[("kind", kind), ("state", "depended")]);
        format!("{}/callers{callers}", self.layout.base)
    }
}
