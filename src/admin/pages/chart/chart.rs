//! Charts as pages show them.

use askama::{Template, filters::HtmlSafe};
use serde_json::json;

use super::{
    axes::{AxisTick, Buckets, Columns, HEIGHT, Join, Scale, ticks},
    series::{LegendEntry, Line, Series, spread},
};
use crate::{
    admin::{
        flag_changes::FlagChange,
        format::{grouped, listed},
        pages::time_tag::in_words,
    },
    time::Timestamp,
};

/// A chart with its legend and its table.
#[derive(Clone, Debug, Template)]
#[template(path = "chart.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct Chart {
    /// Unique on the page.
    id: String,
    /// The content in a sentence, for screen readers.
    summary: String,
    unit: String,
    lines: Vec<Line>,
    /// Stretches that were not watched: percent from the left, and width in percent.
    gaps: Vec<(f64, f64)>,
    /// When the flag changed: percent from the left, `on` or `off`, and whether there is space for the word.
    changes: Vec<(f64, &'static str, bool)>,
    levels: Vec<(f64, String)>,
    /// The numbers by column, as JSON: for those under the pointer.
    columns: String,
    height: u32,
    /// The width of the numbers of the levels.
    scale_width: usize,
    ticks: Vec<AxisTick>,
    /// Whether the labels of the lines have names besides numbers.
    named: bool,
    /// The text if there are no lines.
    empty: String,
    legend: Vec<LegendEntry>,
    /// What is on the contract and was not seen.
    unseen: String,
    table: Table,
}

/// Its template escapes its values.
impl HtmlSafe for Chart {}

/// What a chart is drawn from.
#[derive(Debug)]
pub(super) struct ChartSpec {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) buckets: Buckets,
    pub(super) join: Join,
    /// By bucket; the last one is drawn on top.
    pub(super) series: Vec<Series>,
    pub(super) changes: Vec<FlagChange>,
    /// By bucket.
    pub(super) watched: Vec<bool>,
    pub(super) named: bool,
    pub(super) empty: String,
    pub(super) legend: Vec<LegendEntry>,
}

/// The most columns of a drawing.
const COLUMNS: u64 = 200;

impl ChartSpec {
    pub(super) fn draw(self) -> Chart {
        let columns = self.buckets.columns(COLUMNS);
        let series: Vec<Series> = self
            .series
            .iter()
            .map(|series| joined(series, &columns, self.join))
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
        let empty = empty_text(&self.empty, &self.watched);
        let thing = match self.join {
            Join::Highest => "callers".to_owned(),
            Join::Sum => format!("responses per {}", columns.width()),
        };
        let unit = format!("{thing}, {}", self.buckets.span());
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
            changes: changes(&self.changes, self.buckets, &columns),
            columns: data(&series, self.buckets, &columns),
            height: HEIGHT,
            levels,
            ticks: ticks(self.buckets, &columns),
            named: self.named,
            empty,
            unseen: unseen(&self.legend),
            table: Table::new(self.buckets, self.join, &self.series),
            legend: self
                .legend
                .into_iter()
                .filter(|entry| entry.style.is_some())
                .collect(),
        }
    }
}

/// The numbers of the columns, without sums of incomplete ones, which would look like a drop.
fn joined(series: &Series, columns: &Columns, join: Join) -> Series {
    let mut values = columns.join(&series.values, join);
    if join == Join::Sum {
        values = columns.full(values, &series.values);
    }
    Series {
        values,
        ..series.clone()
    }
}

