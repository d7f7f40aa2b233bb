//! What the endpoints answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    callers::{buckets, sum, watched},
    chart::{Chart, ChartSpec},
    columns::Join,
    line::{LegendEntry, LineStyle, Series, share_of},
};
use crate::{
    admin::format::{grouped, window},
    contract::{Contract, Endpoint, Outcome},
    history::{AnswerCurve, Curves},
};

/// The answers of one endpoint by outcome.
#[derive(Debug)]
pub(crate) struct EndpointChart {
    pub(crate) name: String,
    answered: bool,
    /// Method and path.
    pub(crate) route: String,
    pub(crate) total: String,
    pub(crate) chart: Chart,
}

/// How often an outcome was answered.
struct OutcomeTotals<'a> {
    name: &'a str,
    outcome: Option<&'a Outcome>,
    values: Vec<Option<u64>>,
    total: u64,
    legacy: u64,
}

/// The charts of what was answered. Endpoints that the contract no longer has come last.
pub(crate) fn endpoint_charts(curves: &Curves, contract: Option<&Contract>) -> Vec<EndpointChart> {
    let described = contract.map_or(&[][..], Contract::endpoints);
    let mut names: Vec<&str> = described.iter().map(Endpoint::name).collect();
    for curve in &curves.responses {
        if !names.contains(&curve.endpoint.as_str()) {
            names.push(&curve.endpoint);
        }
    }
    let endpoints = names.iter().enumerate().map(|(number, name)| {
        let endpoint = described.iter().find(|endpoint| endpoint.name() == *name);
        endpoint_chart(number, name, (endpoint, contract), curves)
    });
    let mut endpoints: Vec<EndpointChart> = endpoints.collect();
    // Those that say something come first.
    endpoints.sort_by_key(|endpoint| !endpoint.answered);
    endpoints
}

fn endpoint_chart(
    number: usize,
    name: &str,
    (endpoint, contract): (Option<&Endpoint>, Option<&Contract>),
    curves: &Curves,
) -> EndpointChart {
    let answered = answered(name, endpoint, curves);
    let total: u64 = answered.iter().map(|answered| answered.total).sum();
    let keys = answered.iter().zip(looks(&answered));
    let keys = keys.map(|(answered, look)| outcome_key(answered, look, total));
    let span = window(curves.span);
    let chart = ChartSpec {
        id: format!("endpoint-{number}"),
        subject: format!("Answers of {name} by outcome over the last {span}"),
        buckets: buckets(curves),
        join: Join::Sum,
        watched: watched(&curves.callers, curves.len),
        keys: keys.collect(),
        curves: lines(&answered),
        named: false,
        empty: format!("No answers in the last {span}"),
    };
    EndpointChart {
        name: name.to_owned(),
        route: route(endpoint, contract),
        answered: total > 0,
        total: grouped(total),
        chart: chart.draw(),
    }
}

fn route(endpoint: Option<&Endpoint>, contract: Option<&Contract>) -> String {
    match (endpoint, contract) {
        (Some(endpoint), Some(contract)) => {
            format!(
                "{} {}{}",
                endpoint.method(),
                contract.base_path(),
                endpoint.path()
            )
        }
        _ => "no longer on the contract".to_owned(),
    }
}

/// The outcomes in the order of the contract, then those that were answered beside it.
fn answered<'a>(
    name: &str,
    endpoint: Option<&'a Endpoint>,
    curves: &'a Curves,
) -> Vec<OutcomeTotals<'a>> {
    let of_it = |curve: &&AnswerCurve| curve.endpoint == name;
    let outcomes = endpoint.map_or(&[][..], Endpoint::outcomes);
    let mut all: Vec<OutcomeTotals<'a>> = outcomes
        .iter()
        .map(|outcome| {
            let mut curves = curves.responses.iter().filter(of_it);
            let curve = curves.find(|curve| curve.outcome == outcome.name());
            OutcomeTotals::new(outcome.name(), Some(outcome), curve)
        })
        .collect();
    for curve in curves.responses.iter().filter(of_it) {
        let beside = OutcomeTotals::new(&curve.outcome, None, Some(curve));
        if beside.total > 0 && !all.iter().any(|known| known.name == curve.outcome) {
            all.push(beside);
        }
    }
    all
}

impl<'a> OutcomeTotals<'a> {
    fn new(name: &'a str, outcome: Option<&'a Outcome>, curve: Option<&AnswerCurve>) -> Self {
        let shapes = curve.map(|curve| [curve.target.as_slice(), curve.legacy.as_slice()]);
        let total = |values: &[Option<u64>]| values.iter().flatten().sum();
        let values = sum(shapes.into_iter().flatten());
        Self {
            name,
            outcome,
            total: total(&values),
            legacy: curve.map_or(0, |curve| total(&curve.legacy)),
            values,
        }
    }
}

