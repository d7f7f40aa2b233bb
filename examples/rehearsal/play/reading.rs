//! Reads results off the Core's responses.

use std::time::Duration;

use legacy_http_compat::time::Timestamp;
use serde_json::Value;

use crate::{field::Visit, show::failing, support::response::Answer};

/// `compat, flag on`
pub(super) fn position(status: &Value) -> String {
    format!("{}, flag {}", text(&status["phase"]), text(&status["flag"]))
}

/// The result of a command: `200` or `409: required_checks`.
pub(super) fn outcome(response: &Answer) -> String {
    let mut failing = failing(&response.json["gates"]);
    if !response.json["post_analyses_due"].is_null() {
        failing.push("post_analyses_due");
    }
    match failing.join(", ").as_str() {
        "" => response.status.to_string(),
        gates => format!("{}: {gates}", response.status),
    }
}

/// `all pass`, or the failing gates.
pub(super) fn verdict(gates: &Value) -> String {
    match failing(gates).join(", ").as_str() {
        "" if gates.as_array().is_none_or(Vec::is_empty) => "no gate was evaluated".to_owned(),
        "" => "all pass".to_owned(),
        gates => format!("failing: {gates}"),
    }
}

/// A client's response, and whether the client understood it.
pub(super) fn received(visit: &Visit) -> String {
    let not = if visit.understood {
        ""
    } else {
        ", not understood"
    };
    format!("{}{not}", visit.response)
}

/// A number per client kind: `UI_RUST 8, AGENT 8, MCP 8`.
pub(super) fn by_kind(numbers: impl Fn(&str) -> u64) -> String {
    let kinds = ["UI_RUST", "AGENT", "MCP"].map(|kind| format!("{kind} {}", numbers(kind)));
    kinds.join(", ")
}

/// A count of one client kind in a census report.
pub(super) fn count(report: &Value, kind: &str, what: &str) -> u64 {
    let kinds = report["kinds"].as_array().into_iter().flatten();
    let mut kinds = kinds.filter(|counts| counts["kind"] == kind);
    kinds
        .next()
        .and_then(|counts| counts[what].as_u64())
        .unwrap_or(0)
}

/// The names of the green checks.
pub(super) fn green(status: &Value) -> Vec<&str> {
    let checks = status["checks"].as_array().into_iter().flatten();
    let green = checks.filter(|check| check["green"] == true);
    green.map(|check| text(&check["check"])).collect()
}

/// The timestamp in a member `at`.
pub(super) fn moment(at: &Value) -> Timestamp {
    text(at).parse().unwrap_or(Timestamp::MIN)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

pub(super) fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

/// The sum of all samples of a family in `/metrics` whose labels contain each of `labels`.
pub(super) fn samples(metrics: &str, family: &str, labels: &[&str]) -> u64 {
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with(&format!("{family}{{")));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    values.sum()
}
