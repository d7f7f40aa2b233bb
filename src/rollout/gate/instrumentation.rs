//! The gate `instrumentation`: census and metrics are attached, and the census is watching.

use super::context::{GateContext, Verdict};
use crate::rollout::evidence::{Evidence, InstrumentationEvidence, UnknownReason};

/// A census that is ticked renews its cached reports every five seconds.
const FRESH_MS: u64 = 30_000;

/// The census receives heartbeats: its reports are fresh, and their shortest window was watched up to its end.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let metrics = context.metrics.ok_or(UnknownReason::NoMetrics)?;
    let reports = census.cached_reports();
    let report = reports.first();
    let watched_ms = report.map_or(0, |report| report.coverage.watched_ms);
    let report_age_ms = report.map_or(u64::MAX, |report| {
        report.at_unix_ms.abs_diff(context.now.unix_ms())
    });
    let evidence = InstrumentationEvidence {
        watched_ms,
        report_age_ms,
        responses_counted: metrics.snapshot().total_responses(),
    };
    let passed = watched_ms > 0 && report_age_ms <= FRESH_MS;
    Ok((passed, Evidence::Instrumentation(evidence)))
}
