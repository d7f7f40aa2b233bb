//! The numbers of callers by kind and state.

use crate::{
    admin::{
        format::{counted, grouped, percent, window},
        mount_path::{MountPath, query},
    },
    census::{Counts, Report},
};

/// The table with what is said below it.
#[derive(Debug)]
pub(crate) struct KindTable {
    pub(crate) window: String,
    /// The heads of the states.
    pub(crate) heads: [&'static str; 8],
    pub(crate) rows: Vec<KindRow>,
    pub(crate) all: KindRow,
    /// Whether no caller is known.
    pub(crate) none: bool,
    pub(crate) watched: String,
    pub(crate) responses: String,
    pub(crate) dependent_responses: String,
    pub(crate) estimate: Option<String>,
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
    pub(crate) fn new(base: &MountPath, report: &Report) -> Self {
        let kinds = report.kinds.iter();
        let kinds = kinds.filter(|kind| kind.kind != "other" || kind.counts.known > 0);
        let rows = kinds.map(|kind| row(base, &kind.kind, &kind.counts, &report.window));
        let estimate = report.estimate.map(|estimate| {
            let callers = counted(estimate.callers, "caller");
            format!("The census is full: about {callers} are estimated and included.")
        });
        Self {
            window: window(&report.window),
            heads: COLUMNS.map(|(_, head, _)| head),
            rows: rows.collect(),
            all: row(base, "", &report.all, &report.window),
            none: report.all.known == 0,
            watched: percent(report.coverage.ratio),
            responses: counted(report.all.responses.all, "response"),
            dependent_responses: grouped(report.all.responses.dependent),
            estimate,
        }
    }
}

fn row(base: &MountPath, kind: &str, counts: &Counts, window: &str) -> KindRow {
    let href = |state: &str| {
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
