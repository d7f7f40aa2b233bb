//! The overview page.

use askama::Template;

use super::{
    chart::{Chart, EndpointChart, callers_chart, endpoint_charts, errors_chart},
    explain::{BlockingCallers, ExplainContext},
    gate_summary::{GateSummary, NextStep},
    kind_table::{COLUMNS, KindRow, kind_rows},
    layout::{Layout, PageContext},
    phases::{Stage, meaning, stages},
    time_tag::{Attribution, TimeTag},
    timeline_entry::TimelineEntry,
};
use crate::{
    admin::history::{HistoryRange, TimeSeries},
    admin::{
        format::{counted, grouped, percent, window},
        mount_path::{MountPath, query},
    },
    census::Report,
    contract::Contract,
    rollout::{Obligation, ObligationKind, Transition, event::Event, gate::GateReport},
    time::Timestamp,
};

/// The overview page.
#[derive(Debug, Template)]
#[template(
    path = "overview.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct OverviewPage {
    layout: Layout,
    stages: Vec<Stage>,
    meaning: &'static str,
    entered: Attribution,
    next: Option<NextStep>,
    can_abort: bool,
    obligations: Vec<ObligationRow>,
    incidents: Vec<(String, Attribution)>,
    waivers: String,
    charts: Option<Charts>,
    callers: Option<CallerTotals>,
    recent: Vec<TimelineEntry>,
}

/// What the overview shows besides the context of every page.
#[derive(Debug)]
pub(crate) struct OverviewData<'a> {
    pub(crate) gates: Option<(Transition, &'a [GateReport])>,
    pub(crate) blocking: &'a BlockingCallers,
    pub(crate) time_series: Option<&'a TimeSeries>,
    pub(crate) contract: Option<&'a Contract>,
    pub(crate) recent: &'a [Event],
}

/// An obligation after a rollback, and where to fulfil it.
#[derive(Debug)]
struct ObligationRow {
    text: String,
    due: TimeTag,
    overdue: bool,
    href: String,
    action: &'static str,
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

#[derive(Debug)]
struct CallerTotals {
    window: String,
    columns: [(&'static str, &'static str); 7],
    rows: Vec<KindRow>,
    all: KindRow,
    none: bool,
    watched: String,
    responses: String,
    dependent_responses: String,
    estimate: Option<String>,
}

impl OverviewPage {
    pub(crate) fn new(context: &PageContext, data: &OverviewData<'_>) -> Self {
        let (base, status, now) = (&context.base, &*context.status, context.now);
        let explain = ExplainContext {
            base,
            policy: &status.policy,
            blocking: data.blocking,
        };
        let (state, phase) = (&status.state, status.state.phase);
        let obligations = state.obligations(now, status.policy.rollback_limit);
        let incidents = state.open_incidents.iter();
        let waivers = state.waivers.values();
        let waivers = waivers.filter(|waiver| waiver.holds(now)).count();
        let gates = |(step, reports)| NextStep::new(step, GateSummary::new(reports, &explain));
        let recent = data.recent.iter();
        Self {
            layout: Layout::new("Overview", context),
            stages: stages(phase),
            meaning: meaning(phase),
            entered: Attribution::new(&state.entered, now),
            next: data.gates.map(gates),
            can_abort: phase.transitions().any(|step| step == Transition::Abort),
            obligations: obligations
                .map(|obligation| ObligationRow::new(base, &obligation, now))
                .collect(),
            incidents: incidents
                .map(|(id, opened)| (id.to_string(), Attribution::new(opened, now)))
                .collect(),
            waivers: counted(waivers as u64, "waiver"),
            charts: data
                .time_series
                .map(|time_series| Charts::new(base, time_series, data.contract)),
            callers: context
                .report
                .as_ref()
                .map(|report| CallerTotals::new(base, report)),
            recent: recent.map(|event| TimelineEntry::new(event, now)).collect(),
        }
    }
}

impl ObligationRow {
    fn new(base: &MountPath, obligation: &Obligation<'_>, now: Timestamp) -> Self {
        let (seq, incident) = (obligation.rollback.done.seq, &obligation.rollback.incident);
        let (text, href, action) = match obligation.kind {
            ObligationKind::EndRollback => (
                format!("The rollback for {incident} is not ended: cut over again, or abort."),
                base.link("/transition/cutover"),
                "Go to the cutover",
            ),
            _ => (
                format!("The rollback for {incident} (event {seq}) has no post-analysis."),
                base.link(&format!("/post-analysis/{seq}")),
                "File it",
            ),
        };
        Self {
            text,
            due: TimeTag::new(obligation.due, now),
            overdue: obligation.overdue,
            href,
            action,
        }
    }
}

impl Charts {
    fn new(base: &MountPath, time_series: &TimeSeries, contract: Option<&Contract>) -> Self {
        let spans = HistoryRange::ALL.map(|span| {
            let name = span.as_str();
            let href = format!("{}{}", base.home(), query(&[("range", name)]));
            (href, name, name == time_series.range)
        });
        Self {
            spans: spans.into(),
            span: window(time_series.range),
            window: window(&time_series.window),
            callers: callers_chart(time_series),
            responses: endpoint_charts(time_series, contract),
            errors: errors_chart(time_series, contract.map_or(&[], Contract::endpoints)),
        }
    }
}

impl CallerTotals {
    fn new(base: &MountPath, report: &Report) -> Self {
        let (rows, all) = kind_rows(base, report);
        let estimate = report.estimate.map(|estimate| {
            let callers = counted(estimate.callers, "caller");
            format!("The census is full: about {callers} are estimated and included.")
        });
        Self {
            window: window(&report.window),
            columns: COLUMNS,
            none: report.all.known == 0,
            rows,
            all,
            watched: percent(report.coverage.ratio),
            responses: counted(report.all.responses.all, "response"),
            dependent_responses: grouped(report.all.responses.dependent),
            estimate,
        }
    }
}
