//! The frame of every page: header, banners, footer.

use std::sync::Arc;

use super::{
    banners::{Banner, banners},
    event_text::event_text,
    time_tag::TimeTag,
    timeline_entry::TimelineEntry,
};
use crate::{
    FlagState,
    admin::{access::Role, mount_path::MountPath},
    census::Report,
    rollout::{Phase, RolloutStatus, event::Event},
    time::Timestamp,
};

/// The frame of every page.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) base: MountPath,
    pub(crate) title: &'static str,
    pub(crate) flag_name: String,
    pub(crate) phase: Phase,
    pub(crate) flag: FlagState,
    pub(crate) head: u64,
    pub(crate) now: Timestamp,
    pub(crate) user: User,
    pub(crate) banners: Vec<Banner>,
    /// The number of the last event and its text, for screen readers.
    pub(crate) latest: Option<(u64, String)>,
    /// The event of the form that redirected here.
    pub(crate) done: Option<TimelineEntry>,
}

/// The principal that sees the page.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) operator: bool,
}

/// The state that all pages are rendered from.
#[derive(Clone, Debug)]
pub(crate) struct PageContext {
    pub(crate) base: MountPath,
    pub(crate) user: User,
    pub(crate) status: Arc<RolloutStatus>,
    pub(crate) now: Timestamp,
    /// Of the last day.
    pub(crate) report: Option<Report>,
    pub(crate) latest: Option<Event>,
    pub(crate) done: Option<Event>,
}

impl User {
    /// The name with the role, unless the name says the same.
    pub(crate) fn label(&self) -> String {
        let role = if self.operator {
            Role::Operator
        } else {
            Role::Viewer
        };
        if self.name == role.as_str() {
            return self.name.clone();
        }
        format!("{} ({role})", self.name)
    }
}

impl Layout {
    pub(crate) fn new(title: &'static str, context: &PageContext) -> Self {
        let status = &context.status;
        let (latest, done) = (context.latest.as_ref(), context.done.as_ref());
        Self {
            base: context.base.clone(),
            title,
            flag_name: status.state.flag_name.to_string(),
            phase: status.state.phase,
            flag: status.flag,
            head: status.head,
            now: context.now,
            user: context.user.clone(),
            banners: banners(&context.base, status, context.report.as_ref()),
            latest: latest.map(|event| (event.seq, event_text(event))),
            done: done.map(|event| TimelineEntry::new(event, context.now)),
        }
    }

    /// The links of the navigation.
    pub(crate) fn sections(&self) -> [(String, &'static str); 5] {
        [
            (self.base.home().to_owned(), "Overview"),
            (format!("{}/callers", self.base), "Callers"),
            (format!("{}/waive", self.base), "Waivers"),
            (format!("{}/records", self.base), "Records"),
            (format!("{}/journal", self.base), "Journal"),
        ]
    }

    pub(crate) const fn flag_text(&self) -> &'static str {
        self.flag.as_str()
    }

    /// Whether a rollback would have an effect now.
    pub(crate) fn can_roll_back(&self) -> bool {
        self.phase == Phase::Cutover && self.flag == FlagState::Off
    }

    pub(crate) const fn shown_at(&self) -> TimeTag {
        TimeTag::plain(self.now)
    }
}
