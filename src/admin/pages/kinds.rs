//! The callers of each kind in numbers.

use super::{query::query, wording::grouped};
use crate::census::{Counts, Report};

/// The numbers of one kind, or of all.
#[derive(Clone, Debug)]
pub(crate) struct KindRow {
    pub(crate) kind: String,
    /// The callers of the kind.
    pub(crate) href: String,
    pub(crate) cells: Vec<Cell>,
}

/// How many are in a state, and where they are listed.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) number: String,
    pub(crate) zero: bool,
    pub(crate) alarming: bool,
    pub(crate) href: String,
}

/// The states that are told, with the words for them.
pub(crate) const STATES: [(&str, &str); 7] = [
    ("dependent", "Dependent"),
    ("stranded", "Stranded"),
    ("regressed", "Regressed"),
    ("inconclusive", "Inconclusive"),
    ("inactive", "Inactive"),
    ("migrated", "Migrated"),
    ("never_dependent", "NeverDependent"),
];

/// A row for each kind that is known of, and one for all of them.
pub(crate) fn kind_rows(base: &str, report: &Report) -> (Vec<KindRow>, KindRow) {
    let known = report
        .kinds
        .iter()
        .filter(|kind| kind.kind != "other" || kind.counts.known > 0);
    let rows = known.map(|kind| row(base, &kind.kind, &kind.counts, &report.window));
    (rows.collect(), row(base, "", &report.all, &report.window))
}

fn row(base: &str, kind: &str, counts: &Counts, window: &str) -> KindRow {
    let href = |state: &str| {
        let pairs = [("kind", kind), ("state", state), ("window", window)];
        format!("{base}/callers{}", query(&pairs))
    };
    let cells = STATES.map(|(state, _)| {
        let number = number(counts, state);
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

fn number(counts: &Counts, state: &str) -> u64 {
    match state {
        "dependent" => counts.dependent,
        "stranded" => counts.stranded,
        "regressed" => counts.regressed,
        "inconclusive" => counts.inconclusive,
        "inactive" => counts.inactive,
        "migrated" => counts.migrated,
        _ => counts.never_dependent,
    }
}
