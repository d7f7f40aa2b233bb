//! A chart as a page shows it.

use askama::{Template, filters::HtmlSafe};

use super::{
    axes::{HEIGHT, Scale, Tick, ticks},
    columns::{Buckets, Columns, Join},
    line::{LegendEntry, Line, Series, spread},
};
use crate::{
    admin::{
        format::{grouped, listed},
        pages::time_tag::in_words,
    },
    time::Timestamp,
};

/// A chart with its key and its table.
#[derive(Clone, Debug, Template)]
#[template(path = "chart.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct Chart {
    /// Tells it from the others of the page.
    id: String,
    /// What it shows, in a sentence for those who cannot see it.
    summary: String,
    unit: String,
    lines: Vec<Line>,
    /// Stretches that nobody watched: percent from the left, and width in percent.
    gaps: Vec<(f64, f64)>,
    levels: Vec<(f64, String)>,
    /// How much room the numbers of the levels need.
    scale_width: usize,
    ticks: Vec<Tick>,
    /// Whether the ends of the lines bear names, or numbers alone.
    named: bool,
    /// Said where there is no line.
    empty: String,
    keys: Vec<LegendEntry>,
    /// What is on the contract and was not answered.
    never: String,
    table: Table,
}

/// Its template escapes whatever it takes in.
impl HtmlSafe for Chart {}

/// What a chart is made of.
#[derive(Debug)]
pub(super) struct ChartSpec {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) buckets: Buckets,
    pub(super) join: Join,
    /// By bucket; those to be drawn, the last of them on top.
    pub(super) curves: Vec<Series>,
    /// Whether somebody watched, by bucket.
    pub(super) watched: Vec<bool>,
    pub(super) named: bool,
    pub(super) empty: String,
    pub(super) keys: Vec<LegendEntry>,
}

/// Few enough that the drawing stays small.
const COLUMNS: u64 = 200;

impl ChartSpec {
    pub(super) fn draw(self) -> Chart {
        let columns = self.buckets.columns(COLUMNS);
        let series: Vec<Series> = self
            .curves
            .iter()
            .map(|curve| joined(curve, &columns, self.join))
            .collect();
        let highest = series
            .iter()
            .flat_map(|series| series.values.iter().flatten())
            .max();
        let scale = Scale::reaching(highest.copied().unwrap_or_default());
        let mut lines: Vec<Line> = series
            .iter()
            .map(|series| Line::draw(series, &columns, scale))
            .collect();
        spread(&mut lines, f64::from(HEIGHT));
        let empty = silence(&self.empty, &self.watched);
        let unit = match self.join {
            Join::Highest => "callers".to_owned(),
            Join::Sum => format!("answers per {}", columns.width()),
        };
        let levels: Vec<(f64, String)> = scale
            .numbers()
            .map(|number| (scale.y(number), grouped(number)))
            .collect();
        let longest = levels.iter().map(|(_, label)| label.len()).max();
        Chart {
            scale_width: 8 + 7 * longest.unwrap_or_default(),
            summary: summary(&self.subject, &lines, &empty),
            id: self.id,
            unit,
            lines,
            gaps: gaps(&self.watched, &columns),
            levels: scale
                .numbers()
                .map(|number| (scale.y(number), grouped(number)))
                .collect(),
            ticks: ticks(self.buckets, &columns),
            named: self.named,
            empty,
            never: never(&self.keys),
            keys: self
                .keys
                .into_iter()
                .filter(|key| key.look.is_some())
                .collect(),
            table: Table::new(self.buckets, self.join, &self.curves),
        }
    }
}

/// The numbers of the columns. A column of sums that is not full yet would look like a fall.
fn joined(curve: &Series, columns: &Columns, join: Join) -> Series {
    let mut values = columns.join(&curve.values, join);
    if join == Join::Sum {
        values = columns.full(values, &curve.values);
    }
    Series {
        values,
        ..curve.clone()
    }
}

/// What an empty chart says. Silence is not zero where nobody was watching.
fn silence(nothing: &str, watched: &[bool]) -> String {
    let seen = watched.iter().filter(|watched| **watched).count();
    if seen == 0 {
        "Nobody was watching in this time, so nothing is known.".to_owned()
    } else if seen < watched.len() {
        format!("{nothing}, as far as somebody was watching.")
    } else {
        format!("{nothing}.")
    }
}

