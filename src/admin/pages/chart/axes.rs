//! The axes of a chart.

use super::columns::{Buckets, Columns};
use crate::time::Timestamp;

/// A scale from zero to a round number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    step: u64,
    steps: u64,
}

/// The height of the area of the lines.
pub(super) const HEIGHT: u32 = 180;

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
pub(super) struct Tick {
    /// In percent of the width.
    pub(super) x: f64,
    pub(super) label: String,
    /// `start`, `middle` or `end`: the alignment of the label.
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

#[cfg(test)]
mod tests {
    use super::*;

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
