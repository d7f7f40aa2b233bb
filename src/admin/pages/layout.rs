//! The frame of every page: header, warnings, footer.

use std::{sync::Arc, time::Duration};

use super::{
    rehearsed::Rehearsed,
    time_tag::{Attribution, TimeTag, actor_label, distance, in_words},
    timeline::TimelineEntry,
};
use crate::{
    FlagState,
    admin::{
        access::{Principal, Role},
        callers_query::CallersQuery,
        flag_changes::FlagChange,
        format::{counted, duration, grouped, listed},
        mount_path::{MountPath, query},
    },
    census::{Report, Window},
    observation::SkipReason,
    rollout::{
        EventRef, ObligationKind, Phase, Rollback, RolloutStatus, Stranded, event::Event,
        fleet::FleetView,
    },
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
    pub(crate) stranded: Option<Stranded>,
    /// Why responses were not rewritten since the flag last changed, as far as the history knows.
    pub(crate) skips: Vec<(SkipReason, u64)>,
    pub(crate) rehearsed: Rehearsed,
    /// When gates, report and stranded callers were evaluated.
    pub(crate) evaluated: Timestamp,
    pub(crate) flag_changes: Vec<FlagChange>,
    /// The instances, where several share the journal.
    pub(crate) fleet: Option<FleetView>,
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

/// Whether a rollback would have an effect.
pub(super) fn can_roll_back(status: &RolloutStatus) -> bool {
    status.state.phase == Phase::Cutover && status.flag == FlagState::Off
}

impl Layout {
    /// The links of the navigation.
    pub(crate) fn sections(&self) -> Vec<(String, &'static str)> {
        let mut sections = vec![
            (self.base.home().to_owned(), "Overview"),
            (self.base.link("/callers"), "Callers"),
            (self.base.link("/waive"), "Waivers"),
            (self.base.link("/records"), "Records"),
            (self.base.link("/journal"), "Journal"),
        ];
        if self.fleet.is_some() {
            sections.push((self.base.link("/instances"), "Instances"));
        }
        sections
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
        can_roll_back(&self.status)
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
        let journal = self.not_on_record().or_else(|| self.failing());
        let overdue = self.status.overdue.iter();
        let overdue = overdue.map(|kind| self.overdue(*kind));
        let fleet = self.fleet.as_ref();
        let fleet = fleet
            .into_iter()
            .flat_map(|fleet| self.fleet_banners(fleet));
        let journal = journal.into_iter().chain(fleet);
        let others = journal.chain(self.stranded_banner());
        let others = others.chain(self.rehearsal_banner());
        others.chain(self.losses()).chain(overdue).collect()
    }

    /// Whether a rollback has taken effect that is not journaled yet.
    pub(crate) fn unrecorded(&self) -> bool {
        self.status.rollback_unrecorded
    }

    /// The state of the rollout in a word, as the header shows it.
    pub(crate) fn state(&self) -> &'static str {
        if self.unrecorded() {
            "rolled back"
        } else {
            self.phase().as_str()
        }
    }

    fn not_on_record(&self) -> Option<Banner> {
        let error = self.status.journal_error.as_deref();
        self.unrecorded().then(|| Banner {
            danger: true,
            title: "Rolled back, not yet on record".to_owned(),
            text: format!(
                "The flag is on and legacy clients are served, but the journal cannot be written ({}). Writing is retried \
                 every second. Repair the journal, and do not restart: the record would be lost.",
                error.unwrap_or("unknown error")
            ),
            link: None,
        })
    }

    /// What was cut off from the journal: accepted losses for good, torn lines for a week.
    fn losses(&self) -> Vec<Banner> {
        const WEEK: Duration = Duration::from_secs(7 * 86_400);
        let banner = |danger, title: &str, done: &EventRef| Banner {
            danger,
            title: title.to_owned(),
            text: format!(
                "{} by {}: {}. What was cut off is kept beside the journal.",
                in_words(done.at),
                actor_label(&done.actor),
                done.reason
            ),
            link: Some((
                self.base.link(&format!("/journal?newest={}", done.seq)),
                format!("Event {}", done.seq),
            )),
        };
        let losses = self.status.losses.iter();
        let losses = losses.map(|(_, done)| banner(true, "Recorded events were lost", done));
        let torn = self.status.recoveries.iter();
        let torn = torn.filter(|(_, done)| self.now.since(done.at) < WEEK);
        let torn = torn.map(|(_, done)| banner(false, "A torn line was cut off", done));
        losses.chain(torn).collect()
    }

    fn failing(&self) -> Option<Banner> {
        let error = self.status.journal_error.as_deref()?;
        Some(Banner {
            danger: true,
            title: "The journal is failing".to_owned(),
            text: format!(
                "The error: {error}. No command but a rollback is executed until it can be written again."
            ),
            link: None,
        })
    }

    /// The alarm: in observe the flag has never been on, so nothing is lost yet.
    fn stranded_banner(&self) -> Option<Banner> {
        let stranded = self.stranded.as_ref().filter(|found| found.callers > 0)?;
        let kinds = stranded.kinds.iter();
        let kinds: Vec<String> = kinds
            .map(|kind| format!("{} of {}", grouped(kind.stranded), kind.kind))
            .collect();
        let advice = match self.phase() {
            _ if self.unrecorded() => self.not_rewritten(),
            Phase::Observe => "The flag is off; this phase shows whether they cope.".to_owned(),
            Phase::Compat => self.not_rewritten(),
            Phase::Cutover => "If they fail, roll back.".to_owned(),
            Phase::Retired => "The flag is retired: they must be upgraded.".to_owned(),
        };
        let list = query(&[
            ("state", "stranded"),
            ("window", CallersQuery::SINCE_CHANGE),
        ]);
        Some(Banner {
            danger: self.phase() != Phase::Observe,
            title: format!(
                "{} {} stranded",
                counted(stranded.callers, "caller"),
                if stranded.callers == 1 { "is" } else { "are" }
            ),
            text: format!(
                "{} ({}). {advice}",
                self.stranded_since(stranded),
                listed(&kinds)
            ),
            link: Some((
                format!("{}/callers{list}", self.base),
                "Show them".to_owned(),
            )),
        })
    }

    /// The alarm of the way back: with the flag on, skipped responses show the same.
    fn rehearsal_banner(&self) -> Option<Banner> {
        let fails = self.rehearses() && self.rehearsed.failures() > 0;
        fails.then(|| Banner {
            danger: true,
            title: "Legacy responses fail in rehearsal".to_owned(),
            text: format!(
                "{}: {}. With the flag on, such responses would stay target responses. Mend the contract, or what the handler responds.",
                self.rehearsed.sentence(),
                self.rehearsed.failed()
            ),
            link: None,
        })
    }

    /// Whether the way back is being rehearsed.
    pub(crate) fn rehearses(&self) -> bool {
        self.rehearsed.is_shown(self.status.flag)
    }

    /// Why callers are stranded with the flag on.
    fn not_rewritten(&self) -> String {
        let reasons = self.skips.iter();
        let reasons = reasons.map(|(reason, count)| format!("{} {reason}", grouped(*count)));
        let reasons: Vec<String> = reasons.collect();
        if reasons.is_empty() {
            return "The flag is on; why their responses were not rewritten is not known."
                .to_owned();
        }
        format!(
            "The flag is on, but responses could not be rewritten: {}.",
            listed(&reasons)
        )
    }

    /// `Stranded since the flag went off 3 min ago: 0 of 25 dependent callers`.
    pub(crate) fn stranded_since(&self, stranded: &Stranded) -> String {
        format!(
            "Stranded since {} {}: {} of {}",
            self.flag_change(),
            distance(stranded.since, self.now),
            grouped(stranded.callers),
            counted(
                stranded.dependents.max(stranded.callers),
                "dependent caller"
            )
        )
    }

    /// What was before the flag last changed, which is no alarm any more; empty if there was nothing.
    pub(crate) fn stranded_before(&self) -> String {
        let stranded = self.stranded.as_ref().filter(|found| found.before > 0);
        stranded.map_or_else(String::new, |found| {
            format!(
                "Before that change: {} stranded.",
                counted(found.before, "caller")
            )
        })
    }

    fn flag_change(&self) -> &'static str {
        match (self.status.flag, self.flag_changes.len()) {
            (_, 0 | 1) => "the rollout was opened",
            (FlagState::On, _) => "the flag went on",
            (FlagState::Off | FlagState::Retired, _) => "the flag went off",
        }
    }

    /// The time since the flag last changed, as a window.
    pub(crate) fn since_flag_changed(&self) -> Window {
        let since = self
            .flag_changes
            .last()
            .map_or(self.now, |change| change.at);
        // Up to a second more, so that the responses right after the change are within.
        let seconds = self.now.since(since).as_secs() + 1;
        Window::new(Duration::from_secs(seconds)).unwrap_or(Window::MONTH)
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
