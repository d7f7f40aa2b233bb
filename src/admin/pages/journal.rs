//! The page of the journal, a timeline.

use askama::Template;
use axum::response::{IntoResponse as _, Response};

use super::{layout::Layout, page_request::PageRequest};
use crate::{
    admin::{command::unreadable, format::counted, shared::html},
    rollout::{Rollout, event::Event, journal::ReadError},
};

/// The timeline, newest first.
#[derive(Debug, Template)]
#[template(
    path = "journal.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct JournalPage<'a> {
    layout: &'a Layout,
    /// Those of the page, oldest first.
    events: Vec<Event>,
}

/// The number of events on a page.
const PAGE_LEN: u64 = 50;

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let newest = request.params.parsed::<u64>("newest");
    let page = move |rollout: &Rollout, layout: &Layout| {
        let newest = newest.map_or(layout.status.head.seq, |newest| {
            newest.min(layout.status.head.seq)
        });
        match latest(rollout, newest, PAGE_LEN) {
            Ok(events) => html(&JournalPage { layout, events }),
            Err(error) => unreadable(&error).into_response(),
        }
    };
    request.render("Journal", page).await
}

/// The last events up to the newest one, oldest first.
pub(super) fn latest(rollout: &Rollout, newest: u64, count: u64) -> Result<Vec<Event>, ReadError> {
    let count = newest.min(count);
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    rollout.journal().read(newest - count, limit)
}

impl JournalPage<'_> {
    fn total(&self) -> String {
        counted(self.layout.status.head.seq, "event")
    }

    fn newer(&self) -> Option<String> {
        let newest = self.events.last()?.seq;
        let link = match newest + PAGE_LEN {
            newest if newest >= self.layout.status.head.seq => self.layout.base.link("/journal"),
            newest => self.link(newest),
        };
        (newest < self.layout.status.head.seq).then_some(link)
    }

    fn older(&self) -> Option<String> {
        let oldest = self.events.first()?.seq;
        (oldest > 1).then(|| self.link(oldest - 1))
    }

    fn link(&self, newest: u64) -> String {
        self.layout.base.link(&format!("/journal?newest={newest}"))
    }
}
