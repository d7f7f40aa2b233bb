//! Whether anybody is counting.

use serde_json::json;

use super::{context::GateContext, verdict::Verdict};
use crate::census::Report;

/// Ready-made reports are renewed every five seconds by a census that is kept.
const FRESH_MS: u64 = 30_000;

/// Census and metrics are attached, and the census is watching: its heartbeats come, so that its reports are fresh and
/// their shortest window is watched up to its end.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let Some(census) = context.census else {
        return Verdict::unknown("no census is attached");
    };
    let Some(metrics) = context.metrics else {
        return Verdict::unknown("no metrics are attached");
    };
    let reports = census.cached_reports();
    let watched = reports.first().map_or(0, watched);
    let age = reports.first().map_or(u64::MAX, |report| {
        report.at.unix_ms().abs_diff(context.now.unix_ms())
    });
    let running = watched > 0 && age <= FRESH_MS;
    let evidence = json!({
        "watched_ms": watched,
        "report_age_ms": age,
        "responses_counted": metrics.snapshot().total_responses(),
    });
    Verdict::new(running, evidence)
}

fn watched(report: &Report) -> u64 {
    report.coverage.watched_ms
}
