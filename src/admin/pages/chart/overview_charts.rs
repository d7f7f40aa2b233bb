//! The charts of the overview: dependent callers, responses by outcome for each endpoint, and errors by status.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    axes::{Buckets, Join},
    chart::{Chart, ChartSpec},
    series::{LegendEntry, LineStyle, Series, share_of, styled, sum},
};
use crate::{
    admin::{
        flag_changes::FlagChange,
        format::{grouped, last, listed},
        history::{CallerSeries, ResponseSeries, TimeSeries},
    },
    contract::{Contract, Endpoint, Outcome},
};

/// The responses of one endpoint by outcome.
#[derive(Debug)]
pub(crate) struct EndpointChart {
    pub(crate) name: String,
    /// Method and path.
    pub(crate) route: String,
    pub(crate) total: String,
    /// What came how often, in one line.
    pub(crate) summary: String,
    pub(crate) chart: Chart,
}

/// The responses of one outcome.
struct OutcomeTotals<'a> {
    name: &'a str,
    /// `None` if the contract does not describe it.
    outcome: Option<&'a Outcome>,
    values: Vec<Option<u64>>,
    total: u64,
    legacy: u64,
}

/// The error outcomes of one status, or of the same statuses, of all endpoints.
#[derive(Default)]
struct StatusTotals<'a> {
    names: BTreeSet<&'a str>,
    values: Vec<&'a [Option<u64>]>,
}

/// A chart for each endpoint, those without responses last. Endpoints that have left the contract follow those on it.
pub(crate) fn endpoint_charts(
    time_series: &TimeSeries,
    contract: Option<&Contract>,
    changes: &[FlagChange],
) -> Vec<EndpointChart> {
    let described = contract.map_or(&[][..], Contract::endpoints);
    let mut names: Vec<&str> = described.iter().map(Endpoint::name).collect();
    for series in &time_series.responses {
        if !names.contains(&series.endpoint.as_str()) {
            names.push(&series.endpoint);
        }
    }
    let charts = names.iter().enumerate().map(|(number, name)| {
        let endpoint = described.iter().find(|endpoint| endpoint.name() == *name);
        endpoint_chart(number, name, (endpoint, contract), (time_series, changes))
    });
    let (seen, unseen): (Vec<_>, Vec<_>) = charts.partition(|chart| chart.total != "0");
    seen.into_iter().chain(unseen).collect()
}

fn endpoint_chart(
    number: usize,
    name: &str,
    (endpoint, contract): (Option<&Endpoint>, Option<&Contract>),
    (time_series, changes): (&TimeSeries, &[FlagChange]),
) -> EndpointChart {
    let outcomes = outcomes(name, endpoint, time_series);
    let total: u64 = outcomes.iter().map(|outcome| outcome.total).sum();
    let (seen, unseen): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.total > 0);
    let styles = (0..seen.len()).map(|number| Some(LineStyle::of(number)));
    let styles = styles.chain(unseen.iter().map(|_| None));
    let legend = seen.iter().chain(&unseen).zip(styles);
    let series = seen
        .iter()
        .map(|outcome| (outcome.name, outcome.values.clone()));
    let range = last(time_series.range);
    let chart = ChartSpec {
        id: format!("endpoint-{number}"),
        subject: format!("Responses of {name} by outcome over the {range}"),
        buckets: buckets(time_series),
        join: Join::Sum,
        changes: changes.to_vec(),
        watched: watched(&time_series.callers, time_series.len),
        series: styled(series, "outcomes"),
        named: false,
        empty: format!("No responses in the {range}"),
        legend: legend
            .map(|(outcome, style)| outcome.legend(style, total))
            .collect(),
    };
    EndpointChart {
        name: name.to_owned(),
        route: match (endpoint, contract) {
            (Some(endpoint), Some(contract)) => {
                let (method, path) = (endpoint.method(), endpoint.path());
                format!("{method} {}{path}", contract.base_path())
            }
            _ => "no longer on the contract".to_owned(),
        },
        total: grouped(total),
        summary: summary(&outcomes, total),
        chart: chart.draw(),
    }
}

