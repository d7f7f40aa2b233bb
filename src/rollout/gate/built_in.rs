//! The built-in gates.

use std::time::Duration;

use super::gate::{Gate, GateContext};
use crate::{
    census::{CallerRow, CallerState, Census, Report, Select, Window},
    rollout::{
        evidence::{
            AllCallersResolvedEvidence, BlockingDependents, BuiltInGate, CheckFailure,
            CoverageEvidence, Evidence, GateReport, InstrumentationEvidence,
            NoDependentResponsesEvidence, NoOpenIncidentEvidence, RequiredChecksEvidence,
            UnknownReason,
        },
        names::Identifier,
        phase::Transition,
        state::{Check, WaiverCover},
    },
};

/// A census that is ticked renews its cached reports every five seconds.
const FRESH_MS: u64 = 30_000;

/// The coarsest rounding of [`Report::responses_since`].
const ROUNDING: Duration = Duration::from_secs(15 * 60);

/// A report dated further ahead than this comes from a wrong clock, and would never grow too old.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// How many callers, incidents or rollbacks the evidence lists.
const MAX_LISTED: usize = 10;

impl Gate for BuiltInGate {
    fn name(&self) -> Identifier {
        self.identifier()
    }

    /// By the default policy; a rollout goes by its own policy.
    fn applies_to(&self, step: Transition) -> bool {
        (*self == Self::Instrumentation) == (step == Transition::Enable) && step.is_gated()
    }

    /// A gate that cannot be evaluated fails.
    fn report(&self, context: &GateContext<'_>) -> GateReport {
        match verdict(*self, context) {
            Ok((passed, evidence)) => GateReport::new(self.identifier(), passed, evidence),
            Err(reason) => GateReport::new(self.identifier(), false, reason),
        }
    }
}

fn verdict(gate: BuiltInGate, context: &GateContext<'_>) -> Verdict {
    match gate {
        BuiltInGate::Instrumentation => instrumentation(context),
        BuiltInGate::RequiredChecks => Ok(required_checks(context)),
        BuiltInGate::NoDependentResponses => no_dependent_responses(context),
        BuiltInGate::AllCallersResolved => all_callers_resolved(context),
        BuiltInGate::Coverage => coverage(context),
        BuiltInGate::NoOpenIncident => Ok(no_open_incident(context)),
    }
}

/// Whether a built-in gate passes and its evidence, or why it could not be evaluated.
type Verdict = Result<(bool, Evidence), UnknownReason>;

/// Callers that depended and did not migrate.
#[derive(Debug, Default)]
struct Unresolved {
    waived: u64,
    inactive: u64,
    blocking: u64,
    listed: Vec<String>,
}

/// The census receives heartbeats: its reports are fresh, and their shortest window was watched up to its end.
fn instrumentation(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let metrics = context.metrics.ok_or(UnknownReason::NoMetrics)?;
    let reports = census.cached_reports();
    let report = reports.first();
    let watched_ms = report.map_or(0, |report| report.coverage.watched_ms);
    let report_age_ms = report.map_or(u64::MAX, |report| {
        report.at.unix_ms().abs_diff(context.now.unix_ms())
    });
    let evidence = InstrumentationEvidence {
        watched_ms,
        report_age_ms,
        responses_counted: metrics.snapshot().total_responses(),
    };
    let passed = watched_ms > 0 && report_age_ms <= FRESH_MS;
    Ok((passed, Evidence::Instrumentation(evidence)))
}

/// No dependent response in the window, waived callers aside, and one contract all through it.
///
/// The counts are kept by client kind, so they alone do not show how many responses went to waived callers. Therefore
/// two conditions apply. No known caller without a waiver has a dependent response in the window. And of the counted
/// responses, those of waived kinds aside, no more remain than the waived callers can have got, which is at most all
/// they ever got. Where waived callers got many, the second condition is the weaker one; the first is not.
fn no_dependent_responses(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let contract = context.state.contract.as_ref();
    let contract = contract.ok_or(UnknownReason::NoContract)?;
    let window = context.window();
    let report = census.report(window);
    let waivers = WaiverCover::new(context.state, context.now);
    let (callers, listed) = dependent_callers(census, window, &waivers);
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
        // The first contract replaced none.
        contract_unchanged: !contract.replaced
            || context.now.since(contract.since.at) >= window.length(),
    };
    let passed = blocking == BlockingDependents::default() && evidence.contract_unchanged;
    Ok((passed, Evidence::NoDependentResponses(evidence)))
}

