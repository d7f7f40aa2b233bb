//! The page of the brownouts: what a new one would do, and to whom, before it is announced.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::{
    layout::Layout,
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
    time_tag::{in_words, time_of_day},
};
use crate::{
    admin::{
        command::CommandKind,
        format::{counted, duration, listed},
        history::{History, HistoryRange},
        shared::html,
    },
    census::{Counts, Report, Window},
    rollout::{Brownout, BrownoutCallers, BrownoutStage, Phase, Rollout, names::WaiverTarget},
    time::{Timestamp, parse_duration},
};

/// The page of the brownouts.
#[derive(Debug, Template)]
#[template(
    path = "brownouts.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct BrownoutsPage<'a> {
    layout: &'a Layout,
    form: PageForm,
    after: Option<BrownoutCallers>,
    /// What the brownout of the form would do, once it has a time.
    preview: Option<Preview>,
}

/// What a brownout would do, and to whom.
#[derive(Debug)]
pub(super) struct Preview {
    start: Timestamp,
    length: Duration,
    /// Why it cannot be announced.
    refusal: Option<String>,
    /// Those who would be hit, by kind; empty without a census.
    kinds: Vec<HitForecast>,
    /// Legacy responses at the same time of the last day; `None` without a history that reaches there.
    same_time: Option<u64>,
}

/// Those of one kind who would be hit.
#[derive(Debug)]
struct HitForecast {
    kind: String,
    hour: u64,
    day: u64,
    /// Responses in the last 24 hours to callers without an identity.
    anonymous: u64,
    waived: bool,
}

const TITLE: &str = "Brownouts";

/// The lengths to choose from.
const LENGTHS: [&str; 7] = ["1m", "5m", "10m", "15m", "30m", "45m", "1h"];

const DAY: u64 = 86_400_000;

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let names = ["start", "length"];
    let fields = names.map(|name| (name, request.params.text(name)));
    let fields = fields
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?)));
    let form = PageForm::of(fields.collect());
    render(request, form).await
}

pub(crate) async fn announce(form: SubmittedForm) -> Response {
    submit(form, CommandKind::AnnounceBrownout).await
}

pub(crate) async fn end(form: SubmittedForm) -> Response {
    submit(form, CommandKind::EndBrownout).await
}

async fn submit(form: SubmittedForm, kind: CommandKind) -> Response {
    let history = form.history();
    let page = move |rollout: &Rollout, layout: &Layout, form| {
        page(rollout, layout, form, history.as_deref())
    };
    form.submit(kind, "/brownouts", TITLE, page).await
}

async fn render(request: PageRequest, form: PageForm) -> Response {
    let history = request.shared.history.clone();
    let page =
        move |rollout: &Rollout, layout: &Layout| page(rollout, layout, form, history.as_deref());
    request.render(TITLE, page).await
}

fn page(rollout: &Rollout, layout: &Layout, form: PageForm, history: Option<&History>) -> Response {
    let evaluation = rollout.evaluation();
    let time = minute(form.field("start")).zip(parse_duration(form.field("length")));
    let preview = time.map(|(start, length)| {
        let kinds = forecast(layout, &evaluation.reports);
        let same_time = history.and_then(|history| same_time(history, start, length, layout.now));
        let refusal = rollout.preview_brownout(start, length).err();
        Preview {
            start,
            length,
            refusal: refusal.map(|refusal| refusal.to_string()),
            kinds,
            same_time,
        }
    });
    html(&BrownoutsPage {
        layout,
        form,
        after: evaluation.brownout_callers.clone(),
        preview,
    })
}

/// The format of `datetime-local` inputs, taken as UTC.
fn minute(text: &str) -> Option<Timestamp> {
    format!("{text}:00Z").parse().or_else(|_| text.parse()).ok()
}

fn forecast(layout: &Layout, reports: &[Report]) -> Vec<HitForecast> {
    let of = |window: Window, kind: &str| {
        let mut reports = reports.iter();
        let report = reports.find(|report| report.window_ms == window.as_millis())?;
        report.kind(kind)
    };
    let dependent = |counts: Option<&Counts>| counts.map_or(0, |counts| counts.dependent);
    let anonymous =
        |counts: Option<&Counts>| counts.map_or(0, |counts| counts.responses.dependent_anonymous);
    let state = &layout.status.state;
    let kinds = layout.kinds().map(|kind| HitForecast {
        hour: dependent(of(Window::HOUR, kind)),
        day: dependent(of(Window::DAY, kind)),
        anonymous: anonymous(of(Window::DAY, kind)),
        waived: kind.parse().is_ok_and(|name| {
            let target = WaiverTarget::Kind(name);
            state.waiver(&target, layout.now).is_some()
        }),
        kind: kind.to_owned(),
    });
    kinds.filter(|kind| kind.day + kind.anonymous > 0).collect()
}

