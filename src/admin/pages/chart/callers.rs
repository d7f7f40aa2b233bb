//! The chart of dependent callers over time.

use super::{
    chart::{Chart, ChartSpec},
    columns::{Buckets, Join},
    series::{LineStyle, Series, styled, sum},
};
use crate::{
    admin::format::window,
    history::{CallerCurve, Curves},
};

/// Dependent callers of each kind, and in red those that are stranded.
pub(crate) fn callers_chart(curves: &Curves) -> Chart {
    let span = window(curves.span);
    let kinds = curves.callers.iter().filter(|kind| ever(&kind.dependent));
    let kinds = kinds.map(|kind| (kind.kind.as_str(), kind.dependent.clone()));
    let mut series = styled(kinds, "kinds");
    let stranded = sum(curves.callers.iter().map(|kind| kind.stranded.as_slice()));
    series.extend(ever(&stranded).then(|| Series {
        name: "stranded".to_owned(),
        style: LineStyle::STRANDED,
        values: stranded,
    }));
    ChartSpec {
        id: "callers".to_owned(),
        subject: format!("Dependent callers by kind over the last {span}"),
        buckets: buckets(curves),
        join: Join::Highest,
        watched: watched(&curves.callers, curves.len),
        series,
        named: true,
        empty: format!("No dependent callers in the last {span}"),
        legend: Vec::new(),
    }
    .draw()
}

fn ever(values: &[Option<u64>]) -> bool {
    values.iter().flatten().any(|number| *number > 0)
}

pub(super) const fn buckets(curves: &Curves) -> Buckets {
    Buckets {
        from_ms: curves.from_unix_ms,
        step_ms: curves.step_ms,
        len: curves.len,
    }
}

/// The buckets in which callers were counted.
pub(super) fn watched(kinds: &[CallerCurve], len: usize) -> Vec<bool> {
    let counted = |kind: &CallerCurve, bucket| {
        let value = kind.dependent.get(bucket);
        value.is_some_and(Option::is_some)
    };
    let any = |bucket| kinds.iter().any(|kind| counted(kind, bucket));
    (0..len).map(any).collect()
}
