//! The final table.

use std::fmt::Write as _;

use serde_json::json;

use super::super::plan::Row;
use super::wrap::wrap;

/// The widths of its columns: name, expected, observed.
const COLUMNS: [usize; 3] = [24, 24, 24];

/// The table in 80 columns, grouped by the lines of the plan.
pub(crate) fn as_text(rows: &[Row]) -> String {
    let mut text = String::new();
    line(&mut text, ["", "expected", "observed"], "");
    let mut last = "";
    for row in rows {
        if row.line != last {
            text.push('\n');
            // Writing to a `String` cannot fail.
            for heading in wrap(row.line, 80) {
                let _ = writeln!(text, "{heading}");
            }
            last = row.line;
        }
        let seen = row.observed.as_deref().unwrap_or("(not reached)");
        let ok = if row.ok { "ok" } else { "FAIL" };
        line(&mut text, [row.what, &row.expected, seen], ok);
    }
    text
}

/// The table as JSON.
pub(crate) fn as_json(rows: &[Row]) -> String {
    let ok = rows.iter().all(|row| row.ok);
    json!({ "ok": ok, "rows": rows }).to_string()
}

fn line(text: &mut String, cells: [&str; 3], ok: &str) {
    let mut columns = cells
        .iter()
        .zip(COLUMNS)
        .map(|(cell, width)| wrap(cell, width));
    let columns: [Vec<String>; 3] = std::array::from_fn(|_| columns.next().unwrap_or_default());
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..height {
        let [what, expected, seen] =
            std::array::from_fn(|at| columns[at].get(row).map_or("", String::as_str));
        let ok = if row == 0 { ok } else { "" };
        let whole = format!("{what:<24} {expected:<24} {seen:<24}  {ok}");
        let _ = writeln!(text, "{}", whole.trim_end());
    }
}
