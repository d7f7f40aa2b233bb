//! The gate `all_callers_resolved`: no caller that ever depended is left over.

use super::{
    context::{GateContext, Verdict},
    coverage::snapshots_lost,
    waiver_cover::WaiverCover,
};
use crate::{
    census::{CallerRow, CallerState, Select},
    rollout::evidence::{AllCallersResolvedEvidence, Evidence, UnknownReason},
};

/// How many blocking callers the evidence lists.
const MAX_LISTED: usize = 10;

/// Callers that depended and did not migrate.
#[derive(Debug, Default)]
struct Unresolved {
    waived: u64,
    inactive: u64,
    blocking: u64,
    listed: Vec<String>,
}

/// Every caller that ever depended has migrated, is waived or is inactive.
///
/// Inactivity counts only where activity would have been seen: if the verdict rests on inactive callers, the window must
/// have been watched. Callers that the census has forgotten were inactive for its retention time, which is no shorter
/// than the longest window. Callers for which the census had no space are not known one by one, and fail the gate when
/// seen in the window.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let window = context.policy.inactive_after();
    let report = census.report(window);
    let waivers = WaiverCover::new(context.state, context.now);
    let mut found = Unresolved::default();
    census.each_caller(window, Select::Unaccounted, |row| found.add(&row, &waivers));
    let evidence = AllCallersResolvedEvidence {
        inactive_after: window,
        migrated: report.all.migrated,
        waived: found.waived,
        inactive: found.inactive,
        forgotten_dependents: report.all.forgotten_dependents,
        blocking: found.blocking,
        callers: found.listed,
        watched_ratio: report.coverage.ratio,
        overflowed: report.overflowed(),
        snapshots_lost: snapshots_lost(&report),
    };
    let relies_on_inactivity = evidence.inactive > 0 || evidence.forgotten_dependents > 0;
    let watched = evidence.watched_ratio >= context.policy.coverage_ratio();
    let passed = evidence.blocking == 0
        && (watched || !relies_on_inactivity)
        && evidence.snapshots_lost == 0
        && !evidence.overflowed;
    Ok((passed, Evidence::AllCallersResolved(evidence)))
}

impl Unresolved {
    fn add(&mut self, row: &CallerRow, waivers: &WaiverCover) {
        if waivers.covers(row) {
            self.waived += 1;
        } else if row.state == CallerState::Inactive {
            self.inactive += 1;
        } else {
            self.blocking += 1;
            if self.listed.len() < MAX_LISTED {
                self.listed.push(row.fingerprint.to_string());
            }
        }
    }
}
