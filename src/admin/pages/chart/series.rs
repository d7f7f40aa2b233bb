//! What a chart shows: series of numbers, their lines, and their legend.

use std::fmt::Write;

use super::axes::{Columns, Scale};
use crate::admin::format::{grouped, percent};

/// The numbers of one line, by bucket or by column; `None` where not watched.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) style: LineStyle,
    pub(super) values: Vec<Option<u64>>,
}

/// The look of a line: its colour and dashes, which the style sheet defines by the class, and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineStyle {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
}

/// One entry of the legend.
#[derive(Clone, Debug)]
pub(super) struct LegendEntry {
    /// `None` for what has no line.
    pub(super) style: Option<LineStyle>,
    pub(super) name: String,
    pub(super) note: String,
    pub(super) number: String,
    /// The part of the whole.
    pub(super) share: String,
}

impl LineStyle {
    pub(super) const STRANDED: Self = Self::new("stranded", "M-2,-5h4l3,3v4l-3,3h-4l-3,-3v-4z");

    /// The style of the series that sums up all without a style of their own.
    const OTHERS: Self = Self::new("s7", "M-4.5,-1.5h9v3h-9z");

    const ALL: [Self; 7] = [
        Self::new("s0", "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z"),
        Self::new("s1", "M-3.5,-3.5h7v7h-7z"),
        Self::new("s2", "M0,-4.5L4.5,3.5H-4.5z"),
        Self::new("s3", "M0,-5L5,0L0,5L-5,0z"),
        Self::new("s4", "M0,4.5L4.5,-3.5H-4.5z"),
        Self::new("s5", "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5"),
        Self::new("s6", "M0,-4.5V4.5M-4.5,0H4.5"),
    ];

    const fn new(class: &'static str, mark: &'static str) -> Self {
        Self { class, mark }
    }

    /// The style of the series with this number.
    pub(super) fn of(number: usize) -> Self {
        Self::ALL.get(number).copied().unwrap_or(Self::OTHERS)
    }
}

/// A series for each style; those beyond are summed up in one, called `2 more kinds`.
pub(super) fn styled<'a>(
    named: impl Iterator<Item = (&'a str, Vec<Option<u64>>)>,
    things: &str,
) -> Vec<Series> {
    let mut own: Vec<(&str, Vec<Option<u64>>)> = named.collect();
    let rest = own.split_off(own.len().min(LineStyle::ALL.len()));
    let own = own.into_iter().enumerate();
    let mut series: Vec<Series> = own
        .map(|(number, (name, values))| Series {
            name: name.to_owned(),
            style: LineStyle::of(number),
            values,
        })
        .collect();
    if !rest.is_empty() {
        series.push(Series {
            name: format!("{} more {things}", rest.len()),
            style: LineStyle::OTHERS,
            values: sum(rest.iter().map(|(_, values)| values.as_slice())),
        });
    }
    series
}

/// The sums by bucket; `None` where no series has a number.
pub(super) fn sum<'a>(series: impl Iterator<Item = &'a [Option<u64>]>) -> Vec<Option<u64>> {
    let mut sums: Vec<Option<u64>> = Vec::new();
    for values in series {
        sums.resize(sums.len().max(values.len()), None);
        for (sum, value) in sums.iter_mut().zip(values) {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or_default().saturating_add(*value));
            }
        }
    }
    sums
}

/// A part of the whole; empty if there is none.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn share_of(part: u64, all: u64) -> String {
    if all == 0 || part == 0 {
        return String::new();
    }
    match part as f64 / all as f64 {
        share if share < 0.001 => "below 0.1 %".to_owned(),
        share => percent(share),
    }
}

/// A line as it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) style: LineStyle,
    pub(super) path: String,
    /// Percent from the left, and the distance from the upper edge.
    pub(super) marks: Vec<(f64, f64)>,
    /// The last number, and the place of its label.
    pub(super) last: String,
    pub(super) label_y: f64,
}

