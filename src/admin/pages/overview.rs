//! The overview page.

use askama::Template;
use axum::response::Response;

use super::{
    chart::{Chart, EndpointChart, callers_chart, endpoint_charts, errors_chart},
    journal::latest,
    kind_table::KindTable,
    layout::Layout,
    page_request::PageRequest,
    phases::{GateSummary, meaning, stage},
};
use crate::{
    admin::{
        format::{counted, window},
        history::{HistoryRange, TimeSeries},
        mount_path::{MountPath, query},
        shared::html,
    },
    contract::{Contract, LiveContract},
    rollout::{Obligation, ObligationKind, Phase, Rollout, event::Event},
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
    callers: Chart,
    responses: Vec<EndpointChart>,
    errors: Chart,
}

/// How many events the overview shows.
const RECENT: u64 = 5;

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let ranges = HistoryRange::ALL;
    let range = request.params.word("range", ranges, HistoryRange::as_str);
    let history = request.shared.history.clone();
    let page = move |rollout: &Rollout, layout: &Layout| {
        let contract = rollout.contract().map(LiveContract::current);
        let time_series =
            history.map(|history| history.time_series(range.unwrap_or(HistoryRange::Day)));
        let report = layout.report.as_ref();
        html(&OverviewPage {
            layout,
            gates: next_gates(rollout, layout),
            charts: time_series.map(|series| Charts::new(&layout.base, &series, contract.as_ref())),
            callers: report.map(|report| KindTable::new(&layout.base, report)),
            recent: latest(rollout, layout.status.head.seq, RECENT).unwrap_or_default(),
        })
    };
    request.render("Overview", page).await
}

/// The gates of the next gated transition.
fn next_gates(rollout: &Rollout, layout: &Layout) -> Option<GateSummary> {
    let step = layout.status.next?;
    Some(GateSummary::new(
        rollout,
        layout,
        step,
        &rollout.preview(step).gates,
    ))
}

impl OverviewPage<'_> {
    fn meaning(&self) -> &'static str {
        meaning(self.layout.phase())
    }

    /// Each phase with what it is and its state.
    fn stages(&self) -> impl Iterator<Item = (Phase, (&'static str, &'static str))> {
        let current = self.layout.phase();
        let phases = Phase::ALL.iter().copied();
        phases.map(move |phase| (phase, stage(phase, current)))
    }

    fn obligations(&self) -> Vec<Obligation<'_>> {
        let status = &self.layout.status;
        let limit = status.policy.rollback_limit;
        status.state.obligations(self.layout.now, limit).collect()
    }

    /// How many waivers are in force.
    fn waivers(&self) -> String {
        let waivers = self.layout.status.state.waivers.values();
        let in_force = waivers.filter(|waiver| waiver.holds(self.layout.now));
        counted(in_force.count() as u64, "waiver")
    }
}

impl Charts {
    fn new(base: &MountPath, time_series: &TimeSeries, contract: Option<&Contract>) -> Self {
        let spans = HistoryRange::ALL.iter().map(|span| {
            let name = span.as_str();
            let href = format!("{}{}", base.home(), query(&[("range", name)]));
            (href, name, name == time_series.range)
        });
        Self {
            spans: spans.collect(),
            span: window(time_series.range),
            window: window(&time_series.window),
            callers: callers_chart(time_series),
            responses: endpoint_charts(time_series, contract),
            errors: errors_chart(time_series, contract.map_or(&[], Contract::endpoints)),
        }
    }
}