/// Legacy responses at the same time of the last day that has it.
fn same_time(history: &History, start: Timestamp, length: Duration, now: Timestamp) -> Option<u64> {
    let length = u64::try_from(length.as_millis()).ok()?;
    let latest = now.unix_ms().checked_sub(length)?;
    let days = start.unix_ms().saturating_sub(latest).div_ceil(DAY);
    let from = start.unix_ms().checked_sub(days * DAY)?;
    let series = history.time_series(HistoryRange::Day);
    if from < series.from.unix_ms() {
        return None;
    }
    let sums = series.responses.iter().map(|line| {
        let buckets = (0_u64..).zip(&line.legacy);
        let within = buckets.filter(|(bucket, _)| {
            let at = series.from.unix_ms() + series.step_ms * bucket;
            at < from + length && from < at + series.step_ms
        });
        within
            .map(|(_, number)| number.unwrap_or_default())
            .sum::<u64>()
    });
    Some(sums.sum())
}

impl BrownoutsPage<'_> {
    /// Those that have not ended, the first one first.
    fn pending(&self) -> Vec<&Brownout> {
        let pending = self.layout.status.state.pending_brownouts();
        let mut pending: Vec<_> = pending.collect();
        pending.sort_by_key(|brownout| brownout.start);
        pending
    }

    /// Those that are over, the last one first.
    fn over(&self) -> impl Iterator<Item = &Brownout> {
        let all = self.layout.status.state.brownouts.iter().rev();
        all.filter(|brownout| !brownout.is_pending())
    }

    /// Whether not all of those that were hit are listed.
    fn is_cut(&self) -> bool {
        let after = self.after.as_ref();
        after.is_some_and(|after| (after.callers.len() as u64) < after.all.hit)
    }

    fn in_compat(&self) -> bool {
        self.layout.phase() == Phase::Compat
    }

    /// What the policy allows, as a sentence.
    fn rules(&self) -> String {
        let limits = &self.layout.status.policy.brownouts;
        let weekends = if limits.weekends {
            "Weekends are allowed."
        } else {
            "None is on a Saturday or Sunday (UTC)."
        };
        let hour = *Brownout::LENGTH.end();
        format!(
            "The policy requires {} between announcement and start, and allows {} of each day. {weekends} The next one of 1 hour \
             may start on {}.",
            duration(limits.notice),
            duration(limits.longest_of_day()),
            in_words(limits.earliest_start(self.layout.now, hour))
        )
    }

    fn lengths(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let chosen = match self.form.field("length") {
            "" => "10m",
            chosen => chosen,
        };
        LENGTHS
            .into_iter()
            .map(move |length| (length, length == chosen))
    }

    /// The start to begin with, as a `datetime-local` input takes it.
    fn start(&self) -> String {
        let start = match self.form.field("start") {
            "" => {
                let limits = &self.layout.status.policy.brownouts;
                let length = *Brownout::LENGTH.end();
                let earliest = limits.earliest_start(self.layout.now, length);
                // The next full minute.
                Timestamp::from_unix_ms(earliest.unix_ms().next_multiple_of(60_000)).to_string()
            }
            start => start.to_owned(),
        };
        start.chars().take(16).collect()
    }
}

impl Preview {
    /// `Monday 2026-03-02 12:00 UTC to 12:10:00 UTC, for 10 min`.
    fn window(&self) -> String {
        const DAYS: [&str; 7] = [
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
        ];
        let day = DAYS[usize::try_from(self.start.unix_ms() / DAY % 7).unwrap_or_default()];
        let until = self.start.plus(self.length);
        format!(
            "{day} {} to {}, for {}",
            in_words(self.start),
            time_of_day(until),
            duration(self.length)
        )
    }

    /// `25 callers of AGENT and 3 callers of MCP`; empty if there are none.
    fn hit(&self) -> String {
        let hit = self.kinds.iter().filter(|kind| kind.day > 0);
        let texts = hit.map(|kind| format!("{} of {}", counted(kind.day, "caller"), kind.kind));
        listed(&texts.collect::<Vec<_>>())
    }

    /// What was rewritten at the same time of the last day.
    fn same_time(&self) -> Option<String> {
        let number = self.same_time?;
        Some(counted(number, "legacy response"))
    }
}
