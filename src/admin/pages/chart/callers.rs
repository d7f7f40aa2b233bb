//! The falling curve.

use super::{
    chart::{Chart, Draft},
    columns::{Buckets, Join},
    line::{Look, Series},
};
use crate::{
    admin::history::{CallerSeries, TimeSeries},
    admin::pages::wording::window,
};

/// Dependent callers of each kind, and in red those that are stranded.
pub(crate) fn callers_chart(curves: &TimeSeries) -> Chart {
    let mut drawn = dependents(curves);
    drawn.extend(stranded(&curves.callers));
    Draft {
        id: "callers".to_owned(),
        subject: format!(
            "Callers that depend on old answers, by kind, over the last {}",
            window(curves.range)
        ),
        buckets: buckets(curves),
        join: Join::Highest,
        watched: watched(&curves.callers, curves.len),
        curves: drawn,
        named: true,
        empty: format!("Nobody depended in the last {}", window(curves.range)),
        keys: Vec::new(),
    }
    .draw()
}

pub(super) const fn buckets(curves: &TimeSeries) -> Buckets {
    Buckets {
        from_ms: curves.from.unix_ms(),
        step_ms: curves.step_ms,
        len: curves.len,
    }
}

/// Kinds of which somebody depended; those beyond the looks that there are together.
fn dependents(curves: &TimeSeries) -> Vec<Series> {
    let ever = |values: &[Option<u64>]| values.iter().flatten().any(|number| *number > 0);
    let mut kinds: Vec<&CallerSeries> = curves
        .callers
        .iter()
        .filter(|kind| ever(&kind.dependent))
        .collect();
    let rest = kinds.split_off(kinds.len().min(Look::ALL.len()));
    let series = kinds.into_iter().enumerate().map(|(number, kind)| Series {
        name: kind.kind.clone(),
        look: Look::of(number),
        values: kind.dependent.clone(),
    });
    let mut series: Vec<Series> = series.collect();
    if !rest.is_empty() {
        series.push(Series {
            name: format!("{} more kinds", rest.len()),
            look: Look::OTHERS,
            values: sum(rest.iter().map(|kind| kind.dependent.as_slice())),
        });
    }
    series
}

fn stranded(kinds: &[CallerSeries]) -> Option<Series> {
    let values = sum(kinds.iter().map(|kind| kind.stranded.as_slice()));
    values
        .iter()
        .flatten()
        .any(|number| *number > 0)
        .then(|| Series {
            name: "stranded".to_owned(),
            look: Look::STRANDED,
            values,
        })
}

/// The sums by bucket; none where there is none at all.
pub(super) fn sum<'a>(curves: impl Iterator<Item = &'a [Option<u64>]>) -> Vec<Option<u64>> {
    let mut sums: Vec<Option<u64>> = Vec::new();
    for curve in curves {
        sums.resize(sums.len().max(curve.len()), None);
        for (sum, value) in sums.iter_mut().zip(curve) {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or_default().saturating_add(*value));
            }
        }
    }
    sums
}

/// In which buckets anybody counted callers.
pub(super) fn watched(kinds: &[CallerSeries], len: usize) -> Vec<bool> {
    let any = |bucket| {
        kinds
            .iter()
            .any(|kind| kind.dependent.get(bucket).is_some_and(Option::is_some))
    };
    (0..len).map(any).collect()
}
