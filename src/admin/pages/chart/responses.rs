//! What the endpoints answer.

use super::{
    callers::{buckets, sum, watched},
    chart::{Chart, Draft},
    columns::Join,
    key::{Key, share_of},
    line::{Look, Series},
};
use crate::{
    admin::history::{ResponseSeries, TimeSeries},
    admin::pages::wording::{grouped, window},
    contract::{Contract, Endpoint, Outcome},
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
struct Answered<'a> {
    name: &'a str,
    outcome: Option<&'a Outcome>,
    values: Vec<Option<u64>>,
    total: u64,
    legacy: u64,
}

/// The charts of what was answered. Endpoints that the contract no longer has come last.
pub(crate) fn endpoint_charts(
    curves: &TimeSeries,
    contract: Option<&Contract>,
) -> Vec<EndpointChart> {
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
    curves: &TimeSeries,
) -> EndpointChart {
    let answered = answered(name, endpoint, curves);
    let total: u64 = answered.iter().map(|answered| answered.total).sum();
    let keys = answered.iter().zip(looks(&answered));
    let keys = keys.map(|(answered, look)| outcome_key(answered, look, total));
    let span = window(curves.range);
    let chart = Draft {
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
    curves: &'a TimeSeries,
) -> Vec<Answered<'a>> {
    let of_it = |curve: &&ResponseSeries| curve.endpoint == name;
    let outcomes = endpoint.map_or(&[][..], Endpoint::outcomes);
    let mut all: Vec<Answered<'a>> = outcomes
        .iter()
        .map(|outcome| {
            let mut curves = curves.responses.iter().filter(of_it);
            let curve = curves.find(|curve| curve.outcome == outcome.name());
            Answered::new(outcome.name(), Some(outcome), curve)
        })
        .collect();
    for curve in curves.responses.iter().filter(of_it) {
        let beside = Answered::new(&curve.outcome, None, Some(curve));
        if beside.total > 0 && !all.iter().any(|known| known.name == curve.outcome) {
            all.push(beside);
        }
    }
    all
}

impl<'a> Answered<'a> {
    fn new(name: &'a str, outcome: Option<&'a Outcome>, curve: Option<&ResponseSeries>) -> Self {
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
fn looks(answered: &[Answered<'_>]) -> Vec<Option<Look>> {
    let mut number = 0;
    let looks = answered.iter().map(|answered| {
        (answered.total > 0).then(|| {
            number += 1;
            Look::of(number - 1)
        })
    });
    looks.collect()
}

/// A line for each look; the outcomes without one of their own are one line together.
fn lines(answered: &[Answered<'_>]) -> Vec<Series> {
    let answered = answered.iter().filter(|answered| answered.total > 0);
    let (own, rest): (Vec<_>, Vec<_>) = answered
        .enumerate()
        .partition(|(number, _)| *number < Look::ALL.len());
    let mut lines: Vec<Series> = own
        .into_iter()
        .map(|(number, answered)| Series {
            name: answered.name.to_owned(),
            look: Look::of(number),
            values: answered.values.clone(),
        })
        .collect();
    if !rest.is_empty() {
        lines.push(Series {
            name: format!("{} more outcomes", rest.len()),
            look: Look::OTHERS,
            values: sum(rest.iter().map(|(_, answered)| answered.values.as_slice())),
        });
    }
    lines
}

fn outcome_key(answered: &Answered<'_>, look: Option<Look>, all: u64) -> Key {
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
    Key {
        look,
        name: answered.name.to_owned(),
        note,
        number: grouped(answered.total),
        share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_beyond_the_looks_are_one_line_and_keep_their_own_numbers() {
        let answered = |name| Answered {
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
