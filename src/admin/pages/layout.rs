//! The frame of every page: header, warnings, footer.

use std::sync::Arc;

use super::{
    time_tag::{Attribution, TimeTag},
    timeline::TimelineEntry,
};
use crate::{
    FlagState,
    admin::{
        access::{Principal, Role},
        format::{counted, duration, grouped, listed, window},
        mount_path::{MountPath, query},
    },
    census::Report,
    rollout::{EventRef, ObligationKind, Phase, Rollback, RolloutStatus, event::Event},
    time::Timestamp,
};

/// The frame of every page, and the state that pages show.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) title: &'static str,
    pub(crate) base: MountPath,
    /// The principal that sees the page.
    pub(crate) principal: Principal,
    pub(crate) status: Arc<RolloutStatus>,
    pub(crate) now: Timestamp,
    /// Of the last day.
    pub(crate) report: Option<Report>,
    /// The last event, for screen readers.
    pub(crate) latest: Option<Event>,
    /// The event of the form that redirected here.
    pub(crate) done: Option<Event>,
}

/// A warning above every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Banner {
    /// Whether clients are affected, or the journal is.
    pub(crate) danger: bool,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

impl Layout {
    /// The links of the navigation.
    pub(crate) fn sections(&self) -> [(String, &'static str); 5] {
        [
            (self.base.home().to_owned(), "Overview"),
            (self.base.link("/callers"), "Callers"),
            (self.base.link("/waive"), "Waivers"),
            (self.base.link("/records"), "Records"),
            (self.base.link("/journal"), "Journal"),
        ]
    }

    /// Whether the principal may issue commands.
    pub(crate) fn operator(&self) -> bool {
        self.principal.role == Role::Operator
    }

    /// The name of the principal with the role, unless the name says the same.
    pub(crate) fn user(&self) -> String {
        let (name, role) = (self.principal.actor.id.as_str(), self.principal.role);
        if name == role.as_str() {
            name.to_owned()
        } else {
            format!("{name} ({role})")
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.status.state.phase
    }

    /// Whether a rollback would have an effect now.
    pub(crate) fn can_roll_back(&self) -> bool {
        self.phase() == Phase::Cutover && self.status.flag == FlagState::Off
    }

    /// The kinds of the census in their order, `other` first.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        let kinds = self.report.iter().flat_map(|report| &report.kinds);
        kinds.map(|kind| kind.kind.as_str())
    }

    pub(crate) const fn shown_at(&self) -> TimeTag {
        TimeTag::plain(self.now)
    }

    pub(crate) fn at(&self, at: Timestamp) -> TimeTag {
        TimeTag::new(at, self.now)
    }

    pub(crate) fn by<'a>(&self, event: &'a EventRef) -> Attribution<'a> {
        Attribution::new(event, self.now)
    }

    pub(crate) fn entry<'a>(&self, event: &'a Event) -> TimelineEntry<'a> {
        TimelineEntry::new(event, self.now)
    }

    /// How long a rollback lasted, or lasts.
    pub(crate) fn lasted(&self, rollback: &Rollback) -> String {
        duration(rollback.duration(self.now))
    }

    /// When the post-analysis of a rollback is due.
    pub(crate) fn due(&self, rollback: &Rollback) -> TimeTag {
        self.at(rollback.done.at.plus(self.status.policy.rollback_limit))
    }

    /// All warnings, the most severe first.
    pub(crate) fn banners(&self) -> Vec<Banner> {
        let journal = self.unrecorded().or_else(|| self.failing());
        let overdue = self.status.overdue.iter();
        let overdue = overdue.map(|kind| self.overdue(*kind));
        let others = journal.into_iter().chain(self.stranded());
        others.chain(overdue).collect()
    }

    fn unrecorded(&self) -> Option<Banner> {
        let error = self.status.journal_error.as_deref();
        self.status.rollback_unrecorded.then(|| Banner {
            danger: true,
            title: "A rollback is not journaled yet".to_owned(),
            text: format!(
                "It has taken effect and the flag is on, but the journal could not be written ({}). Writing is retried \
                 every second; if this process ends before, the record is lost. Repair the journal, and do not restart.",
                error.unwrap_or("unknown error")
            ),
            link: None,
        })
    }

    fn failing(&self) -> Option<Banner> {
        let error = self.status.journal_error.as_deref()?;
        Some(Banner {
            danger: true,
            title: "The journal is failing".to_owned(),
            text: format!(
                "{error}. No command but a rollback is executed until it can be written again."
            ),
            link: None,
        })
    }

    fn stranded(&self) -> Option<Banner> {
        let report = self.report.as_ref()?;
        let callers = report.all.stranded;
        let kinds = report.kinds.iter().filter(|kind| kind.counts.stranded > 0);
        let kinds: Vec<String> = kinds
            .map(|kind| format!("{} of {}", grouped(kind.counts.stranded), kind.kind))
            .collect();
        let advice = match self.phase() {
            Phase::Observe => "The flag is off; this phase shows whether they cope.",
            Phase::Compat => "The flag is on, but their responses could not be rewritten.",
            Phase::Cutover => "If they fail, roll back.",
            Phase::Retired => "The flag is retired: they must be upgraded.",
        };
        let list = query(&[("state", "stranded"), ("window", &report.window)]);
        (callers > 0).then(|| Banner {
            danger: self.phase() != Phase::Observe,
            title: format!(
                "{} {} stranded",
                counted(callers, "caller"),
                if callers == 1 { "is" } else { "are" }
            ),
            text: format!(
                "{} depended on a legacy response in the last {} and got a target response. {advice}",
                listed(&kinds),
                window(&report.window)
            ),
            link: Some((format!("{}/callers{list}", self.base), "Show them".to_owned())),
        })
    }

    fn overdue(&self, kind: ObligationKind) -> Banner {
        let limit = duration(self.status.policy.rollback_limit);
        let link = |page: &str, text: &str| (self.base.link(page), text.to_owned());
        let (title, text, link) = match kind {
            ObligationKind::EndRollback => (
                "The rollback is overdue",
                format!("The policy allows {limit}. Cut over again, or extend it."),
                Some(link("/transition/cutover", "Show the gates of the cutover")),
            ),
            ObligationKind::PostAnalysis => {
                let first = self.status.state.open_post_analyses().next();
                let page = first.map(|rollback| format!("/post-analysis/{}", rollback.done.seq));
                (
                    "A post-analysis is overdue",
                    format!("The policy allows {limit} after the rollback."),
                    page.map(|page| link(&page, "File it")),
                )
            }
            _ => (
                "The retirement is overdue",
                "The deadline that the policy sets has passed.".to_owned(),
                Some(link(
                    "/transition/retire",
                    "Show the gates of the retirement",
                )),
            ),
        };
        Banner {
            danger: false,
            title: title.to_owned(),
            text,
            link,
        }
    }
}
