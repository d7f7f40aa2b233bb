//! The overview page.

use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::{
    chart::{Chart, EndpointChart, callers_chart, endpoint_charts, errors_chart, errors_summary},
    cutover::CutoverStatus,
    journal::latest,
    kind_table::KindTable,
    layout::Layout,
    page_request::PageRequest,
    phases::{GateSummary, meaning, stage},
    time_tag::time_of_day,
};
use crate::{
    admin::{
        format::{counted, grouped, last},
        history::{History, HistoryRange, TimeSeries},
        mount_path::query,
        shared::html,
    },
    contract::{Contract, LiveContract},
    rollout::{
        Brownout, BrownoutCallers, Obligation, ObligationKind, Phase, Rollback, Rollout,
        event::Event,
    },
    time::Timestamp,
};

/// The overview page.
#[derive(Debug, Template)]
#[template(
    path = "overview.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct OverviewPage<'a> {
    layout: &'a Layout,
    /// Those of the next transition.
    gates: Option<GateSummary>,
    /// Those that the last brownout hit.
    hit: Option<BrownoutCallers>,
    /// In cutover only.
    cutover: Option<CutoverStatus>,
    charts: Option<Charts>,
    callers: Option<KindTable>,
    /// The last events, oldest first.
    recent: Vec<Event>,
}

#[derive(Debug)]
struct Charts {
    /// Address, name and whether it is the current one.
    spans: Vec<(String, &'static str, bool)>,
    span: String,
    window: String,
    /// `, as of 12:00:05 UTC`: the curve is a few seconds behind the figures beside it.
    as_of: String,
    callers: Chart,
    responses: Vec<EndpointChart>,
    errors: Chart,
    errors_summary: String,
}

/// How many events the overview shows.
const RECENT: u64 = 3;

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let ranges = HistoryRange::ALL;
    let range = request.params.word("range", ranges, HistoryRange::as_str);
    let history = request.shared.history.clone();
    let page = move |rollout: &Rollout, layout: &Layout| {
        let contract = rollout.contract().map(LiveContract::current);
        let contract = contract.as_ref();
        let (history, in_cutover) = (history.as_deref(), layout.phase() == Phase::Cutover);
        let range = range.or_else(|| history.map(|history| fitting(history, layout)));
        let time_series = history.zip(range);
        let time_series =
            time_series.map(|(history, range)| history.time_series(range).since_recorded());
        let report = layout.report.as_ref();
        html(&OverviewPage {
            layout,
            gates: next_gates(rollout, layout),
            hit: rollout.evaluation().brownout_callers.clone(),
            cutover: in_cutover.then(|| CutoverStatus::new(layout, history, contract)),
            charts: time_series.map(|series| {
                let counted = history.and_then(History::callers_at);
                Charts::new(layout, &series, (contract, counted))
            }),
            callers: report.map(|report| KindTable::new(layout, report)),
            recent: latest(rollout, layout.status.head.seq, RECENT).unwrap_or_default(),
        })
    };
    request.render("Overview", page).await
}

/// The shortest range that has all that was recorded. In cutover it reaches back to the hour before, at most.
fn fitting(history: &History, layout: &Layout) -> HistoryRange {
    let recorded = history.recorded_for();
    let age = match layout.phase() {
        Phase::Cutover => recorded.min(layout.now.since(layout.status.state.entered.at) + HOUR),
        _ => recorded,
    };
    let mut ranges = HistoryRange::ALL.iter().copied();
    ranges
        .find(|range| age <= range.length())
        .unwrap_or(HistoryRange::Month)
}

const HOUR: Duration = Duration::from_secs(3_600);

/// The gates of the next gated transition.
fn next_gates(rollout: &Rollout, layout: &Layout) -> Option<GateSummary> {
    let step = layout.status.next?;
    Some(GateSummary::new(rollout, layout, &rollout.preview(step)))
}

impl OverviewPage<'_> {
    fn meaning(&self) -> &'static str {
        match self.layout.browned_out() {
            Some(_) => {
                "All clients get target responses while the brownout runs. It ends by itself."
            }
            None => meaning(self.layout.phase()),
        }
    }

    /// The brownout that the first card is about: one that runs, was announced, or switched the flag last. While a rollback
    /// lasts, only one that runs.
    fn brownout(&self) -> Option<&Brownout> {
        let state = &self.layout.status.state;
        let others = || {
            let next = state.pending_brownouts().min_by_key(|found| found.start);
            next.or_else(|| state.last_brownout())
        };
        let compat = self.layout.phase() == Phase::Compat && self.rollback().is_none();
        let running = self.layout.browned_out();
        running.or_else(|| others().filter(|_| compat))
    }

    /// Each phase with what it is and its state.
    fn stages(&self) -> impl Iterator<Item = (Phase, (&'static str, &'static str))> {
        let current = self.layout.phase();
        let phases = Phase::ALL.iter().copied();
        let browned_out = self.layout.browned_out().is_some();
        phases.map(move |phase| match stage(phase, current) {
            (_, state) if phase == Phase::Compat && browned_out => {
                (phase, ("Flag off for a brownout", state))
            }
            stage => (phase, stage),
        })
    }

    /// The rollback that lasts.
    fn rollback(&self) -> Option<&Rollback> {
        let rollbacks = &self.layout.status.state.rollbacks;
        rollbacks.last().filter(|rollback| rollback.is_running())
    }

    /// `22 of 25 callers that were stranded`.
    fn served_again(&self) -> Option<(String, String)> {
        let stranded = self.layout.stranded.as_ref()?;
        let (served, all) = (stranded.served_again, stranded.before);
        (all > 0).then(|| (grouped(served), counted(all, "caller")))
    }

    fn obligations(&self) -> Vec<Obligation<'_>> {
        let status = &self.layout.status;
        let limit = status.policy.rollback_limit;
        status.state.obligations(self.layout.now, limit).collect()
    }

    /// Those that the first card does not have.
    fn other_obligations(&self) -> Vec<Obligation<'_>> {
        let in_first = self.rollback().is_some() && self.layout.phase() == Phase::Compat;
        if in_first {
            Vec::new()
        } else {
            self.obligations()
        }
    }

    /// How many waivers are in force.
    fn waivers(&self) -> String {
        let waivers = self.layout.status.state.waivers.values();
        let in_force = waivers.filter(|waiver| waiver.holds(self.layout.now));
        counted(in_force.count() as u64, "waiver")
    }
}

impl Charts {
    fn new(
        layout: &Layout,
        time_series: &TimeSeries,
        (contract, counted): (Option<&Contract>, Option<Timestamp>),
    ) -> Self {
        let (base, changes) = (&layout.base, layout.flag_changes.as_slice());
        let described = contract.map_or(&[][..], Contract::endpoints);
        let spans = HistoryRange::ALL.iter().map(|span| {
            let name = span.as_str();
            let href = format!("{}{}", base.home(), query(&[("range", name)]));
            (href, name, name == time_series.range)
        });
        let as_of = counted.map(|at| format!(", as of {}", time_of_day(at)));
        let as_of = as_of.unwrap_or_default();
        Self {
            spans: spans.collect(),
            span: last(time_series.range),
            window: last(&time_series.window).replacen("last ", "", 1),
            callers: callers_chart(time_series, changes, &as_of),
            as_of,
            responses: endpoint_charts(time_series, contract, changes),
            errors: errors_chart(time_series, described, changes),
            errors_summary: errors_summary(time_series, described),
        }
    }
}
