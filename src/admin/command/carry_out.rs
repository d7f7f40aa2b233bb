//! Carrying an order out.

use std::sync::Arc;

use super::{
    command::{Command, Wish},
    if_match::IfMatch,
    refused::{no_such_head, problem},
};
use crate::{
    admin::{
        access::Principal,
        blocking::blocking,
        problem::{Problem, ProblemKind},
        shared::Shared,
    },
    rollout::{CommandContext, Refusal, RolledBack, Rollout, event::Event, names::CorrelationId},
};

/// Who orders it, by which request, resting on what.
#[derive(Clone, Debug)]
pub(crate) struct By {
    pub(crate) principal: Principal,
    pub(crate) correlation: CorrelationId,
    pub(crate) condition: IfMatch,
}

/// An order that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// The number of the event, or where the journal stands if there is none.
    pub(crate) head: u64,
    /// What stands in the journal now; `None` for a rollback that took effect and could not be journaled yet.
    pub(crate) event: Option<Event>,
}

/// Carries an order out.
///
/// # Errors
///
/// When the rollout refuses it, or it rests on another head.
pub(crate) async fn carry_out(shared: &Arc<Shared>, wish: Wish, by: By) -> Result<Done, Problem> {
    let rollout = Arc::clone(&shared.rollout);
    blocking(move || decide(&rollout, wish, by)).await?
}

fn decide(rollout: &Rollout, wish: Wish, by: By) -> Result<Done, Problem> {
    let order =
        CommandContext::new(by.principal.actor().clone(), wish.reason).correlated(by.correlation);
    let order = match wish.command {
        // The way back never waits for a condition.
        Command::Rollback { .. } => order,
        _ => match expected(rollout, &by.condition)? {
            Some(head) => order.expecting(head),
            None => order,
        },
    };
    obey(rollout, wish.command, &order).map_err(|refusal| problem(rollout, &refusal))
}

fn expected(rollout: &Rollout, condition: &IfMatch) -> Result<Option<u64>, Problem> {
    if *condition == IfMatch::Absent {
        return Ok(None);
    }
    let head = rollout
        .journal()
        .head()
        .map_err(|error| unreadable(&error))?;
    condition.expected(head).map_err(|_| no_such_head(head))
}

/// The problem of a journal that cannot be read.
pub(crate) fn unreadable(error: &impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "the journal could not be read");
    Problem::new(
        ProblemKind::JournalFailing,
        "The journal cannot be read. The log says why.",
    )
}

fn obey(rollout: &Rollout, command: Command, order: &CommandContext) -> Result<Done, Refusal> {
    let recorded = match command {
        Command::Rollback { incident } => {
            return Ok(match rollout.rollback(incident, order)? {
                RolledBack::Recorded(event) => Done::recorded(event),
                RolledBack::Unrecorded => Done::unrecorded(rollout.status().head),
            });
        }
        Command::Transition { to, overridden } if overridden.is_empty() => {
            rollout.transition(to, order)
        }
        Command::Transition { overridden, .. } => rollout.override_cutover(&overridden, order),
        Command::Check { check, green, link } => rollout.report_check(check, green, link, order),
        Command::OpenIncident(incident) => rollout.open_incident(incident, order),
        Command::CloseIncident(incident) => rollout.close_incident(incident, order),
        Command::Waive {
            waived,
            owner,
            until,
        } => rollout.waive(waived, owner, until, order),
        Command::EndWaiver(waived) => rollout.end_waiver(waived, order),
        Command::PostAnalysis {
            rollback,
            link,
            summary,
        } => rollout.file_post_analysis(rollback, link, summary, order),
        Command::ClientRollback {
            kind,
            version,
            incident,
        } => rollout.client_rolled_back(kind, version, incident, order),
        Command::Policy(policy) => rollout.change_policy(&policy, order),
    };
    recorded.map(Done::recorded)
}

impl Done {
    fn recorded(event: Event) -> Self {
        Self {
            head: event.seq(),
            event: Some(event),
        }
    }

    const fn unrecorded(head: u64) -> Self {
        Self { head, event: None }
    }
}
