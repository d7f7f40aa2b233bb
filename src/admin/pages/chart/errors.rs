//! Answers that are errors, by their status.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    callers::{buckets, sum, watched},
    chart::{Chart, Draft},
    columns::Join,
    key::{Key, share_of},
    line::{Look, Series},
};
use crate::{
    admin::history::TimeSeries,
    admin::pages::wording::{grouped, window},
    contract::Endpoint,
};

/// The outcomes of one status, whichever endpoint they are of.
#[derive(Default)]
struct Status<'a> {
    names: BTreeSet<&'a str>,
    curves: Vec<&'a [Option<u64>]>,
}

/// All answers that the contract describes with an error status. The old form of an answer that is none does not count.
pub(crate) fn errors_chart(curves: &TimeSeries, described: &[Endpoint]) -> Chart {
    let shapes = curves.responses.iter();
    let shapes = shapes.flat_map(|curve| [&curve.target, &curve.legacy]);
    let all: u64 = shapes.flatten().flatten().sum();
    let (mut drawn, mut keys) = (Vec::new(), Vec::new());
    for (number, status) in statuses(curves, described) {
        let values = sum(status.curves.iter().copied());
        let total: u64 = values.iter().flatten().sum();
        let look = (total > 0).then(|| Look::of(drawn.len()));
        let names: Vec<&str> = status.names.into_iter().collect();
        keys.push(Key {
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
    let span = window(curves.range);
    Draft {
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

fn statuses<'a>(curves: &'a TimeSeries, described: &'a [Endpoint]) -> BTreeMap<u16, Status<'a>> {
    let mut statuses: BTreeMap<u16, Status<'a>> = BTreeMap::new();
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
