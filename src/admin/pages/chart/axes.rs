//! The axes of a chart: columns of time, few enough to draw or read, and a scale of numbers.

use crate::time::Timestamp;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Column widths that are easy to read.
const WIDTHS: [u64; 16] = [
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    4 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// The time of a chart in buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buckets {
    pub(super) from_ms: u64,
    pub(super) step_ms: u64,
    pub(super) len: usize,
}

/// The same time in columns, aligned to multiples of their width, so that they do not shift as time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    buckets: Buckets,
    pub(super) start_ms: u64,
    pub(super) width_ms: u64,
    pub(super) count: usize,
}

/// How the numbers of one column are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Highest,
    Sum,
}

impl Buckets {
    pub(super) const fn end_ms(self) -> u64 {
        self.from_ms + self.step_ms * self.len as u64
    }

    /// About this many columns at most.
    pub(super) fn columns(self, most: u64) -> Columns {
        let length = self.end_ms() - self.from_ms;
        let fits =
            |width: &u64| *width * most >= length && width.is_multiple_of(self.step_ms.max(1));
        let width_ms = WIDTHS
            .into_iter()
            .find(fits)
            .unwrap_or(DAY.max(self.step_ms));
        let start_ms = self.from_ms / width_ms * width_ms;
        let count = (self.end_ms() - start_ms).div_ceil(width_ms);
        Columns {
            buckets: self,
            start_ms,
            width_ms,
            count: usize::try_from(count).unwrap_or_default(),
        }
    }
}

impl Columns {
    /// One number for each column; `None` if none of its buckets has one.
    pub(super) fn join(&self, values: &[Option<u64>], join: Join) -> Vec<Option<u64>> {
        let mut joined = vec![None; self.count];
        for (bucket, value) in values.iter().enumerate() {
            let at = self.buckets.from_ms + self.buckets.step_ms * bucket as u64;
            let column = (at - self.start_ms) / self.width_ms;
            let place = usize::try_from(column)
                .ok()
                .and_then(|at| joined.get_mut(at));
            if let (Some(place), Some(value)) = (place, *value) {
                let before: u64 = place.unwrap_or_default();
                *place = Some(match join {
                    Join::Highest => before.max(value),
                    Join::Sum => before.saturating_add(value),
                });
            }
        }
        joined
    }

    /// Removes the sums of columns that were not watched almost completely, which would look like a drop. If none is left,
    /// all are kept.
    pub(super) fn full(&self, sums: Vec<Option<u64>>, values: &[Option<u64>]) -> Vec<Option<u64>> {
        let counted: Vec<Option<u64>> = values.iter().map(|value| value.map(|_| 1)).collect();
        let counted = self.join(&counted, Join::Sum);
        let most = self.width_ms / self.buckets.step_ms.max(1);
        let is_full = |column: usize| counted[column].unwrap_or_default() * 10 >= most * 9;
        let full = sums
            .iter()
            .enumerate()
            .map(|(column, sum)| sum.filter(|_| is_full(column)));
        let full: Vec<_> = full.collect();
        if full.iter().all(Option::is_none) {
            sums
        } else {
            full
        }
    }

    /// The start of a column.
    pub(super) const fn begin_ms(&self, column: usize) -> u64 {
        self.start_ms + self.width_ms * column as u64
    }

    /// The position of a time between the first and the last one, in thousandths.
    pub(super) fn place(&self, at_ms: u64) -> f64 {
        let (from, end) = (self.buckets.from_ms, self.buckets.end_ms());
        let within = at_ms.clamp(from, end) - from;
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of at most a month"
        )]
        let share = within as f64 / (end - from).max(1) as f64;
        (share * 10_000.0).round() / 10.0
    }

    /// The position of the middle of a column.
    pub(super) fn middle(&self, column: usize) -> f64 {
        self.place(self.begin_ms(column) + self.width_ms / 2)
    }

    /// The width in words: `10 min`.
    pub(super) fn width(&self) -> String {
        let (number, unit) = match self.width_ms {
            ms if ms % DAY == 0 => (ms / DAY, "day"),
            ms if ms % HOUR == 0 => (ms / HOUR, "h"),
            ms if ms % MINUTE == 0 => (ms / MINUTE, "min"),
            ms => (ms / SECOND, "s"),
        };
        if number == 1 {
            unit.to_owned()
        } else {
            format!("{number} {unit}")
        }
    }
}

/// A scale from zero to a round number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    step: u64,
    steps: u64,
}

/// The height of the area of the lines.
pub(super) const HEIGHT: u32 = 150;

