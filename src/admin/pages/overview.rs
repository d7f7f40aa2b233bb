//! The overview: one look at the whole rollout.

use askama::Template;

use super::{
    chart::{Chart, EndpointChart, callers_chart, endpoint_charts, errors_chart},
    entry::Entry,
    explain::Background,
    frame::{Frame, Scene},
    kinds::{KindRow, STATES, kind_rows},
    owed::{Owed, owed},
    phases::{Stage, meaning, stages},
    remaining::Remaining,
    stamped::Stamped,
    standing::{Gates, Next},
    wording::{counted, grouped, percent, window},
};
use crate::{
    admin::history::{HistoryRange, TimeSeries},
    census::Report,
    contract::Contract,
    rollout::{Event, GateReport, Transition},
};

/// The overview.
#[derive(Debug, Template)]
#[template(
    path = "overview.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Overview {
    frame: Frame,
    stages: Vec<Stage>,
    meaning: &'static str,
    entered: Stamped,
    next: Option<Next>,
    /// Whether the rollout may be given up.
    may_abort: bool,
    owed: Vec<Owed>,
    incidents: Vec<(String, Stamped)>,
    waivers: String,
    curves: Option<Drawn>,
    callers: Option<Numbers>,
    recent: Vec<Entry>,
}

/// The charts.
#[derive(Debug)]
struct Drawn {
    spans: Vec<(String, &'static str, bool)>,
    span: String,
    window: String,
    callers: Chart,
    responses: Vec<EndpointChart>,
    errors: Chart,
}

/// The callers in numbers.
#[derive(Debug)]
struct Numbers {
    window: String,
    states: [(&'static str, &'static str); 7],
    rows: Vec<KindRow>,
    all: KindRow,
    /// Whether no caller was ever seen.
    nobody: bool,
    watched: String,
    responses: String,
    dependent_responses: String,
    estimate: Option<String>,
}

/// What the overview shows beside the scene.
#[derive(Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) gates: Option<(Transition, &'a [GateReport])>,
    pub(crate) remaining: &'a Remaining,
    pub(crate) curves: Option<&'a TimeSeries>,
    pub(crate) contract: Option<&'a Contract>,
    pub(crate) recent: &'a [Event],
}

impl Overview {
    pub(crate) fn new(scene: &Scene, sight: &Sight<'_>) -> Self {
        let (base, status, now) = (scene.base.as_str(), &*scene.status, scene.now);
        let background = Background {
            base,
            policy: &status.policy,
            remaining: sight.remaining,
        };
        let phase = status.state.phase();
        let incidents = status.state.open_incidents().iter();
        let incidents = incidents.map(|(id, stamp)| (id.to_string(), Stamped::new(stamp, now)));
        let waivers = status
            .state
            .waivers()
            .values()
            .filter(|waiver| waiver.holds(now));
        Self {
            frame: Frame::new("Overview", scene),
            stages: stages(phase),
            meaning: meaning(phase),
            entered: Stamped::new(status.state.entered(), now),
            next: sight
                .gates
                .map(|(step, reports)| Next::new(step, Gates::new(reports, &background))),
            may_abort: phase.transitions().any(|step| step == Transition::Abort),
            owed: owed(base, status, now),
            incidents: incidents.collect(),
            waivers: counted(waivers.count() as u64, "waiver"),
            curves: sight
                .curves
                .map(|curves| Drawn::new(scene, curves, sight.contract)),
            callers: scene
                .report
                .as_ref()
                .map(|report| Numbers::new(base, report)),
            recent: sight
                .recent
                .iter()
                .map(|event| Entry::new(event, now))
                .collect(),
        }
    }
}

impl Drawn {
    fn new(scene: &Scene, curves: &TimeSeries, contract: Option<&Contract>) -> Self {
        let home = if scene.base.is_empty() {
            "/"
        } else {
            &scene.base
        };
        let spans = HistoryRange::ALL.map(|span| {
            let name = span.as_str();
            (format!("{home}?span={name}"), name, name == curves.range)
        });
        Self {
            spans: spans.into(),
            span: window(curves.range),
            window: window(&curves.window),
            callers: callers_chart(curves),
            responses: endpoint_charts(curves, contract),
            errors: errors_chart(curves, contract.map_or(&[], Contract::endpoints)),
        }
    }
}

impl Numbers {
    fn new(base: &str, report: &Report) -> Self {
        let (rows, all) = kind_rows(base, report);
        let estimate = report.estimate.map(|estimate| {
            format!(
                "About {} found no place in the census and are estimated; the numbers contain them.",
                counted(estimate.callers, "caller")
            )
        });
        Self {
            window: window(&report.window),
            states: STATES,
            nobody: report.all.known == 0,
            rows,
            all,
            watched: percent(report.coverage.ratio),
            responses: counted(report.all.responses.all, "answer"),
            dependent_responses: grouped(report.all.responses.dependent),
            estimate,
        }
    }
}
