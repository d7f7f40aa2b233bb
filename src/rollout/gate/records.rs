//! The gates that ask the journal alone.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{context::GateContext, verdict::Verdict};
use crate::rollout::{records::Check, texts::IncidentId};

/// A report from further ahead than this was made by a clock that is wrong, and would never grow old.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// Each required check was reported green, not longer ago than the policy allows.
pub(super) fn required_checks(context: &GateContext<'_>) -> Verdict {
    let mut in_the_way = Map::new();
    let required = context.policy.required_checks();
    for name in required {
        let check = context.state.checks().get(name);
        if let Some(fault) = fault(check, context) {
            in_the_way.insert(name.as_str().to_owned(), fault.into());
        }
    }
    let evidence = json!({ "required": required.len(), "in_the_way": in_the_way });
    Verdict::new(in_the_way.is_empty(), evidence)
}

fn fault(check: Option<&Check>, context: &GateContext<'_>) -> Option<&'static str> {
    let Some(check) = check else {
        return Some("not reported");
    };
    let (at, now) = (check.reported.at, context.now);
    if !check.green {
        Some("red")
    } else if now.since(at) > context.policy.check_max_age() {
        Some("too old")
    } else if at.since(now) > CLOCK_DIFFERENCE {
        Some("reported in the future")
    } else {
        None
    }
}

/// No incident is open.
pub(super) fn no_open_incident(context: &GateContext<'_>) -> Verdict {
    let open = context.state.open_incidents();
    let shown = open.keys().map(IncidentId::as_str).take(10);
    let shown: Vec<&str> = shown.collect();
    Verdict::new(
        open.is_empty(),
        json!({ "open": open.len(), "incidents": shown }),
    )
}

/// Each rollback has its post-analysis.
pub(super) fn post_analyses_filed(context: &GateContext<'_>) -> Verdict {
    let due = context.state.post_analyses_due();
    let due: Vec<Value> = due.map(|rollback| rollback.done.seq.into()).collect();
    let shown: Vec<&Value> = due.iter().take(10).collect();
    let evidence = json!({ "due": due.len(), "rollbacks": shown });
    Verdict::new(due.is_empty(), evidence)
}