/// How each outcome looks: those that were answered, as long as there are looks of their own.
fn looks(answered: &[OutcomeTotals<'_>]) -> Vec<Option<LineStyle>> {
    let mut number = 0;
    let looks = answered.iter().map(|answered| {
        (answered.total > 0).then(|| {
            number += 1;
            LineStyle::of(number - 1)
        })
    });
    looks.collect()
}

/// A line for each look; the outcomes without one of their own are one line together.
fn lines(answered: &[OutcomeTotals<'_>]) -> Vec<Series> {
    let answered = answered.iter().filter(|answered| answered.total > 0);
    let (own, rest): (Vec<_>, Vec<_>) = answered
        .enumerate()
        .partition(|(number, _)| *number < LineStyle::ALL.len());
    let mut lines: Vec<Series> = own
        .into_iter()
        .map(|(number, answered)| Series {
            name: answered.name.to_owned(),
            look: LineStyle::of(number),
            values: answered.values.clone(),
        })
        .collect();
    if !rest.is_empty() {
        lines.push(Series {
            name: format!("{} more outcomes", rest.len()),
            look: LineStyle::OTHERS,
            values: sum(rest.iter().map(|(_, answered)| answered.values.as_slice())),
        });
    }
    lines
}

fn outcome_key(answered: &OutcomeTotals<'_>, look: Option<LineStyle>, all: u64) -> LegendEntry {
    let note = match answered.outcome {
        Some(outcome) => match outcome.legacy_shape() {
            Some(legacy) => format!("{}, in the old form {}", outcome.status(), legacy.status()),
            None => outcome.status().to_string(),
        },
        None => "not described".to_owned(),
    };
    let share = if answered.legacy > 0 {
        format!("{} in the old form", grouped(answered.legacy))
    } else {
        share_of(answered.total, all)
    };
    LegendEntry {
        look,
        name: answered.name.to_owned(),
        note,
        number: grouped(answered.total),
        share,
    }
}

/// The outcomes of one status, whichever endpoint they are of.
#[derive(Default)]
struct StatusTotals<'a> {
    names: BTreeSet<&'a str>,
    curves: Vec<&'a [Option<u64>]>,
}

/// All answers that the contract describes with an error status. The old form of an answer that is none does not count.
pub(crate) fn errors_chart(curves: &Curves, described: &[Endpoint]) -> Chart {
    let shapes = curves.responses.iter();
    let shapes = shapes.flat_map(|curve| [&curve.target, &curve.legacy]);
    let all: u64 = shapes.flatten().flatten().sum();
    let (mut drawn, mut keys) = (Vec::new(), Vec::new());
    for (number, status) in statuses(curves, described) {
        let values = sum(status.curves.iter().copied());
        let total: u64 = values.iter().flatten().sum();
        let look = (total > 0).then(|| LineStyle::of(drawn.len()));
        let names: Vec<&str> = status.names.into_iter().collect();
        keys.push(LegendEntry {
            look,
            name: number.to_string(),
            note: names.join(", "),
            number: grouped(total),
            share: share_of(total, all),
        });
        drawn.extend(look.map(|look| Series {
            name: number.to_string(),
            look,
            values,
        }));
    }
    let span = window(curves.span);
    ChartSpec {
        id: "errors".to_owned(),
        subject: format!("Answers with an error status over the last {span}"),
        buckets: buckets(curves),
        join: Join::Sum,
        watched: watched(&curves.callers, curves.len),
        curves: drawn,
        named: false,
        empty: format!("No answer with an error status in the last {span}"),
        keys,
    }
    .draw()
}

fn statuses<'a>(curves: &'a Curves, described: &'a [Endpoint]) -> BTreeMap<u16, StatusTotals<'a>> {
    let mut statuses: BTreeMap<u16, StatusTotals<'a>> = BTreeMap::new();
    for endpoint in described {
        let errors = endpoint.outcomes().iter();
        for outcome in errors.filter(|outcome| outcome.status() >= 400) {
            let status = statuses.entry(outcome.status()).or_default();
            status.names.insert(outcome.name());
            let mut found = curves.responses.iter();
            let found = found
                .find(|curve| curve.endpoint == endpoint.name() && curve.outcome == outcome.name());
            let shapes = found.map(|curve| [curve.target.as_slice(), curve.legacy.as_slice()]);
            status.curves.extend(shapes.into_iter().flatten());
        }
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_beyond_the_looks_are_one_line_and_keep_their_own_numbers() {
        let answered = |name| OutcomeTotals {
            name,
            outcome: None,
            values: vec![Some(1), None],
            total: 1,
            legacy: 0,
        };
        let answered = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(answered);
        let lines = lines(&answered);
        assert_eq!(lines.len(), 8);
        assert_eq!(
            (lines[7].name.as_str(), &lines[7].values),
            ("2 more outcomes", &vec![Some(2), None])
        );
        assert!(
            looks(&answered).iter().all(Option::is_some),
            "none is said to be unanswered"
        );
    }
}
