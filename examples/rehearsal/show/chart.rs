//! Charts in characters.

use legacy_http_compat::time::Timestamp;
use serde_json::Value;

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most columns of a chart.
const COLUMNS: usize = 56;

const DAY_MS: u64 = 86_400_000;

/// A bar of `width` cells that shows a part of a whole.
pub(crate) fn bar(part: u64, whole: u64, width: usize) -> String {
    let cells = usize::try_from(part).unwrap_or(0) * width;
    let full = cells
        .div_ceil(usize::try_from(whole.max(1)).unwrap_or(1))
        .min(width);
    format!("{}{}", "█".repeat(full), "·".repeat(width - full))
}

/// The dependent callers of each kind since `start_unix_ms`, from the Core's time series: one row per kind, one column per
/// few hours.
pub(crate) fn falling(series: &Value, start_unix_ms: u64) -> Vec<String> {
    let number = |name: &str| series[name].as_u64().unwrap_or(0);
    let from = series["from"].as_str().unwrap_or_default().parse();
    let from = from.map_or(0, Timestamp::unix_ms);
    let step = number("step_ms").max(1);
    let skipped = usize::try_from(start_unix_ms.saturating_sub(from) / step).unwrap_or(0);
    let kinds = series["callers"].as_array().into_iter().flatten();
    let kinds: Vec<_> = kinds.filter(|kind| kind["kind"] != "other").collect();
    let mut rows: Vec<String> = kinds.iter().map(|kind| curve(kind, skipped)).collect();
    let buckets = kinds
        .first()
        .map_or(0, |kind| values(&kind["dependent"], skipped).len());
    rows.push(days(buckets, step));
    rows
}

fn curve(kind: &Value, skipped: usize) -> String {
    let columns = columns(&values(&kind["dependent"], skipped));
    let highest = columns.iter().flatten().max().copied().unwrap_or(0);
    let drawn = columns.iter().map(|value| match value {
        None => '?',
        Some(value) => EIGHTHS[eighths(*value, highest)],
    });
    let name = kind["kind"].as_str().unwrap_or_default();
    let last = columns.last().copied().flatten().unwrap_or(0);
    format!(
        "{name:>10} {highest:>3} {} {last}",
        drawn.collect::<String>()
    )
}

/// Rounds up: only zero is empty.
fn eighths(value: u64, highest: u64) -> usize {
    usize::try_from((value * 8).div_ceil(highest.max(1)))
        .unwrap_or(8)
        .min(8)
}

fn values(curve: &Value, skipped: usize) -> Vec<Option<u64>> {
    let values = curve.as_array().into_iter().flatten();
    values.skip(skipped).map(Value::as_u64).collect()
}

/// The maximum of each column.
fn columns(values: &[Option<u64>]) -> Vec<Option<u64>> {
    let each = values.len().div_ceil(COLUMNS).max(1);
    values
        .chunks(each)
        .map(|some| some.iter().copied().flatten().max())
        .collect()
}

/// The axis, with a digit where a day begins.
fn days(buckets: usize, step: u64) -> String {
    let each = buckets.div_ceil(COLUMNS).max(1);
    let column = step * u64::try_from(each).unwrap_or(1);
    let mut axis = String::new();
    let mut day = 0;
    for at in 0..u64::try_from(buckets.div_ceil(each)).unwrap_or(0) {
        if at * column >= day * DAY_MS {
            day += 1;
            axis.push(char::from_digit(u32::try_from(day % 10).unwrap_or(0), 10).unwrap_or('+'));
        } else {
            axis.push('-');
        }
    }
    format!("{:>10}     {axis}", "day")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_caller_is_visible_beside_hundreds() {
        assert_eq!(eighths(1, 900), 1);
        assert_eq!(
            (eighths(0, 900), eighths(900, 900), eighths(0, 0)),
            (0, 8, 0)
        );
        assert_eq!(bar(1, 900, 4), "█···");
        assert_eq!(bar(0, 0, 2), "··");
    }

    #[test]
    fn a_column_shows_its_maximum_and_unwatched_time() {
        let values: Vec<_> = (0..100).map(|n| (n >= 2).then_some(n)).collect();
        let columns = columns(&values);
        assert_eq!(columns.len(), 50);
        assert_eq!(
            (columns[0], columns[1], columns[49]),
            (None, Some(3), Some(99))
        );
    }
}