/// `PENDING 61 %, APPROVED 20.5 % and 3 more`: the most frequent outcomes.
fn summary(outcomes: &[OutcomeTotals<'_>], all: u64) -> String {
    const NAMED: usize = 2;
    let mut seen: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.total > 0)
        .collect();
    seen.sort_by_key(|outcome| Reverse(outcome.total));
    let named = seen.iter().take(NAMED);
    let mut parts: Vec<String> = named
        .map(|outcome| format!("{} {}", outcome.name, share_of(outcome.total, all)))
        .collect();
    if seen.len() > NAMED {
        parts.push(format!("{} more", seen.len() - NAMED));
    }
    listed(&parts)
}

/// The outcomes in the order of the contract, then others that were seen.
fn outcomes<'a>(
    name: &str,
    endpoint: Option<&'a Endpoint>,
    time_series: &'a TimeSeries,
) -> Vec<OutcomeTotals<'a>> {
    let series = || {
        time_series
            .responses
            .iter()
            .filter(|series| series.endpoint == name)
    };
    let described = endpoint.map_or(&[][..], Endpoint::outcomes).iter();
    let mut all: Vec<OutcomeTotals<'a>> = described
        .map(|outcome| {
            let found = series().find(|series| series.outcome == outcome.name());
            OutcomeTotals::new(outcome.name(), Some(outcome), found)
        })
        .collect();
    for series in series() {
        let other = OutcomeTotals::new(&series.outcome, None, Some(series));
        if other.total > 0 && !all.iter().any(|known| known.name == series.outcome) {
            all.push(other);
        }
    }
    all
}

impl<'a> OutcomeTotals<'a> {
    fn new(name: &'a str, outcome: Option<&'a Outcome>, series: Option<&ResponseSeries>) -> Self {
        let shapes = series.map(|series| [series.target.as_slice(), series.legacy.as_slice()]);
        let values = sum(shapes.into_iter().flatten());
        Self {
            name,
            outcome,
            total: total(&values),
            legacy: series.map_or(0, |series| total(&series.legacy)),
            values,
        }
    }

    fn legend(&self, style: Option<LineStyle>, all: u64) -> LegendEntry {
        let note = match self.outcome {
            Some(outcome) => match outcome.legacy_shape() {
                Some(legacy) => format!("{}, legacy {}", outcome.statuses(), legacy.status()),
                None => outcome.statuses().to_string(),
            },
            None => "not on the contract".to_owned(),
        };
        LegendEntry {
            style,
            name: self.name.to_owned(),
            note,
            number: grouped(self.total),
            share: match self.legacy {
                0 => share_of(self.total, all),
                legacy => format!("{} legacy", grouped(legacy)),
            },
        }
    }
}

fn total(values: &[Option<u64>]) -> u64 {
    values.iter().flatten().sum()
}

/// All outcomes that the contract describes with an error status, by status. An error status of a legacy shape alone does
/// not count.
pub(crate) fn errors_chart(
    time_series: &TimeSeries,
    described: &[Endpoint],
    changes: &[FlagChange],
) -> Chart {
    let shapes = time_series.responses.iter();
    let shapes = shapes.flat_map(|series| [&series.target, &series.legacy]);
    let all: u64 = shapes.map(|values| total(values)).sum();
    let (mut series, mut legend) = (Vec::new(), Vec::new());
    for (status, totals) in statuses(time_series, described) {
        let values = sum(totals.values.iter().copied());
        let responses = total(&values);
        let style = (responses > 0).then(|| LineStyle::of(series.len()));
        let names: Vec<&str> = totals.names.into_iter().collect();
        legend.push(LegendEntry {
            style,
            name: status.clone(),
            note: names.join(", "),
            number: grouped(responses),
            share: share_of(responses, all),
        });
        series.extend(style.map(|style| Series {
            name: status,
            style,
            values,
        }));
    }
    let range = last(time_series.range);
    ChartSpec {
        id: "errors".to_owned(),
        subject: format!("Responses with an error status over the {range}"),
        buckets: buckets(time_series),
        join: Join::Sum,
        changes: changes.to_vec(),
        watched: watched(&time_series.callers, time_series.len),
        series,
        named: false,
        empty: format!("No responses with an error status in the {range}"),
        legend,
    }
    .draw()
}

