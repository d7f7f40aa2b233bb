//! The rows of the table: what is measured, its bar and its goal.

use std::{error::Error, fmt};

use crate::{
    case::{
        Case,
        Middleware::{self, Bare, ByHand, Complete, Identity, Layer},
        Place::{self, Around, Plain, Router},
    },
    count::Counts,
    snapshot,
};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) key: &'static str,
    label: &'static str,
    pub(crate) measured: f64,
    bar: Option<f64>,
    goal: Option<f64>,
    pub(crate) unit: Unit,
}

#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// At most so many instructions.
    Instructions,
    /// At most so many percent.
    Percent,
    /// At least so many times.
    Times,
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Instructions => format!("{value:.0}"),
            Self::Percent => format!("{value:.1} %"),
            Self::Times => format!("{value:.1} ×"),
        }
    }
}

impl Row {
    pub(crate) fn is_within(&self, budget: f64) -> bool {
        match self.unit {
            Unit::Times => self.measured >= budget,
            _ => self.measured <= budget,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show =
            |value: Option<f64>| value.map_or_else(String::new, |value| self.unit.show(value));
        let measured = self.unit.show(self.measured);
        write!(
            f,
            "| {} | {measured} | {} | {} | ",
            self.label,
            show(self.bar),
            show(self.goal)
        )
    }
}

/// Counts every case that a row needs.
pub(crate) fn measure() -> Result<Vec<Row>, Box<dyn Error>> {
    let mut meter = Meter(Counts::default());
    let mut rows = Vec::new();
    for (key, label, place, over, middleware, scene, bar, goal) in EXTRA {
        let measured = meter.extra(place, over, middleware, scene)?;
        rows.push(Row {
            key,
            label,
            measured,
            bar,
            goal,
            unit: Unit::Instructions,
        });
    }
    rows.extend(meter.comparisons()?);
    Ok(rows)
}

type Extra = (
    &'static str,
    &'static str,
    Place,
    Middleware,
    Middleware,
    &'static str,
    Option<f64>,
    Option<f64>,
);

/// Rows that show what a middleware adds to a bare or identity service: key, label, place, over, middleware, scene, bar, goal.
const EXTRA: [Extra; 21] = [
    (
        "outside",
        "outside the contract",
        Plain,
        Bare,
        Layer,
        "outside",
        Some(300.0),
        Some(220.0),
    ),
    (
        "around_outside",
        "outside, around axum, over identity",
        Around,
        Identity,
        Layer,
        "outside",
        Some(120.0),
        Some(60.0),
    ),
    (
        "around_retired",
        "retired, around axum, over identity",
        Around,
        Identity,
        Layer,
        "retired",
        Some(40.0),
        Some(20.0),
    ),
    (
        "router_outside",
        "outside, by `Router::layer`",
        Router,
        Bare,
        Layer,
        "outside",
        Some(1900.0),
        Some(1600.0),
    ),
    (
        "off",
        "flag off, 40 B, layer",
        Plain,
        Bare,
        Layer,
        "off",
        Some(2000.0),
        Some(1600.0),
    ),
    (
        "off_complete",
        "flag off, 40 B, complete",
        Plain,
        Bare,
        Complete,
        "off",
        Some(3000.0),
        Some(2500.0),
    ),
    (
        "off_unsampled",
        "flag off, 40 B, none rehearsed, layer",
        Plain,
        Bare,
        Layer,
        "off-unsampled",
        None,
        None,
    ),
    (
        "off_unsampled_complete",
        "flag off, 40 B, none rehearsed, complete",
        Plain,
        Bare,
        Complete,
        "off-unsampled",
        None,
        None,
    ),
    (
        "kept",
        "not rewritten, 40 B, layer",
        Plain,
        Bare,
        Layer,
        "kept",
        Some(2000.0),
        Some(1600.0),
    ),
    (
        "kept_complete",
        "not rewritten, 40 B, complete",
        Plain,
        Bare,
        Complete,
        "kept",
        Some(3000.0),
        Some(2500.0),
    ),
    (
        "router_kept",
        "not rewritten, 40 B, by `Router::layer`, layer",
        Router,
        Bare,
        Layer,
        "kept",
        Some(4000.0),
        Some(3500.0),
    ),
    (
        "router_kept_complete",
        "not rewritten, 40 B, by `Router::layer`, complete",
        Router,
        Bare,
        Complete,
        "kept",
        Some(5000.0),
        None,
    ),
    (
        "kept_last",
        "not rewritten, 1 KiB, field last, layer",
        Plain,
        Bare,
        Layer,
        "kept-last-1k",
        Some(9500.0),
        Some(4500.0),
    ),
    (
        "kept_last_complete",
        "not rewritten, 1 KiB, field last, complete",
        Plain,
        Bare,
        Complete,
        "kept-last-1k",
        None,
        None,
    ),
    (
        "rewritten_last",
        "rewritten, 1 KiB, field last, layer",
        Plain,
        Bare,
        Layer,
        "rewritten-last-1k",
        Some(11_000.0),
        Some(6000.0),
    ),
    (
        "rewritten_last_64k",
        "rewritten, 64 KiB, field last, layer",
        Plain,
        Bare,
        Layer,
        "rewritten-last-64k",
        Some(500_000.0),
        Some(160_000.0),
    ),
    (
        "rewritten",
        "rewritten, 40 B, layer",
        Plain,
        Bare,
        Layer,
        "rewritten",
        Some(3600.0),
        Some(3000.0),
    ),
    (
        "rewritten_complete",
        "rewritten, 40 B, complete",
        Plain,
        Bare,
        Complete,
        "rewritten",
        Some(4600.0),
        Some(4000.0),
    ),
    (
        "known_caller",
        "detector, census and metrics, known caller",
        Plain,
        Layer,
        Complete,
        "kept",
        Some(1000.0),
        Some(900.0),
    ),
    (
        "identity",
        "an identity layer around axum",
        Around,
        Bare,
        Identity,
        "outside",
        None,
        None,
    ),
    (
        "hand_written",
        "hand-written, rewritten, 40 B",
        Router,
        Bare,
        ByHand,
        "rewritten",
        None,
        None,
    ),
];

struct Meter(Counts);

impl Meter {
    fn count(
        &mut self,
        place: Place,
        middleware: Middleware,
        scene: &str,
    ) -> Result<f64, Box<dyn Error>> {
        self.0
            .of(Case::request(place, middleware, scene))
            .map(float)
    }

