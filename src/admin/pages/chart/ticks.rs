//! The marks of time below a chart.

use super::columns::{Buckets, Columns};
use crate::time::Timestamp;

/// One mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// In percent of the width.
    pub(super) x: f64,
    pub(super) label: String,
    /// `start`, `middle` or `end`: where the label has room.
    pub(super) anchor: &'static str,
}

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

pub(super) fn ticks(buckets: Buckets, columns: &Columns) -> Vec<Tick> {
    let length = buckets.end_ms() - buckets.from_ms;
    let (every, dated) = match length {
        ms if ms <= 2 * HOUR => (HOUR / 4, false),
        ms if ms <= 2 * DAY => (6 * HOUR, false),
        _ => (7 * DAY, true),
    };
    let first = buckets.from_ms.div_ceil(every);
    let marks = (first..).map(|number| number * every);
    marks
        .take_while(|at| *at <= buckets.end_ms())
        .map(|at| tick(at, dated, columns))
        .collect()
}

fn tick(at_ms: u64, dated: bool, columns: &Columns) -> Tick {
    let x = columns.place(at_ms) / 10.0;
    let text = Timestamp::from_unix_ms(at_ms).to_string();
    let label = if dated { &text[5..10] } else { &text[11..16] };
    let anchor = match x {
        x if x < 8.0 => "start",
        x if x > 92.0 => "end",
        _ => "middle",
    };
    Tick {
        x,
        label: label.to_owned(),
        anchor,
    }
}
