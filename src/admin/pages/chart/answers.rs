//! What the endpoints answer.

use super::{
    callers::{buckets, sum},
    chart::{Chart, Draft},
    columns::Join,
    key::Key,
    line::{Look, Series},
};
use crate::{
    admin::pages::wording::{grouped, percent, window},
    contract::{Contract, Endpoint, Outcome},
    history::{AnswerCurve, Curves},
};

/// A chart for each endpoint, and one for all answers that are errors.
#[derive(Debug)]
pub(crate) struct EndpointCharts {
    pub(crate) endpoints: Vec<EndpointChart>,
    pub(crate) errors: Chart,
}

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
pub(crate) fn endpoint_charts(curves: &Curves, contract: Option<&Contract>) -> EndpointCharts {
    let described = contract.map_or(&[][..], Contract::endpoints);
    let mut names: Vec<&str> = described.iter().map(Endpoint::name).collect();
    for curve in &curves.answers {
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
    EndpointCharts {
        endpoints,
        errors: errors_chart(curves, described),
    }
}

fn endpoint_chart(
    number: usize,
    name: &str,
    (endpoint, contract): (Option<&Endpoint>, Option<&Contract>),
    curves: &Curves,
) -> EndpointChart {
    let answered = answered(name, endpoint, curves);
    let total: u64 = answered.iter().map(|answered| answered.total).sum();
    let drawn = answered.iter().filter(|answered| answered.total > 0);
    let drawn: Vec<&Answered<'_>> = drawn.take(Look::ALL.len() + 1).collect();
    let look = |name: &str| {
        drawn
            .iter()
            .position(|drawn| drawn.name == name)
            .map(Look::of)
    };
    let keys = answered
        .iter()
        .map(|answered| outcome_key(answered, look(answered.name), total));
    let span = window(curves.span);
    let chart = Draft {
        id: format!("endpoint-{number}"),
        subject: format!("Answers of {name} by outcome over the last {span}"),
        buckets: buckets(curves),
        join: Join::Sum,
        watched: watched(curves),
        keys: keys.collect(),
        curves: drawn
            .iter()
            .enumerate()
            .map(|(number, answered)| answered.series(number))
            .collect(),
        named: false,
        empty: format!("No answers in the last {span}."),
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
) -> Vec<Answered<'a>> {
    let of_it = |curve: &&AnswerCurve| curve.endpoint == name;
    let outcomes = endpoint.map_or(&[][..], Endpoint::outcomes);
    let mut all: Vec<Answered<'a>> = outcomes
        .iter()
        .map(|outcome| {
            let mut curves = curves.answers.iter().filter(of_it);
            let curve = curves.find(|curve| curve.outcome == outcome.name());
            Answered::new(outcome.name(), Some(outcome), curve)
        })
        .collect();
    for curve in curves.answers.iter().filter(of_it) {
        let beside = Answered::new(&curve.outcome, None, Some(curve));
        if beside.total > 0 && !all.iter().any(|known| known.name == curve.outcome) {
            all.push(beside);
        }
    }
    all
}

impl<'a> Answered<'a> {
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

    fn series(&self, number: usize) -> Series {
        Series {
            name: self.name.to_owned(),
            look: Look::of(number),
            values: self.values.clone(),
        }
    }
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

/// All answers that the contract describes with an error status, by that status.
fn errors_chart(curves: &Curves, described: &[Endpoint]) -> Chart {
    let mut statuses: Vec<(u16, Vec<&AnswerCurve>)> = Vec::new();
    for endpoint in described {
        for outcome in endpoint
            .outcomes()
            .iter()
            .filter(|outcome| outcome.status() >= 400)
        {
            let is_it = |curve: &&AnswerCurve| {
                curve.endpoint == endpoint.name() && curve.outcome == outcome.name()
            };
            let found = curves.answers.iter().filter(is_it);
            match statuses
                .iter_mut()
                .find(|(status, _)| *status == outcome.status())
            {
                Some((_, of_it)) => of_it.extend(found),
                None => statuses.push((outcome.status(), found.collect())),
            }
        }
    }
    statuses.sort_by_key(|(status, _)| *status);
    let of_all = curves
        .answers
        .iter()
        .flat_map(|curve| [&curve.target, &curve.legacy]);
    let all: u64 = of_all.flatten().flatten().sum();
    draw_errors(&statuses, all, curves)
}

fn draw_errors(statuses: &[(u16, Vec<&AnswerCurve>)], all: u64, curves: &Curves) -> Chart {
    let mut drawn = Vec::new();
    let mut keys = Vec::new();
    for (status, of_it) in statuses {
        let shapes = of_it
            .iter()
            .flat_map(|curve| [curve.target.as_slice(), curve.legacy.as_slice()]);
        let values = sum(shapes);
        let total: u64 = values.iter().flatten().sum();
        let look = (total > 0).then(|| Look::of(drawn.len()));
        let mut names: Vec<&str> = of_it.iter().map(|curve| curve.outcome.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        keys.push(Key {
            look,
            name: status.to_string(),
            note: names.join(", "),
            number: grouped(total),
            share: share_of(total, all),
        });
        if let Some(look) = look {
            drawn.push(Series {
                name: status.to_string(),
                look,
                values,
            });
        }
    }
    let span = window(curves.span);
    Draft {
        id: "errors".to_owned(),
        subject: format!("Answers with an error status over the last {span}"),
        buckets: buckets(curves),
        join: Join::Sum,
        watched: watched(curves),
        curves: drawn,
        named: false,
        empty: format!("No answer with an error status in the last {span}."),
        keys,
    }
    .draw()
}

/// In which buckets anybody counted answers; all, where no answer was ever counted.
fn watched(curves: &Curves) -> Vec<bool> {
    let some = |bucket: usize| {
        let mut curves = curves.answers.iter();
        curves.any(|curve| curve.target.get(bucket).is_some_and(Option::is_some))
    };
    (0..curves.len)
        .map(|bucket| curves.answers.is_empty() || some(bucket))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn share_of(some: u64, all: u64) -> String {
    if all == 0 || some == 0 {
        return String::new();
    }
    match some as f64 / all as f64 {
        share if share < 0.001 => "below 0.1 %".to_owned(),
        share => percent(share),
    }
}
