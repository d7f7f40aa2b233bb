//! The page of waivers: granting one, and ending those in force.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::{
    layout::Layout,
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
    time_tag::distance,
};
use crate::{
    admin::{
        command::{CommandKind, Form},
        mount_path::query,
        shared::html,
    },
    census::{CallerRow, ListQuery, Select, SortBy, Window},
    rollout::{Rollout, names::WaiverTarget},
};

/// The page of waivers.
#[derive(Debug, Template)]
#[template(path = "waive.html", config = "src/admin/pages/templates/askama.toml")]
struct WaiversPage<'a> {
    layout: &'a Layout,
    /// Callers that may be waived.
    callers: Vec<CallerRow>,
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

/// How many callers can be picked here; all of them can be on the page of callers.
const LISTED: usize = 20;

fn page(rollout: &Rollout, layout: &Layout, form: PageForm) -> Response {
    let query = ListQuery::new(Window::DAY)
        .select(Select::Unresolved)
        .sort(SortBy::LastDependent)
        .descending(true)
        .page(0, LISTED);
    let callers = rollout.census().map(|census| census.list(&query).rows);
    html(&WaiversPage {
        layout,
        callers: callers.unwrap_or_default(),
        form,
    })
}

/// Values with their texts, under a heading.
type Targets = (&'static str, Vec<(String, String)>);

impl WaiversPage<'_> {
    /// All that can be picked. The one that the address names comes first.
    fn targets(&self) -> Vec<Targets> {
        let callers = self.callers.iter().map(|row| {
            let version = row.version.as_deref().unwrap_or("no version");
            let (kind, seen) = (&row.kind, distance(row.last_seen, self.layout.now));
            let target = WaiverTarget::Caller(row.fingerprint).to_string();
            (
                target,
                format!("{kind} {version}, seen {seen}, {}", row.fingerprint),
            )
        });
        let callers: Vec<_> = callers.collect();
        let named = self.form.field("target");
        let kinds = self.layout.kinds();
        let kinds = kinds.map(|kind| (format!("kind {kind}"), format!("All callers of {kind}")));
        let anonymous = ("anonymous".to_owned(), "Anonymous callers".to_owned());
        let groups: Vec<_> = kinds.chain([anonymous]).collect();
        let is_listed = |(target, _): &(String, String)| target == named;
        let other = !named.is_empty() && !callers.iter().chain(&groups).any(is_listed);
        let picked = other.then(|| vec![(named.to_owned(), named.to_owned())]);
        let picked = picked.map(|picked| ("Picked", picked));
        let all = [("Groups", groups), ("Callers that depend", callers)];
        let all = all.into_iter().filter(|(_, targets)| !targets.is_empty());
        picked.into_iter().chain(all).collect()
    }

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