/// `429 7.7 % and 400 1.2 %`: the statuses that were seen, most frequent first.
pub(crate) fn errors_summary(time_series: &TimeSeries, described: &[Endpoint]) -> String {
    let shapes = time_series.responses.iter();
    let shapes = shapes.flat_map(|series| [&series.target, &series.legacy]);
    let all: u64 = shapes.map(|values| total(values)).sum();
    let statuses = statuses(time_series, described).into_iter();
    let mut seen: Vec<(u64, String)> = statuses
        .map(|(status, totals)| (total(&sum(totals.values.iter().copied())), status))
        .filter(|(responses, _)| *responses > 0)
        .collect();
    seen.sort_by_key(|(responses, _)| Reverse(*responses));
    let parts = seen.iter();
    let parts = parts.map(|(responses, status)| format!("{status} {}", share_of(*responses, all)));
    match listed(&parts.collect::<Vec<_>>()) {
        none if none.is_empty() => "none".to_owned(),
        parts => parts,
    }
}

fn statuses<'a>(
    time_series: &'a TimeSeries,
    described: &'a [Endpoint],
) -> BTreeMap<String, StatusTotals<'a>> {
    let mut statuses: BTreeMap<String, StatusTotals<'a>> = BTreeMap::new();
    for endpoint in described {
        let outcomes = endpoint.outcomes().iter();
        for outcome in outcomes.filter(|outcome| outcome.statuses().has_errors()) {
            let status = statuses.entry(outcome.statuses().to_string()).or_default();
            status.names.insert(outcome.name());
            let series = time_series.responses.iter().find(|series| {
                series.endpoint == endpoint.name() && series.outcome == outcome.name()
            });
            let shapes = series.map(|series| [series.target.as_slice(), series.legacy.as_slice()]);
            status.values.extend(shapes.into_iter().flatten());
        }
    }
    statuses
}

/// Dependent callers of each kind, and in red those that are stranded.
pub(crate) fn callers_chart(
    time_series: &TimeSeries,
    changes: &[FlagChange],
    as_of: &str,
) -> Chart {
    let range = last(time_series.range);
    let kinds = time_series
        .callers
        .iter()
        .filter(|kind| ever(&kind.dependent));
    let kinds = kinds.map(|kind| (kind.kind.as_str(), kind.dependent.clone()));
    let mut series = styled(kinds, "kinds");
    let stranded = sum(time_series
        .callers
        .iter()
        .map(|kind| kind.stranded.as_slice()));
    series.extend(ever(&stranded).then(|| Series {
        name: "stranded".to_owned(),
        style: LineStyle::STRANDED,
        values: stranded,
    }));
    ChartSpec {
        id: "callers".to_owned(),
        subject: format!("Dependent callers by kind over the {range}"),
        buckets: buckets(time_series),
        join: Join::Highest,
        changes: changes.to_vec(),
        watched: watched(&time_series.callers, time_series.len),
        series,
        named: true,
        empty: format!("No dependent callers in the {range}{as_of}"),
        legend: Vec::new(),
    }
    .draw()
}

fn ever(values: &[Option<u64>]) -> bool {
    values.iter().flatten().any(|number| *number > 0)
}

pub(super) const fn buckets(time_series: &TimeSeries) -> Buckets {
    Buckets {
        from_ms: time_series.from.unix_ms(),
        step_ms: time_series.step_ms,
        len: time_series.len,
    }
}

/// The buckets in which callers were counted.
pub(super) fn watched(kinds: &[CallerSeries], len: usize) -> Vec<bool> {
    let counted = |kind: &CallerSeries, bucket| {
        let value = kind.dependent.get(bucket);
        value.is_some_and(Option::is_some)
    };
    let any = |bucket| kinds.iter().any(|kind| counted(kind, bucket));
    (0..len).map(any).collect()
}
