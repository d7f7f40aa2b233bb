//! Whether silence would mean anything.

use serde_json::json;

use super::{context::GateContext, verdict::Verdict};
use crate::census::Report;

/// The window was watched, nothing overflowed or was lost in it, there was traffic, and this process saw all of it.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let Some(census) = context.census else {
        return Verdict::unknown("no census is attached");
    };
    let (policy, report) = (context.policy, census.report(context.window()));
    let lost = lost(&report);
    let passed = report.coverage.ratio >= policy.coverage_ratio()
        && !report.overflowed()
        && lost == 0
        && report.all.responses.all >= policy.min_responses()
        && policy.processes() == 1;
    let evidence = json!({
        "window": report.window,
        "ratio": report.coverage.ratio,
        "least_ratio": policy.coverage_ratio(),
        "gaps": report.coverage.gap_count,
        "overflowed": report.overflowed(),
        "snapshots_lost": lost,
        "responses": report.all.responses.all,
        "least_responses": policy.min_responses(),
        "processes": policy.processes(),
    });
    Verdict::new(passed, evidence)
}

/// How many snapshots were given up in the window of a report: what they knew is gone.
pub(super) fn lost(report: &Report) -> usize {
    let start = report.at.unix_ms().saturating_sub(report.window_ms);
    let lost = report.losses.iter();
    lost.filter(|loss| loss.at.unix_ms() >= start).count()
}
