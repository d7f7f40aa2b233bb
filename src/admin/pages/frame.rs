//! What stands around every page.

use super::{
    alarms::{Alarm, alarms},
    entry::Entry,
    moment::Moment,
    sentence::sentence,
};
use crate::{
    FlagState,
    census::Report,
    rollout::{Event, Phase, RolloutStatus, Timestamp},
};

/// What stands around every page.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Frame {
    pub(in crate::admin::pages) base: String,
    pub(in crate::admin::pages) title: &'static str,
    pub(in crate::admin::pages) flag_name: String,
    pub(in crate::admin::pages) phase: Phase,
    pub(in crate::admin::pages) flag: FlagState,
    pub(in crate::admin::pages) head: u64,
    pub(in crate::admin::pages) now: Timestamp,
    pub(in crate::admin::pages) who: Who,
    pub(in crate::admin::pages) alarms: Vec<Alarm>,
    /// The number of the last event and what it says, to be announced.
    pub(in crate::admin::pages) latest: Option<(u64, String)>,
    /// What the form that led here has done.
    pub(in crate::admin::pages) done: Option<Entry>,
}

/// Who looks at the page.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Who {
    pub(in crate::admin::pages) name: String,
    /// Whether they may change anything.
    pub(in crate::admin::pages) operator: bool,
}

/// What every page needs to know.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Scene {
    pub(in crate::admin::pages) base: String,
    pub(in crate::admin::pages) who: Who,
    pub(in crate::admin::pages) status: std::sync::Arc<RolloutStatus>,
    pub(in crate::admin::pages) now: Timestamp,
    /// Of the day.
    pub(in crate::admin::pages) report: Option<Report>,
    pub(in crate::admin::pages) latest: Option<Event>,
    pub(in crate::admin::pages) done: Option<Event>,
}

impl Frame {
    pub(in crate::admin::pages) fn new(title: &'static str, scene: &Scene) -> Self {
        let status = &scene.status;
        Self {
            base: scene.base.clone(),
            title,
            flag_name: status.state.flag_name().to_string(),
            phase: status.state.phase(),
            flag: status.flag,
            head: status.head,
            now: scene.now,
            who: scene.who.clone(),
            alarms: alarms(&scene.base, status, scene.report.as_ref()),
            latest: scene.latest.as_ref().map(|event| (event.seq(), sentence(event))),
            done: scene.done.as_ref().map(|event| Entry::new(event, scene.now)),
        }
    }

    /// The address of the overview.
    pub(in crate::admin::pages) fn home(&self) -> &str {
        if self.base.is_empty() { "/" } else { &self.base }
    }

    /// Where the pages are, for the navigation.
    pub(in crate::admin::pages) fn sections(&self) -> [(String, &'static str); 5] {
        [
            (self.home().to_owned(), "Overview"),
            (format!("{}/callers", self.base), "Callers"),
            (format!("{}/waive", self.base), "Waivers"),
            (format!("{}/records", self.base), "Records"),
            (format!("{}/journal", self.base), "Journal"),
        ]
    }

    pub(in crate::admin::pages) fn flag_text(&self) -> &'static str {
        match self.flag {
            FlagState::On => "on",
            FlagState::Off => "off",
            FlagState::Retired => "retired",
        }
    }

    /// Whether a rollback would do something now.
    pub(in crate::admin::pages) fn can_roll_back(&self) -> bool {
        self.phase == Phase::Cutover && self.flag == FlagState::Off
    }

    pub(in crate::admin::pages) const fn shown_at(&self) -> Moment {
        Moment::plain(self.now)
    }
}
