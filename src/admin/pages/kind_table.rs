//! The numbers of callers by kind and state.

use crate::{
    admin::{
        format::grouped,
        mount_path::{MountPath, query},
    },
    census::{Counts, Report},
};

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

/// The states with a column, and their heads.
pub(crate) const COLUMNS: [(&str, &str); 7] = [
    ("dependent", "Dependent"),
    ("stranded", "Stranded"),
    ("regressed", "Regressed"),
    ("inconclusive", "Inconclusive"),
    ("inactive", "Inactive"),
    ("migrated", "Migrated"),
    ("never_dependent", "Never dependent"),
];

/// A row for each kind, and one for all of them.
pub(crate) fn kind_rows(base: &MountPath, report: &Report) -> (Vec<KindRow>, KindRow) {
    let kinds = report.kinds.iter();
    let kinds = kinds.filter(|kind| kind.kind != "other" || kind.counts.known > 0);
    let rows = kinds.map(|kind| row(base, &kind.kind, &kind.counts, &report.window));
    (rows.collect(), row(base, "", &report.all, &report.window))
}

fn row(base: &MountPath, kind: &str, counts: &Counts, window: &str) -> KindRow {
    let href = |state: &str| {
        let pairs = [("kind", kind), ("state", state), ("window", window)];
        format!("{base}/callers{}", query(&pairs))
    };
    let cells = COLUMNS.map(|(state, _)| {
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
