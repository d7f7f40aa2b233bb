//! What somebody owes because of a rollback.

use super::moment::Moment;
use crate::rollout::{ObligationKind, RolloutStatus};
use crate::time::Timestamp;

/// What is owed, until when, and where to do it.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) text: String,
    pub(crate) due: Moment,
    pub(crate) overdue: bool,
    pub(crate) href: String,
    pub(crate) action: &'static str,
}

pub(crate) fn owed(base: &str, status: &RolloutStatus, now: Timestamp) -> Vec<Owed> {
    let limit = status.policy.rollback_limit();
    let obligations = status.state.obligations(now, limit);
    let each = obligations.map(|obligation| {
        let (seq, incident) = (obligation.rollback.done.seq, &obligation.rollback.incident);
        let (text, href, action) = match obligation.kind {
            ObligationKind::EndRollback => (
                format!("The rollback for {incident} still runs: cut over again, or give up."),
                format!("{base}/transition/cutover"),
                "To the cutover",
            ),
            _ => (
                format!("The rollback for {incident} (event {seq}) has no post-analysis yet."),
                format!("{base}/post-analysis/{seq}"),
                "File it",
            ),
        };
        Owed {
            text,
            due: Moment::new(obligation.due, now),
            overdue: obligation.overdue,
            href,
            action,
        }
    });
    each.collect()
}
