//! What stands around every page.

use super::{
    alarms::{Alarm, alarms},
    entry::Entry,
    moment::Moment,
    sentence::sentence,
};
use crate::time::Timestamp;
use crate::{
    FlagState,
    census::Report,
    rollout::{Phase, RolloutStatus, event::Event},
};

/// What stands around every page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) base: String,
    pub(crate) title: &'static str,
    pub(crate) flag_name: String,
    pub(crate) phase: Phase,
    pub(crate) flag: FlagState,
    pub(crate) head: u64,
    pub(crate) now: Timestamp,
    pub(crate) who: Who,
    pub(crate) alarms: Vec<Alarm>,
    /// The number of the last event and what it says, to be announced.
    pub(crate) latest: Option<(u64, String)>,
    /// What the form that led here has done.
    pub(crate) done: Option<Entry>,
}

/// Who looks at the page.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) name: String,
    /// Whether they may change anything.
    pub(crate) operator: bool,
}

/// What every page needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) base: String,
    pub(crate) who: Who,
    pub(crate) status: std::sync::Arc<RolloutStatus>,
    pub(crate) now: Timestamp,
    /// Of the day.
    pub(crate) report: Option<Report>,
    pub(crate) latest: Option<Event>,
    pub(crate) done: Option<Event>,
}

impl Frame {
    pub(crate) fn new(title: &'static str, scene: &Scene) -> Self {
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
            latest: scene
                .latest
                .as_ref()
                .map(|event| (event.seq(), sentence(event))),
            done: scene
                .done
                .as_ref()
                .map(|event| Entry::new(event, scene.now)),
        }
    }

    /// The address of the overview.
    pub(crate) fn home(&self) -> &str {
        if self.base.is_empty() {
            "/"
        } else {
            &self.base
        }
    }

    /// Where the pages are, for the navigation.
    pub(crate) fn sections(&self) -> [(String, &'static str); 5] {
        [
            (self.home().to_owned(), "Overview"),
            (format!("{}/callers", self.base), "Callers"),
            (format!("{}/waive", self.base), "Waivers"),
            (format!("{}/records", self.base), "Records"),
            (format!("{}/journal", self.base), "Journal"),
        ]
    }

    pub(crate) fn flag_text(&self) -> &'static str {
        match self.flag {
            FlagState::On => "on",
            FlagState::Off => "off",
            FlagState::Retired => "retired",
        }
    }

    /// Whether a rollback would do something now.
    pub(crate) fn can_roll_back(&self) -> bool {
        self.phase == Phase::Cutover && self.flag == FlagState::Off
    }

    pub(crate) const fn shown_at(&self) -> Moment {
        Moment::plain(self.now)
    }
}
