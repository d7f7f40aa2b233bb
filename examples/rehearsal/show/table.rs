//! The table at the end.

use std::fmt::Write as _;

use serde_json::json;

use super::super::plan::Row;
use super::wrap::wrap;

/// The widths of its columns: what it is about, what was to be seen, what was seen.
const COLUMNS: [usize; 3] = [24, 24, 24];

/// For a reader of 80 columns, by the lines of the plan.
pub(crate) fn as_text(rows: &[Row]) -> String {
    let mut text = String::new();
    line(&mut text, ["", "to be seen", "seen"], "");
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
        let seen = row.seen.as_deref().unwrap_or("(not reached)");
        let ok = if row.ok { "ok" } else { "NOT" };
        line(&mut text, [row.what, &row.wanted, seen], ok);
    }
    text
}

/// For a machine.
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
        let [what, wanted, seen] =
            std::array::from_fn(|at| columns[at].get(row).map_or("", String::as_str));
        let ok = if row == 0 { ok } else { "" };
        let whole = format!("{what:<24} {wanted:<24} {seen:<24}  {ok}");
        let _ = writeln!(text, "{}", whole.trim_end());
    }
}
