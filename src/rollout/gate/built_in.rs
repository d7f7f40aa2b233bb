//! The built-in gates.

use std::time::Duration;

use super::{
    census_gates::{all_callers_resolved, coverage, no_dependent_responses},
    gate::{Gate, GateContext, MAX_LISTED, Verdict},
};
use crate::rollout::{
    evidence::{
        BuiltInGate, CheckFailure, Evidence, GateReport, InstrumentationEvidence,
        NoOpenIncidentEvidence, RequiredChecksEvidence, UnknownReason,
    },
    names::Identifier,
    phase::Transition,
    state::Check,
};

/// A census that is ticked renews its cached reports every five seconds.
const FRESH_MS: u64 = 30_000;

/// A report dated further ahead than this comes from a wrong clock, and would never grow too old.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

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

/// The census receives heartbeats: its reports are fresh, and their shortest window was watched up to its end.
fn instrumentation(context: &GateContext<'_>) -> Verdict {
    let census = context.census()?;
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
    // All of them, while instances serve different ones.
    let tested = |digest| served.is_some_and(|served| served.digests().all(|one| one == digest));
    if !check.green {
        Some(CheckFailure::Red)
    } else if now.since(at) > context.policy.check_max_age {
        Some(CheckFailure::TooOld)
    } else if at.since(now) > CLOCK_TOLERANCE {
        Some(CheckFailure::InTheFuture)
    } else if check
        .contract_digest
        .as_ref()
        .is_some_and(|digest| !tested(digest))
    {
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