    fn extra(
        &mut self,
        place: Place,
        over: Middleware,
        middleware: Middleware,
        scene: &str,
    ) -> Result<f64, Box<dyn Error>> {
        Ok(self.count(place, middleware, scene)? - self.count(place, over, scene)?)
    }

    /// What the layer costs in one scene more than in another.
    fn more(
        &mut self,
        middleware: Middleware,
        scene: &str,
        than: &str,
    ) -> Result<f64, Box<dyn Error>> {
        Ok(self.extra(Plain, Bare, middleware, scene)?
            - self.extra(Plain, Bare, middleware, than)?)
    }

    fn comparisons(&mut self) -> Result<Vec<Row>, Box<dyn Error>> {
        let percent = |more: f64, of: f64| 100.0 * more / of;
        let kept = self.extra(Plain, Bare, Layer, "kept")?;
        let mut rows = vec![
            row(
                "kept_1k",
                "not rewritten, 1 KiB, field first, beside 40 B",
                percent(self.more(Layer, "kept-1k", "kept")?, kept),
                Some(2.0),
                Unit::Percent,
            ),
            row(
                "kept_64k",
                "not rewritten, 64 KiB, field first, beside 40 B",
                percent(self.more(Layer, "kept-64k", "kept")?, kept),
                Some(2.0),
                Unit::Percent,
            ),
            row(
                "new_caller",
                "a new caller instead of a known one",
                self.more(Complete, "kept-new", "kept")?,
                Some(1500.0),
                Unit::Instructions,
            ),
            row(
                "outcomes",
                "100 outcomes of one status, beside 2",
                self.more(Layer, "100-outcomes", "2-outcomes")?,
                Some(300.0),
                Unit::Instructions,
            ),
            row(
                "headers",
                "40 response headers, beside 3, rewritten",
                self.more(Layer, "rewritten-40-headers", "rewritten")?,
                Some(1200.0),
                Unit::Instructions,
            ),
        ];
        for (key, label, scene, bar, goal) in [
            (
                "by_hand",
                "hand-written `from_fn` ÷ ours, rewritten, 40 B",
                "rewritten",
                5.5,
                6.5,
            ),
            (
                "by_hand_1k",
                "hand-written `from_fn` ÷ ours, rewritten, 1 KiB",
                "rewritten-1k",
                30.0,
                38.0,
            ),
        ] {
            let by_hand = self.extra(Router, Bare, ByHand, scene)?;
            let measured = by_hand / self.extra(Plain, Bare, Layer, scene)?;
            rows.push(Row {
                key,
                label,
                measured,
                bar: Some(bar),
                goal: Some(goal),
                unit: Unit::Times,
            });
        }
        let callers = f64::from(snapshot::CALLERS);
        let encoded = float(self.0.of(Case::EncodeSnapshot)?) / callers;
        let read = float(self.0.of(Case::ReadSnapshot)?) / callers;
        rows.push(row(
            "snapshot_encode",
            "snapshot, a caller, encoded",
            encoded,
            None,
            Unit::Instructions,
        ));
        rows.push(row(
            "snapshot_read",
            "snapshot, a caller, read",
            read,
            None,
            Unit::Instructions,
        ));
        Ok(rows)
    }
}

fn row(key: &'static str, label: &'static str, measured: f64, bar: Option<f64>, unit: Unit) -> Row {
    Row {
        key,
        label,
        measured,
        bar,
        goal: None,
        unit,
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
fn float(count: u64) -> f64 {
    count as f64
}
