//! The numbers of a chart for those who cannot see it.

use super::{
    columns::{Buckets, Join},
    line::Series,
};
use crate::admin::pages::{moment::in_words, wording::grouped};
use crate::time::Timestamp;

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
