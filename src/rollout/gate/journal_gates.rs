//! The gates that depend on the journal alone: `required_checks`, `no_open_incident`, `post_analyses_filed`.

use std::time::Duration;

use super::gate::GateContext;
use crate::rollout::{
    evidence::{
        CheckFailure, Evidence, NoOpenIncidentEvidence, PostAnalysesFiledEvidence,
        RequiredChecksEvidence,
    },
    state::Check,
};

/// A report dated further ahead than this comes from a wrong clock, and would never grow too old.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// How many incidents or rollbacks the evidence lists.
const MAX_LISTED: usize = 10;

/// Each required check was reported green, and not longer ago than the policy allows.
pub(super) fn required_checks(context: &GateContext<'_>) -> (bool, Evidence) {
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
    if !check.green {
        Some(CheckFailure::Red)
    } else if now.since(at) > context.policy.check_max_age {
        Some(CheckFailure::TooOld)
    } else if at.since(now) > CLOCK_TOLERANCE {
        Some(CheckFailure::InTheFuture)
    } else {
        None
    }
}

/// No incident is open.
pub(super) fn no_open_incident(context: &GateContext<'_>) -> (bool, Evidence) {
    let open = &context.state.open_incidents;
    let evidence = NoOpenIncidentEvidence {
        open: open.len(),
        incidents: open.keys().take(MAX_LISTED).cloned().collect(),
    };
    (open.is_empty(), Evidence::NoOpenIncident(evidence))
}

/// Each rollback has its post-analysis.
pub(super) fn post_analyses_filed(context: &GateContext<'_>) -> (bool, Evidence) {
    let open = context.state.open_post_analyses();
    let mut rollbacks: Vec<u64> = open.map(|rollback| rollback.done.seq).collect();
    let open = rollbacks.len();
    rollbacks.truncate(MAX_LISTED);
    let evidence = PostAnalysesFiledEvidence { open, rollbacks };
    (open == 0, Evidence::PostAnalysesFiled(evidence))
}