impl Scale {
    /// The scale that reaches this number.
    pub(super) fn reaching(highest: u64) -> Self {
        let highest = highest.max(1);
        let mut power: u64 = 1;
        loop {
            for factor in [1, 2, 5] {
                let step = power.saturating_mul(factor);
                if step.saturating_mul(4) >= highest {
                    return Self {
                        step,
                        steps: highest.div_ceil(step),
                    };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// The distance of a number from the upper edge.
    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    pub(super) fn y(self, number: u64) -> f64 {
        let highest = (self.step.saturating_mul(self.steps)) as f64;
        let share = (number as f64 / highest).min(1.0);
        ((1.0 - share) * f64::from(HEIGHT) * 10.0).round() / 10.0
    }

    /// The labelled numbers, from zero up.
    pub(super) fn numbers(self) -> impl Iterator<Item = u64> {
        (0..=self.steps).map(move |step| step.saturating_mul(self.step))
    }
}

/// A mark of time below the chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AxisTick {
    /// In percent of the width.
    pub(super) x: f64,
    pub(super) label: String,
    /// `start`, `middle` or `end`: the alignment of the label.
    pub(super) anchor: &'static str,
}

pub(super) fn ticks(buckets: Buckets, columns: &Columns) -> Vec<AxisTick> {
    let length = buckets.end_ms() - buckets.from_ms;
    let (every, dated) = match length {
        ms if ms <= 20 * MINUTE => (5 * MINUTE, false),
        ms if ms <= 2 * HOUR => (HOUR / 4, false),
        ms if ms <= 6 * HOUR => (HOUR, false),
        ms if ms <= 14 * HOUR => (3 * HOUR, false),
        ms if ms <= 2 * DAY => (6 * HOUR, false),
        ms if ms <= 8 * DAY => (DAY, true),
        _ => (7 * DAY, true),
    };
    let first = buckets.from_ms.div_ceil(every);
    let marks = (first..).map(|number| number * every);
    marks
        .take_while(|at| *at <= buckets.end_ms())
        .map(|at| tick(at, dated, columns))
        .collect()
}

fn tick(at_ms: u64, dated: bool, columns: &Columns) -> AxisTick {
    let x = columns.place(at_ms) / 10.0;
    let label = if dated || at_ms.is_multiple_of(DAY) {
        date(at_ms)
    } else {
        clock_time(at_ms)
    };
    let anchor = match x {
        x if x < 8.0 => "start",
        x if x > 92.0 => "end",
        _ => "middle",
    };
    AxisTick { x, label, anchor }
}

/// `14:05`.
fn clock_time(at_ms: u64) -> String {
    Timestamp::from_unix_ms(at_ms).to_string()[11..16].to_owned()
}

/// `2 Mar`.
fn date(at_ms: u64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = Timestamp::from_unix_ms(at_ms).to_string();
    let month = text[5..7].parse::<usize>().ok();
    let month = month.and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!(
        "{} {}",
        text[8..10].trim_start_matches('0'),
        month.copied().unwrap_or_default()
    )
}

impl Buckets {
    /// The time in words: `1 Mar 14:00 to 2 Mar 14:00 UTC`.
    pub(super) fn span(self) -> String {
        let at = |ms| format!("{} {}", date(ms), clock_time(ms));
        format!("{} to {} UTC", at(self.from_ms), at(self.end_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_begin_at_whole_multiples_and_cover_all_buckets() {
        let day = Buckets {
            from_ms: 3 * MINUTE,
            step_ms: MINUTE,
            len: 1_440,
        };
        let columns = day.columns(200);
        assert_eq!(
            (columns.start_ms, columns.width_ms, columns.count),
            (0, 10 * MINUTE, 145)
        );
        assert_eq!(columns.width(), "10 min");
        let joined = columns.join(&vec![Some(1); 1_440], Join::Sum);
        assert_eq!(
            (joined[0], joined[1], joined[144]),
            (Some(7), Some(10), Some(3))
        );
        assert_eq!((columns.place(0), columns.place(u64::MAX)), (0.0, 1_000.0));
    }

    #[test]
    fn a_column_that_nobody_watched_has_no_number() {
        let buckets = Buckets {
            from_ms: 0,
            step_ms: 10 * SECOND,
            len: 360,
        };
        let mut values = vec![Some(2); 360];
        values[0..4].fill(None);
        values[5] = Some(9);
        let columns = buckets.columns(200);
        let joined = columns.join(&values, Join::Highest);
        assert_eq!(joined[0..4], [None, None, Some(9), Some(2)]);
    }

    #[test]
    fn scales_end_at_round_numbers_with_few_lines() {
        let numbers = |highest| Scale::reaching(highest).numbers().collect::<Vec<_>>();
        assert_eq!(numbers(0), [0, 1]);
        assert_eq!(numbers(3), [0, 1, 2, 3]);
        assert_eq!(numbers(5), [0, 2, 4, 6]);
        assert_eq!(numbers(130), [0, 50, 100, 150]);
        let place = |number| Scale::reaching(4).y(number).to_string();
        assert_eq!([place(4), place(0)], ["0".to_owned(), HEIGHT.to_string()]);
    }

    #[test]
    fn the_largest_number_has_a_scale_too() {
        assert!(Scale::reaching(u64::MAX).y(u64::MAX) <= 0.0);
    }
}
