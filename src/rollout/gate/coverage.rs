//! The gate `coverage`: silence in the window would mean something.

use super::context::{GateContext, Verdict};
use crate::{
    census::Report,
    rollout::evidence::{CoverageEvidence, Evidence, UnknownReason},
};

/// The window was watched, no census data was lost, there was traffic, and this process saw all of it.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let (policy, window) = (context.policy, context.window());
    let report = census.report(window);
    let evidence = CoverageEvidence {
        window,
        ratio: report.coverage.ratio,
        min_ratio: policy.coverage_ratio(),
        gaps: report.coverage.gap_count,
        overflowed: report.overflowed(),
        snapshots_lost: snapshots_lost(&report),
        responses: report.all.responses.all,
        min_responses: policy.min_responses(),
        processes: policy.processes(),
    };
    let passed = evidence.ratio >= evidence.min_ratio
        && !evidence.overflowed
        && evidence.snapshots_lost == 0
        && evidence.responses >= evidence.min_responses
        && evidence.processes == 1;
    Ok((passed, Evidence::Coverage(evidence)))
}

/// Snapshots given up in the window of a report, whose data is lost.
pub(super) fn snapshots_lost(report: &Report) -> usize {
    let start = report.at_unix_ms.saturating_sub(report.window_ms);
    let lost = report.losses.iter();
    lost.filter(|loss| loss.at_unix_ms >= start).count()
}