fn summary(subject: &str, lines: &[Line], empty: &str) -> String {
    if lines.is_empty() {
        return format!("{subject}. {empty}");
    }
    let ends = lines
        .iter()
        .map(|line| format!("{} {}", line.name, line.last));
    let ends: Vec<String> = ends.collect();
    format!(
        "{subject}. At the end: {}. The table below has the numbers.",
        ends.join(", ")
    )
}

/// What has no line, in a few words.
fn never(keys: &[LegendEntry]) -> String {
    let unseen = keys.iter().filter(|key| key.look.is_none());
    let unseen = unseen.map(|key| match key.note.as_str() {
        "" => key.name.clone(),
        note => format!("{} ({note})", key.name),
    });
    listed(&unseen.collect::<Vec<_>>())
}

/// Stretches of whole columns in which nobody watched.
fn gaps(watched: &[bool], columns: &Columns) -> Vec<(f64, f64)> {
    let marks: Vec<Option<u64>> = watched.iter().map(|watched| watched.then_some(1)).collect();
    let marks = columns.join(&marks, Join::Highest);
    let mut gaps = Vec::new();
    let mut begin = None;
    let at = |column| columns.place(columns.begin_ms(column)) / 10.0;
    for (column, mark) in marks.iter().copied().chain([Some(1)]).enumerate() {
        match (mark, begin) {
            (None, None) => begin = Some(column),
            (Some(_), Some(from)) => {
                gaps.push((at(from), ((at(column) - at(from)) * 10.0).round() / 10.0));
                begin = None;
            }
            _ => {}
        }
    }
    gaps
}

/// A table with a row for each stretch of time, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// No longer than can be listened to.
const ROWS: u64 = 30;

impl Table {
    /// Of curves by bucket.
    pub(super) fn new(buckets: Buckets, join: Join, curves: &[Series]) -> Self {
        let columns = buckets.columns(ROWS);
        let joined: Vec<_> = curves
            .iter()
            .map(|curve| columns.join(&curve.values, join))
            .collect();
        let rows = (0..columns.count).rev().map(|column| {
            let begin = Timestamp::from_unix_ms(columns.begin_ms(column));
            let cells = joined.iter().map(|values| cell(values[column]));
            (in_words(begin), cells.collect())
        });
        Self {
            heads: curves.iter().map(|curve| curve.name.clone()).collect(),
            rows: rows.collect(),
        }
    }
}

fn cell(number: Option<u64>) -> String {
    number.map_or_else(|| "not watched".to_owned(), grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::pages::chart::line::LineStyle;

    fn draft(values: Vec<Option<u64>>) -> ChartSpec {
        ChartSpec {
            id: "test".to_owned(),
            subject: "Callers <by kind>".to_owned(),
            buckets: Buckets {
                from_ms: 0,
                step_ms: 10_000,
                len: 360,
            },
            join: Join::Highest,
            watched: values.iter().map(Option::is_some).collect(),
            curves: vec![Series {
                name: "A&B".to_owned(),
                look: LineStyle::of(0),
                values,
            }],
            named: true,
            empty: String::new(),
            keys: Vec::new(),
        }
    }

    #[test]
    fn an_empty_chart_does_not_take_silence_for_zero() {
        let said = |watched: &[bool]| silence("Nobody depended", watched);
        assert_eq!(said(&[true, true]), "Nobody depended.");
        assert_eq!(
            said(&[false, true]),
            "Nobody depended, as far as somebody was watching."
        );
        assert!(said(&[false, false]).starts_with("Nobody was watching"));
    }

    #[test]
    fn a_chart_escapes_what_it_is_given_and_has_a_table() {
        let mut values = vec![Some(3); 360];
        values[90..180].fill(None);
        let chart = draft(values).draw();
        assert_eq!(chart.gaps, [(25.0, 25.0)]);
        let html = chart.to_string();
        assert!(
            !html.contains("A&B") && !html.contains("<by kind>"),
            "{html}"
        );
        assert!(html.contains("<td>not watched</td>"), "{html}");
        assert!(
            !html.contains("style="),
            "the policy of the pages forbids it"
        );
    }
}