/// How many callers without a waiver have a dependent response in the window, and the first of them.
fn dependent_callers(census: &Census, window: Window, waivers: &WaiverCover) -> (u64, Vec<String>) {
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

/// Every caller that ever depended has migrated, is waived or is inactive.
///
/// Inactivity counts only where activity would have been seen: if the verdict rests on inactive callers, the window must
/// have been watched. Callers that the census has forgotten were inactive for its retention time, which is no shorter
/// than the longest window. Callers for which the census had no space are not known one by one, and fail the gate when
/// seen in the window.
fn all_callers_resolved(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let window = context.policy.inactive_after;
    let report = census.report(window);
    let waivers = WaiverCover::new(context.state, context.now);
    let mut found = Unresolved::default();
    census.each_caller(window, Select::Unresolved, |row| found.add(&row, &waivers));
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
    let watched = evidence.watched_ratio >= context.policy.coverage_ratio;
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

/// The window was watched, no census data was lost, there was traffic, and this process saw all of it.
fn coverage(context: &GateContext<'_>) -> Verdict {
    let census = context.census.ok_or(UnknownReason::NoCensus)?;
    let (policy, window) = (context.policy, context.window());
    let report = census.report(window);
    let evidence = CoverageEvidence {
        window,
        ratio: report.coverage.ratio,
        min_ratio: policy.coverage_ratio,
        gaps: report.coverage.gap_count,
        overflowed: report.overflowed(),
        snapshots_lost: snapshots_lost(&report),
        responses: report.all.responses.all,
        min_responses: policy.min_responses,
        processes: policy.processes,
    };
    let passed = evidence.ratio >= evidence.min_ratio
        && !evidence.overflowed
        && evidence.snapshots_lost == 0
        && evidence.responses >= evidence.min_responses
        && evidence.processes == 1;
    Ok((passed, Evidence::Coverage(evidence)))
}

/// Snapshots given up in the window of a report, whose data is lost.
fn snapshots_lost(report: &Report) -> usize {
    let start = report.at.unix_ms().saturating_sub(report.window_ms);
    let lost = report.losses.iter();
    lost.filter(|loss| loss.at.unix_ms() >= start).count()
}

/// Each required check was reported green, for the contract that is served, and not longer ago than the policy allows.
fn required_checks(context: &GateContext<'_>) -> (bool, Evidence) {
    let required = &context.policy.required_checks;
    let blocking = required.iter().filter_map(|name| {
        let check = context.state.checks.get(name);
        check_failure(check, context).map(|failure| (name.clone(), failure))
    });
    let evidence = RequiredChecksEvidence {
        required: required.len(),
        blocking: blocking.collect(),
    };
    let passed = evidence.blocking.is_empty();
    (passed, Evidence::RequiredChecks(evidence))
}

fn check_failure(check: Option<&Check>, context: &GateContext<'_>) -> Option<CheckFailure> {
    let Some(check) = check else {
        return Some(CheckFailure::NotReported);
    };
    let (at, now) = (check.reported.at, context.now);
    let served = context.state.contract.as_ref();
    let served = served.map(|served| &served.digest);
    if !check.green {
        Some(CheckFailure::Red)
    } else if now.since(at) > context.policy.check_max_age {
        Some(CheckFailure::TooOld)
    } else if at.since(now) > CLOCK_TOLERANCE {
        Some(CheckFailure::InTheFuture)
    } else if check.contract_digest.is_some() && check.contract_digest.as_ref() != served {
        Some(CheckFailure::ForAnotherContract)
    } else {
        None
    }
}

/// No incident is open.
fn no_open_incident(context: &GateContext<'_>) -> (bool, Evidence) {
    let open = &context.state.open_incidents;
    let evidence = NoOpenIncidentEvidence {
        open: open.len(),
        incidents: open.keys().take(MAX_LISTED).cloned().collect(),
    };
    (open.is_empty(), Evidence::NoOpenIncident(evidence))
}
