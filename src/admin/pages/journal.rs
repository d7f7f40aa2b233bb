//! The journal as a timeline.

use askama::Template;

use super::{
    entry::Entry,
    frame::{Frame, Scene},
    wording::counted,
};
use crate::rollout::event::Event;

/// The timeline, newest first.
#[derive(Debug, Template)]
#[template(
    path = "journal.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Journal {
    frame: Frame,
    entries: Vec<Entry>,
    all: String,
    newer: Option<String>,
    older: Option<String>,
}

/// So many events are on a page.
pub(crate) const PAGE: u64 = 50;

/// The events of a page, by the newest of them: behind which event to read.
pub(crate) const fn after(newest: u64) -> u64 {
    newest.saturating_sub(PAGE)
}

impl Journal {
    /// `events` are those of the page, oldest first.
    pub(crate) fn new(scene: &Scene, events: &[Event]) -> Self {
        let head = scene.status.head;
        let (oldest, newest) = (
            events.first().map(Event::seq),
            events.last().map(Event::seq),
        );
        let link = |newest: u64| format!("{}/journal?newest={newest}", scene.base);
        let newer = newest.filter(|newest| *newest < head);
        Self {
            frame: Frame::new("Journal", scene),
            entries: events
                .iter()
                .rev()
                .map(|event| Entry::new(event, scene.now))
                .collect(),
            all: counted(head, "event"),
            newer: newer.map(|newest| {
                if newest + PAGE >= head {
                    format!("{}/journal", scene.base)
                } else {
                    link(newest + PAGE)
                }
            }),
            older: oldest
                .filter(|oldest| *oldest > 1)
                .map(|oldest| link(oldest - 1)),
        }
    }
}
