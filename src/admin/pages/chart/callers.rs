//! The chart of dependent callers over time.

use super::{
    chart::{Chart, ChartSpec},
    columns::{Buckets, Join},
    series::{LineStyle, Series, styled, sum},
};
use crate::{
    admin::format::window,
    admin::history::{CallerSeries, TimeSeries},
};

/// Dependent callers of each kind, and in red those that are stranded.
pub(crate) fn callers_chart(time_series: &TimeSeries) -> Chart {
    let range = window(time_series.range);
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
        subject: format!("Dependent callers by kind over the last {range}"),
        buckets: buckets(time_series),
        join: Join::Highest,
        watched: watched(&time_series.callers, time_series.len),
        series,
        named: true,
        empty: format!("No dependent callers in the last {range}"),
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
