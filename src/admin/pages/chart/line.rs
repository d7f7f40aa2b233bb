//! The lines of a chart.

use std::fmt::Write;

use super::{
    axes::Scale,
    columns::Columns,
    series::{LineStyle, Series},
};
use crate::admin::format::grouped;

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
