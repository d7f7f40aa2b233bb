//! Numbers, durations, lists and JSON as text.

use std::time::Duration;

use serde_json::{Map, Value};

/// A number with grouped thousands: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number of things: `1 caller`, `12 callers`. The plural has an `s`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// A share between 0 and 1 in percent, never rounded up to all of it: `99.9 %`.
pub(crate) fn percent(share: f64) -> String {
    let tenths = (share.clamp(0.0, 1.0) * 1_000.0).floor() / 10.0;
    if tenths.fract() == 0.0 {
        format!("{tenths:.0} %")
    } else {
        format!("{tenths:.1} %")
    }
}

/// `3 of 25 (12 %)`.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(crate) fn share(part: u64, all: u64) -> String {
    let share = percent(part as f64 / all.max(1) as f64);
    format!("{} of {} ({share})", grouped(part), grouped(all))
}

/// The largest unit and the one below it: `3 d 4 h`, `12 min`, `40 s`.
pub(crate) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let [days, hours, minutes] = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60];
    let (large, small) = if days > 0 {
        ((days, "d"), (hours, "h"))
    } else if hours > 0 {
        ((hours, "h"), (minutes, "min"))
    } else if minutes > 0 {
        ((minutes, "min"), (0, ""))
    } else {
        ((seconds, "s"), (0, ""))
    };
    match small {
        (0, _) => format!("{} {}", large.0, large.1),
        (number, unit) => format!("{} {} {number} {unit}", large.0, large.1),
    }
}

/// The label of a window in words: `24 hours` for `24h`. Other text is kept.
pub(crate) fn window(label: &str) -> String {
    let split = label.find(|c: char| !c.is_ascii_digit());
    let Some((number, unit)) = split.map(|at| label.split_at(at)) else {
        return label.to_owned();
    };
    let unit = match unit {
        "ms" => "millisecond",
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => return label.to_owned(),
    };
    number
        .parse()
        .map_or_else(|_| label.to_owned(), |number| counted(number, unit))
}

/// The time of a window up to now: `last 24 hours`, `last hour`.
pub(crate) fn last(label: &str) -> String {
    let length = window(label);
    format!("last {}", length.strip_prefix("1 ").unwrap_or(&length))
}

/// The length of a window, in hours up to two days: `24 h`, `14 d`.
pub(crate) fn window_length(length: Duration) -> String {
    const HOUR: u64 = 3_600;
    match length.as_secs() {
        seconds if seconds <= 48 * HOUR && seconds.is_multiple_of(HOUR) && seconds > 0 => {
            format!("{} h", seconds / HOUR)
        }
        _ => duration(length),
    }
}

/// `a, b and c`.
pub(crate) fn listed<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// A name such as `no_open_incident` as words: `No open incident`.
pub(crate) fn titled(name: &str) -> String {
    sentence(name.replace(['_', '-'], " "))
}

/// A text with its first letter in upper case.
pub(crate) fn sentence(text: impl AsRef<str>) -> String {
    let mut letters = text.as_ref().chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The members of an object, those of inner ones by their path: `in_the_way.callers`.
pub(crate) fn json_rows(members: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect("", members, &mut found);
    // Their order would depend on a feature of `serde_json` that others may switch on.
    found.sort();
    found
}

fn collect(path: &str, members: &Map<String, Value>, into: &mut Vec<(String, String)>) {
    for (name, value) in members {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match value {
            Value::Object(inner) if !inner.is_empty() => collect(&path, inner, into),
            value => into.push((path, text(value))),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            items.join(", ")
        }
        Value::Object(inner) if inner.is_empty() => "none".to_owned(),
        Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let shown = [0, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "caller"), "1 caller");
        assert_eq!(counted(0, "caller"), "0 callers");
    }

    #[test]
    fn a_share_below_all_is_never_shown_as_all() {
        let shown = [0.0, 0.5, 0.987_65, 0.999_99, 1.0].map(percent);
        assert_eq!(shown, ["0 %", "50 %", "98.7 %", "99.9 %", "100 %"]);
    }

    #[test]
    fn lengths_have_at_most_two_units() {
        let shown = [0, 59, 60, 3_600, 3_660, 90_000, 14 * 86_400]
            .map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(
            shown,
            [
                "0 s",
                "59 s",
                "1 min",
                "1 h",
                "1 h 1 min",
                "1 d 1 h",
                "14 d"
            ]
        );
    }

    #[test]
    fn windows_are_put_into_words() {
        let duration = ["5m", "1h", "24h", "14d", "90s", "odd"].map(window);
        assert_eq!(
            duration,
            [
                "5 minutes",
                "1 hour",
                "24 hours",
                "14 days",
                "90 seconds",
                "odd"
            ]
        );
    }

    #[test]
    fn the_time_of_a_window_reads_like_a_sentence() {
        assert_eq!(
            ["1h", "24h", "odd"].map(last),
            ["last hour", "last 24 hours", "last odd"]
        );
        let lengths = [300, 3_600, 86_400, 14 * 86_400].map(Duration::from_secs);
        assert_eq!(lengths.map(window_length), ["5 min", "1 h", "24 h", "14 d"]);
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(titled("no_dependent_responses"), "No dependent responses");
    }
}
