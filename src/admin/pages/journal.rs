//! The page of the journal, a timeline.

use askama::Template;

use super::{
    layout::{Layout, PageContext},
    timeline_entry::TimelineEntry,
};
use crate::{admin::format::counted, rollout::event::Event};

/// The timeline, newest first.
#[derive(Debug, Template)]
#[template(
    path = "journal.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct JournalPage {
    layout: Layout,
    entries: Vec<TimelineEntry>,
    total: String,
    newer: Option<String>,
    older: Option<String>,
}

/// The number of events on a page.
const PAGE_LEN: u64 = 50;

/// The event before the page that begins with the newest one.
pub(crate) const fn page_start(newest: u64) -> u64 {
    newest.saturating_sub(PAGE_LEN)
}

impl JournalPage {
    /// `events` are those of the page, oldest first.
    pub(crate) fn new(context: &PageContext, events: &[Event]) -> Self {
        let head = context.status.head;
        let link = |newest: u64| match newest {
            newest if newest >= head => context.base.link("/journal"),
            newest => context.base.link(&format!("/journal?newest={newest}")),
        };
        let oldest = events
            .first()
            .map(|event| event.seq)
            .filter(|oldest| *oldest > 1);
        let newest = events
            .last()
            .map(|event| event.seq)
            .filter(|newest| *newest < head);
        let entries = events.iter().rev();
        Self {
            layout: Layout::new("Journal", context),
            entries: entries
                .map(|event| TimelineEntry::new(event, context.now))
                .collect(),
            total: counted(head, "event"),
            newer: newest.map(|newest| link(newest + PAGE_LEN)),
            older: oldest.map(|oldest| link(oldest - 1)),
        }
    }
}
