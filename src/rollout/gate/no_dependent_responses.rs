//! The gate `no_dependent_responses`: no caller got, or missed, a legacy response in the quiet window.

use std::time::Duration;

use super::{
    context::{GateContext, Verdict},
    waiver_cover::WaiverCover,
};
use crate::{
    census::{Census, Report, Select, Window},
    rollout::evidence::{
        BlockingDependents, Evidence, NoDependentResponsesEvidence, UnknownReason,
    },
};

/// The coarsest rounding of [`Report::responses_since_unix_ms`].
const ROUNDING: Duration = Duration::from_secs(15 * 60);

/// How many blocking callers the evidence lists.
const MAX_LISTED: usize = 10;

/// No dependent response in the window, waived callers aside, and one contract all through it.
///
/// The counts are kept by client kind, so they alone do not show how many responses went to waived callers. Therefore
/// two conditions apply. No known caller without a waiver has a dependent response in the window. And of the counted
/// responses, those of waived kinds aside, no more remain than the waived callers can have got, which is at most all
/// they ever got. Where waived callers got many, the second condition is the weaker one; the first is not.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let contract = context.state.contract().ok_or(UnknownReason::NoContract)?;
    let window = context.window();
    let report = census.report(window);
    let waivers = WaiverCover::new(context.state, context.now);
    let (callers, listed) = callers(census, window, &waivers);
    let blocking = BlockingDependents {
        callers,
        responses: unexplained(&report, census, window, &waivers),
        anonymous_responses: anonymous(&report, &waivers),
        estimated_callers: report.estimate.map_or(0, |estimate| estimate.dependent),
    };
    let evidence = NoDependentResponsesEvidence {
        window,
        dependent_responses: report.all.responses.dependent,
        blocking,
        callers: listed,
        contract_since: contract.since.at,
        contract_unchanged: context.now.since(contract.since.at) >= window.length(),
    };
    let passed = blocking == BlockingDependents::default() && evidence.contract_unchanged;
    Ok((passed, Evidence::NoDependentResponses(evidence)))
}

/// How many callers without a waiver have a dependent response in the window, and the first of them.
fn callers(census: &Census, window: Window, waivers: &WaiverCover) -> (u64, Vec<String>) {
    let (mut count, mut listed) = (0, Vec::new());
    census.each_caller(window, Select::Depended, |row| {
        if !waivers.covers(&row) {
            count += 1;
            if listed.len() < MAX_LISTED {
                listed.push(row.fingerprint.to_string());
            }
        }
    });
    (count, listed)
}

/// Dependent responses to callers with a fingerprint that waived callers cannot account for.
fn unexplained(report: &Report, census: &Census, window: Window, waivers: &WaiverCover) -> u64 {
    let kinds = report.kinds.iter();
    let kinds = kinds.filter(|kind| !waivers.covers_kind(&kind.kind));
    let counts = kinds.map(|kind| kind.counts.responses);
    let responses = counts.map(|responses| {
        responses
            .dependent
            .saturating_sub(responses.dependent_anonymous)
    });
    let responses: u64 = responses.sum();
    // The counts reach back further than the window.
    let reach = Window::new(window.length() + ROUNDING).unwrap_or(Window::MONTH);
    let mut waived: u64 = 0;
    census.each_caller(reach, Select::Depended, |row| {
        // Waived kinds are not among the remaining responses.
        if waivers.covers(&row) && !waivers.covers_kind(&row.kind) {
            waived = waived.saturating_add(row.dependent_responses.into());
        }
    });
    responses.saturating_sub(waived)
}

/// Dependent responses to callers without a fingerprint.
fn anonymous(report: &Report, waivers: &WaiverCover) -> u64 {
    if waivers.covers_anonymous() {
        return 0;
    }
    let kinds = report.kinds.iter();
    let kinds = kinds.filter(|kind| !waivers.covers_kind(&kind.kind));
    kinds
        .map(|kind| kind.counts.responses.dependent_anonymous)
        .sum()
}
