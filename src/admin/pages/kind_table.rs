//! The numbers of callers by kind and state.

use std::time::Duration;

use crate::{
    admin::{
        callers_query::CallersQuery,
        format::{counted, grouped, last},
        mount_path::{MountPath, query},
        pages::{explain::watched_of, layout::Layout},
    },
    census::{Counts, Report, Window},
};

/// The table with what is said below it.
#[derive(Debug)]
pub(crate) struct KindTable {
    pub(crate) window: String,
    /// The heads of the states.
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<KindRow>,
    pub(crate) all: KindRow,
    /// Whether no caller is known.
    pub(crate) none: bool,
    pub(crate) watched: String,
    pub(crate) responses: String,
    pub(crate) dependent_responses: String,
    pub(crate) estimate: Option<String>,
    /// The states that no caller is in, whose columns are left out.
    pub(crate) unseen: String,
}

/// The numbers of one kind, or of all.
#[derive(Clone, Debug)]
pub(crate) struct KindRow {
    pub(crate) kind: String,
    /// The list of its callers.
    pub(crate) href: String,
    pub(crate) cells: Vec<Cell>,
}

/// The number of callers in a state, and the list of them.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) number: String,
    pub(crate) zero: bool,
    pub(crate) alarming: bool,
    pub(crate) href: String,
}

/// The number of callers in one state.
type Number = fn(&Counts) -> u64;

/// The states with a column, their heads and their numbers.
const COLUMNS: [(&str, &str, Number); 8] = [
    ("dependent", "Dependent", |counts| counts.dependent),
    ("stranded", "Stranded", |counts| counts.stranded),
    ("regressed", "Regressed", |counts| counts.regressed),
    ("latent", "Latent", |counts| counts.latent),
    ("inconclusive", "Inconclusive", |counts| counts.inconclusive),
    ("inactive", "Inactive", |counts| counts.inactive),
    ("migrated", "Migrated", |counts| counts.migrated),
    ("never_dependent", "Never dependent", |counts| {
        counts.never_dependent
    }),
];

impl KindTable {
    /// A row for each kind, and one for all of them.
    pub(crate) fn new(layout: &Layout, report: &Report) -> Self {
        let base = &layout.base;
        let length = Duration::from_millis(report.window_ms);
        let length = Window::new(length).unwrap_or(Window::DAY);
        let kinds = report.kinds.iter();
        let kinds = kinds.filter(|kind| kind.kind != "other" || kind.counts.known > 0);
        let windows = [report.window.as_str(), CallersQuery::SINCE_CHANGE];
        let stranded = |kind: &str| match &layout.stranded {
            Some(stranded) if kind.is_empty() => stranded.callers,
            Some(stranded) => {
                let mut kinds = stranded.kinds.iter();
                let found = kinds.find(|found| found.kind == kind);
                found.map_or(0, |found| found.stranded)
            }
            None => 0,
        };
        let row = |kind: &str, counts: Counts| {
            let stranded = stranded(kind);
            row(base, kind, &Counts { stranded, ..counts }, windows)
        };
        let rows: Vec<KindRow> = kinds.map(|kind| row(&kind.kind, kind.counts)).collect();
        let all = row("", report.all);
        // The first two are what is looked for; the others have a column where there is anything in it.
        let shown: Vec<bool> = (0..)
            .zip(&all.cells)
            .map(|(place, cell)| place < 2 || !cell.zero)
            .collect();
        let only_shown = |row: KindRow| KindRow {
            cells: row
                .cells
                .into_iter()
                .zip(&shown)
                .filter_map(|(cell, shown)| shown.then_some(cell))
                .collect(),
            ..row
        };
        let heads = COLUMNS.iter().zip(&shown);
        let (heads, unseen): (Vec<_>, Vec<_>) = heads.partition(|(_, shown)| **shown);
        let unseen = unseen.iter().map(|((_, head, _), _)| head.to_lowercase());
        let estimate = report.estimate.map(|estimate| {
            let callers = counted(estimate.callers, "caller");
            format!("The census is full: about {callers} are estimated and included.")
        });
        Self {
            window: last(&report.window),
            heads: heads.iter().map(|((_, head, _), _)| *head).collect(),
            unseen: alternatives(&unseen.collect::<Vec<_>>()),
            rows: rows.into_iter().map(only_shown).collect(),
            all: only_shown(all),
            none: report.all.known == 0,
            watched: watched_of(report.coverage.ratio, length),
            responses: counted(report.all.responses.all, "response"),
            dependent_responses: grouped(report.all.responses.dependent),
            estimate,
        }
    }
}

/// `a, b or c`.
fn alternatives(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} or {last}", front.join(", ")),
    }
}

/// Stranded callers are those since the flag last changed, all others those of the window.
fn row(base: &MountPath, kind: &str, counts: &Counts, [window, since]: [&str; 2]) -> KindRow {
    let href = |state: &str| {
        let window = if state == "stranded" { since } else { window };
        let pairs = [("kind", kind), ("state", state), ("window", window)];
        format!("{base}/callers{}", query(&pairs))
    };
    let cells = COLUMNS.map(|(state, _, number)| {
        let number = number(counts);
        Cell {
            number: grouped(number),
            zero: number == 0,
            alarming: number > 0 && matches!(state, "stranded" | "regressed"),
            href: href(state),
        }
    });
    KindRow {
        kind: kind.to_owned(),
        href: href(""),
        cells: cells.into(),
    }
}
