//! What the evidence of a failing gate asks for.

use legacy_http_compat::rollout::{
    CommandContext, DryRun, Rollout,
    gate::{Evidence, UnknownReason, WatchedWindow},
    names::{IncidentId, Link, Summary},
};

/// What an operator can do about a gate that fails.
#[derive(Debug)]
pub(crate) enum WayOut {
    /// Wait: until a time that it says, until callers that it names or counts are gone, or for traffic.
    Wait,
    /// Give the census more places, or wait until those without one are gone.
    MorePlaces,
    CloseIncidents(Vec<IncidentId>),
}

impl WayOut {
    /// `None` if the evidence says nothing that can be done.
    pub(crate) fn of(evidence: &Evidence) -> Option<Self> {
        match evidence {
            Evidence::Instrumentation(_) => Some(Self::Wait),
            Evidence::NoDependentResponses(found) => {
                let blocking = &found.blocking;
                let unplaced = blocking.unplaced_responses + blocking.estimated_callers;
                let named = blocking.callers == 0 || !found.callers.is_empty();
                let blocks = blocking.callers + blocking.anonymous_responses > 0;
                places(unplaced).or_else(|| wait(is_ahead(&found.watched) || blocks && named))
            }
            Evidence::AllCallersResolved(found) => {
                let blocking = &found.blocking;
                let callers = blocking.callers + blocking.latent + blocking.due;
                let named = callers == 0 || !found.callers.is_empty();
                let dated = blocking.due == 0 || found.due_until.is_some();
                let blocks = callers + blocking.anonymous_responses > 0;
                let waits = is_ahead(&found.watched) || found.snapshots_lost > 0;
                places(blocking.estimated_callers)
                    .or_else(|| wait(waits || blocks && named && dated))
            }
            Evidence::Coverage(found) => wait(
                is_ahead(&found.watched)
                    || found.snapshots_lost > 0
                    || found.responses < found.min_responses,
            ),
            Evidence::Unknown(found) => wait(found.unknown == UnknownReason::CensusUnreachable),
            Evidence::NoOpenIncident(found) => Some(Self::CloseIncidents(found.incidents.clone())),
            _ => None,
        }
    }
}

/// Whether the evidence says when the window was watched.
fn is_ahead(watched: &WatchedWindow) -> bool {
    watched.ready_at.is_some()
}

fn wait(waits: bool) -> Option<WayOut> {
    waits.then_some(WayOut::Wait)
}

fn places(unplaced: u64) -> Option<WayOut> {
    (unplaced > 0).then_some(WayOut::MorePlaces)
}

pub(crate) fn file_post_analysis(rollout: &Rollout, rollback: u64, command: &CommandContext) {
    let link = Link::new("https://wiki.example/post-analysis").expect("a link");
    let summary = Summary::new("a client came back").expect("a sentence");
    let filed = rollout.file_post_analysis(rollback, link, summary, command);
    filed.expect("it is due");
}

/// The gates that fail, with their evidence.
pub(crate) fn text(run: &DryRun) -> String {
    let failing = run.failing().map(|report| {
        let evidence = serde_json::to_string(&report.evidence.to_members());
        format!("{} {}", report.name, evidence.expect("it is JSON"))
    });
    failing.collect::<Vec<_>>().join("; ")
}
