//! One line of a chart.

use std::fmt::Write;

use super::{axes::Scale, columns::Columns};
use crate::admin::format::{grouped, percent};

/// What a line is about, and how it looks.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) look: LineStyle,
    /// One number for each column.
    pub(super) values: Vec<Option<u64>>,
}

/// How a line is told from the others: by its colour and dashes, which the style sheet knows, and by its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineStyle {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
}

/// A line as it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) look: LineStyle,
    pub(super) path: String,
    /// Percent from the left, and the distance from the upper edge.
    pub(super) marks: Vec<(f64, f64)>,
    /// The last number, and where its label stands.
    pub(super) last: String,
    pub(super) label_y: f64,
}

impl LineStyle {
    /// A caller that needs an old answer and does not get it.
    pub(super) const STRANDED: Self = Self {
        class: "stranded",
        mark: "M-2,-5h4l3,3v4l-3,3h-4l-3,-3v-4z",
    };

    /// What stands for all that have no look of their own.
    pub(super) const OTHERS: Self = Self {
        class: "s7",
        mark: "M-4.5,-1.5h9v3h-9z",
    };

    /// Looks of their own.
    pub(super) const ALL: [Self; 7] = [
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

    /// The look of the line with this number.
    pub(super) fn of(number: usize) -> Self {
        Self::ALL.get(number).copied().unwrap_or(Self::OTHERS)
    }
}

impl Line {
    pub(super) fn draw(series: &Series, columns: &Columns, scale: Scale) -> Self {
        let points = points(&series.values, columns, scale);
        let last = series.values.iter().rev().flatten().next().copied();
        let end = points.iter().rev().flatten().next();
        Self {
            name: series.name.clone(),
            look: series.look,
            path: path(&points),
            marks: marks(&points),
            last: grouped(last.unwrap_or_default()),
            label_y: end.map_or(0.0, |(_, y)| *y),
        }
    }

    /// The name where there is little room.
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

/// Each unbroken stretch is a piece of its own; one of a single number is a dot.
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

/// Moves labels apart that would stand on one another.
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

/// One entry of the key.
#[derive(Clone, Debug)]
pub(crate) struct LegendEntry {
    pub(super) look: Option<LineStyle>,
    pub(super) name: String,
    /// What else there is to say of it.
    pub(super) note: String,
    pub(super) number: String,
    /// What the number is in relation to the others.
    pub(super) share: String,
}

/// A part of the whole; empty where there is none.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn share_of(some: u64, all: u64) -> String {
    if all == 0 || some == 0 {
        return String::new();
    }
    match some as f64 / all as f64 {
        share if share < 0.001 => "below 0.1 %".to_owned(),
        share => percent(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_number_is_a_dot() {
        let at = |x: u8, y: u8| Some((f64::from(x), f64::from(y)));
        let points = [at(0, 1), at(1, 1), None, at(3, 2), None];
        assert_eq!(path(&points), "M0,1L1,1M3,2h0");
        assert!(marks(&points).contains(&(0.3, 2.0)), "the end is marked");
    }

    #[test]
    fn labels_of_equal_numbers_stand_below_one_another() {
        let look = LineStyle::of(0);
        let line = |label_y| Line {
            name: "a kind with a long name".to_owned(),
            look,
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