impl Line {
    pub(super) fn draw(series: &Series, columns: &Columns, scale: Scale) -> Self {
        let points = points(&series.values, columns, scale);
        let last = series.values.iter().rev().flatten().next().copied();
        let end = points.iter().rev().flatten().next();
        Self {
            name: series.name.clone(),
            style: series.style,
            path: path(&points),
            marks: marks(&points),
            last: grouped(last.unwrap_or_default()),
            label_y: end.map_or(0.0, |(_, y)| *y),
        }
    }

    /// The name, cut to the width of the labels.
    pub(super) fn short(&self) -> String {
        const MOST: usize = 13;
        if self.name.chars().count() <= MOST {
            return self.name.clone();
        }
        let front: String = self.name.chars().take(MOST - 1).collect();
        format!("{front}…")
    }
}

type Points = Vec<Option<(f64, f64)>>;

fn points(values: &[Option<u64>], columns: &Columns, scale: Scale) -> Points {
    let points = values.iter().enumerate();
    points
        .map(|(column, value)| value.map(|value| (columns.middle(column), scale.y(value))))
        .collect()
}

/// A piece for each unbroken stretch; a stretch of one number is a dot.
fn path(points: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (number, point) in points.iter().enumerate() {
        if let Some((x, y)) = point {
            let alone = !drawing && points.get(number + 1).is_none_or(Option::is_none);
            let command = if drawing { 'L' } else { 'M' };
            let dot = if alone { "h0" } else { "" };
            write!(path, "{command}{x},{y}{dot}").expect("a string takes all that is written");
        }
        drawing = point.is_some();
    }
    path
}

/// A few marks along the line, and one at its end.
fn marks(points: &[Option<(f64, f64)>]) -> Vec<(f64, f64)> {
    let every = (points.len() / 6).max(1);
    let last = points.iter().rposition(Option::is_some);
    let marked = |number: &usize| number % every == every / 2 || Some(*number) == last;
    let numbers = (0..points.len()).filter(marked);
    let marked = numbers.filter_map(|number| points[number]);
    marked.map(|(x, y)| (x / 10.0, y)).collect()
}

/// Moves overlapping labels apart.
pub(super) fn spread(lines: &mut [Line], lowest: f64) {
    const APART: f64 = 16.0;
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| lines[*a].label_y.total_cmp(&lines[*b].label_y));
    let mut free = f64::MIN;
    for number in &order {
        lines[*number].label_y = lines[*number].label_y.max(free);
        free = lines[*number].label_y + APART;
    }
    let mut free = lowest;
    for number in order.iter().rev() {
        lines[*number].label_y = lines[*number].label_y.min(free);
        free = lines[*number].label_y - APART;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_without_a_style_of_their_own_are_summed_up() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let series = styled(
            names.map(|name| (name, vec![Some(1), None])).into_iter(),
            "outcomes",
        );
        assert_eq!(series.len(), 8);
        assert_eq!(
            (series[7].name.as_str(), &series[7].values),
            ("2 more outcomes", &vec![Some(2), None])
        );
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_number_is_a_dot() {
        let at = |x: u8, y: u8| Some((f64::from(x), f64::from(y)));
        let points = [at(0, 1), at(1, 1), None, at(3, 2), None];
        assert_eq!(path(&points), "M0,1L1,1M3,2h0");
        assert!(marks(&points).contains(&(0.3, 2.0)), "the end is marked");
    }

    #[test]
    fn labels_of_equal_numbers_stand_below_one_another() {
        let style = LineStyle::of(0);
        let line = |label_y| Line {
            name: "a kind with a long name".to_owned(),
            style,
            path: String::new(),
            marks: Vec::new(),
            last: String::new(),
            label_y,
        };
        let mut lines = [line(180.0), line(180.0), line(0.0)];
        spread(&mut lines, 180.0);
        let places = lines.each_ref().map(|line| line.label_y.to_string());
        assert_eq!(places, ["164", "180", "0"]);
        assert_eq!(lines[0].short(), "a kind with …");
    }
}