/// The text of an empty chart. No numbers are not zero if nothing was watched.
fn empty_text(nothing: &str, watched: &[bool]) -> String {
    let seen = watched.iter().filter(|watched| **watched).count();
    if seen == 0 {
        "This time was not watched, so nothing is known.".to_owned()
    } else if seen < watched.len() {
        format!("{nothing}, as far as it was watched.")
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

/// The entries without a line, in a few words.
fn unseen(legend: &[LegendEntry]) -> String {
    let unseen = legend.iter().filter(|entry| entry.style.is_none());
    let unseen = unseen.map(|entry| match entry.note.as_str() {
        "" => entry.name.clone(),
        note => format!("{} ({note})", entry.name),
    });
    listed(&unseen.collect::<Vec<_>>())
}

/// Stretches of whole columns that were not watched.
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

/// The changes of the flag within the time of the chart. A word that would touch the one before it is left out.
fn changes(
    changes: &[FlagChange],
    buckets: Buckets,
    columns: &Columns,
) -> Vec<(f64, &'static str, bool)> {
    const APART: f64 = 9.0;
    // The first is the opening, not a change.
    let changes = changes.iter().skip(1);
    let within = changes.filter(|change| {
        let at = change.at.unix_ms();
        (buckets.from_ms..buckets.end_ms()).contains(&at)
    });
    let mut free = 0.0;
    within
        .map(|change| {
            let x = columns.place(change.at.unix_ms()) / 10.0;
            // At the right edge the word stands before its line.
            let begin = if x > 90.0 { x - APART } else { x };
            let fits = begin >= free;
            free = if fits { begin + APART } else { free };
            (x, change.flag.as_str(), fits)
        })
        .collect()
}

/// The numbers of the columns for the script.
fn data(series: &[Series], buckets: Buckets, columns: &Columns) -> String {
    let lines = series.iter();
    let lines = lines.map(|series| json!([series.name, series.values]));
    json!({
        "from": buckets.from_ms,
        "end": buckets.end_ms(),
        "start": columns.start_ms,
        "width": columns.width_ms,
        "lines": lines.collect::<Vec<_>>(),
    })
    .to_string()
}

/// A table with a row for each stretch of time, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// The most rows of a table, which may be read aloud.
const ROWS: u64 = 30;

impl Table {
    /// Of series by bucket.
    pub(super) fn new(buckets: Buckets, join: Join, series: &[Series]) -> Self {
        let columns = buckets.columns(ROWS);
        let joined: Vec<_> = series
            .iter()
            .map(|series| columns.join(&series.values, join))
            .collect();
        let rows = (0..columns.count).rev().map(|column| {
            let begin = Timestamp::from_unix_ms(columns.begin_ms(column));
            let cells = joined.iter().map(|values| cell(values[column]));
            (in_words(begin), cells.collect())
        });
        Self {
            heads: series.iter().map(|series| series.name.clone()).collect(),
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
    use crate::{FlagState, admin::pages::chart::series::LineStyle};

    fn spec(values: Vec<Option<u64>>) -> ChartSpec {
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
            series: vec![Series {
                name: "A&B".to_owned(),
                style: LineStyle::of(0),
                values,
            }],
            changes: Vec::new(),
            named: true,
            empty: String::new(),
            legend: Vec::new(),
        }
    }

    #[test]
    fn an_empty_chart_distinguishes_unwatched_time_from_zero() {
        let text = |watched: &[bool]| empty_text("No callers", watched);
        assert_eq!(text(&[true, true]), "No callers.");
        assert_eq!(
            text(&[false, true]),
            "No callers, as far as it was watched."
        );
        assert!(text(&[false, false]).starts_with("This time was not watched"));
    }

    #[test]
    fn words_of_changes_do_not_touch_each_other() {
        let change = |step: u64| FlagChange {
            at: Timestamp::from_unix_ms(step * 10_000),
            flag: FlagState::Off,
        };
        let mut spec = spec(vec![Some(3); 360]);
        spec.changes = [0, 90, 100, 318, 355].map(change).to_vec();
        let chart = spec.draw();
        let words: Vec<bool> = chart.changes.iter().map(|change| change.2).collect();
        assert_eq!(words, [true, false, true, false]);
    }

    #[test]
    fn a_chart_escapes_its_values_and_has_a_table() {
        let mut values = vec![Some(3); 360];
        values[90..180].fill(None);
        let chart = spec(values).draw();
        assert_eq!(chart.gaps, [(25.0, 25.0)]);
        let html = chart.to_string();
        assert!(
            !html.contains("A&B") && !html.contains("<by kind>"),
            "{html}"
        );
        assert!(html.contains("<td>not watched</td>"), "{html}");
        assert!(
            !html.contains("style="),
            "forbidden by the content security policy"
        );
    }
}
