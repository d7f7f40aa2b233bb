//! Executing commands, and their refusals as problems.

use std::{fmt::Display, sync::Arc, time::Duration};

use serde_json::json;

use super::{
    command::{Command, CommandRequest},
    if_match::IfMatch,
};
use crate::{
    admin::{
        access::Principal,
        problem::{Problem, ProblemKind},
        shared::{Shared, blocking},
    },
    rollout::{
        CommandContext, Phase, Refusal, RefusalKind, RolledBack, Rollout, Transition,
        event::{Event, Head},
        fleet::Propagation,
        names::CorrelationId,
    },
};

/// Who issues a command, in which request, and under which condition.
#[derive(Clone, Debug)]
pub(crate) struct CommandMeta {
    pub(crate) principal: Principal,
    pub(crate) correlation: CorrelationId,
    pub(crate) condition: IfMatch,
}

/// The result of a command.
#[derive(Clone, Debug)]
pub(crate) struct CommandOutcome {
    /// The event, or the head of the journal if there is none.
    pub(crate) head: Head,
    /// The journaled event; `None` for a rollback or the end of a brownout that has taken effect but could not be journaled yet.
    pub(crate) event: Option<Event>,
    /// Which instances have applied it; only of a change of the flag, where several share the journal.
    pub(crate) propagation: Option<Propagation>,
}

/// How long the response to a change of the flag waits for other instances to apply it.
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(2);

/// Executes a command.
///
/// # Errors
///
/// If the rollout refuses it, or it expects another head.
pub(crate) async fn execute(
    shared: &Arc<Shared>,
    request: CommandRequest,
    meta: CommandMeta,
) -> Result<CommandOutcome, Problem> {
    let rollout = Arc::clone(&shared.rollout);
    blocking(move || execute_blocking(&rollout, request, meta)).await?
}

fn execute_blocking(
    rollout: &Rollout,
    request: CommandRequest,
    meta: CommandMeta,
) -> Result<CommandOutcome, Problem> {
    let actor = meta.principal.actor;
    let context = CommandContext::new(actor, request.reason).correlated(meta.correlation);
    let context = match request.command {
        // A rollback and the end of a brownout wait for no condition.
        Command::Rollback { .. } | Command::EndBrownout { .. } => context,
        _ => match expected_decision(rollout, &meta.condition)? {
            Some(decision) => context.expecting(decision),
            None => context,
        },
    };
    let switches = matches!(
        request.command,
        Command::Rollback { .. } | Command::EndBrownout { .. } | Command::Transition { .. }
    );
    let outcome = dispatch(rollout, request.command, &context)
        .map_err(|refusal| refusal_problem(rollout, &refusal))?;
    let event = outcome.event.as_ref().filter(|_| switches);
    let propagation =
        event.and_then(|event| rollout.await_propagation(event.head(), PROPAGATION_TIMEOUT));
    Ok(CommandOutcome {
        propagation,
        ..outcome
    })
}

fn expected_decision(rollout: &Rollout, condition: &IfMatch) -> Result<Option<u64>, Problem> {
    let decision = rollout.status().state.decision;
    let expected = condition.expected(decision);
    expected.map_err(|_| no_such_decision(rollout))
}

fn dispatch(
    rollout: &Rollout,
    command: Command,
    context: &CommandContext,
) -> Result<CommandOutcome, Refusal> {
    let recorded = match command {
        Command::Rollback { incident, cutover } => {
            let taken = rollout.rollback_of(cutover, incident, context)?;
            return Ok(CommandOutcome::taken(rollout, taken));
        }
        Command::EndBrownout { brownout, incident } => {
            let ended = rollout.end_brownout(brownout, incident, context)?;
            return Ok(CommandOutcome::taken(rollout, ended));
        }
        Command::AnnounceBrownout { start, length } => {
            rollout.announce_brownout(start, length, context)
        }
        Command::Transition { to, overridden } if overridden.is_empty() => {
            rollout.transition(to, context)
        }
        Command::Transition { overridden, .. } => rollout.override_cutover(&overridden, context),
        Command::ExtendRollback(until) => rollout.extend_rollback(until, context),
        Command::Check {
            check,
            green,
            link,
            contract_digest,
        } => rollout.report_check(check, green, link, contract_digest, context),
        Command::OpenIncident(incident) => rollout.open_incident(incident, context),
        Command::CloseIncident(incident) => rollout.close_incident(incident, context),
        Command::WriteOffInstance(instance) => rollout.write_off_instance(&instance, context),
        Command::Waive {
            target,
            owner,
            until,
        } => rollout.waive(target, owner, until, context),
        Command::EndWaiver(target) => rollout.end_waiver(target, context),
        Command::PostAnalysis {
            rollback,
            link,
            summary,
        } => rollout.file_post_analysis(rollback, link, summary, context),
        Command::ClientRollback {
            kind,
            version,
            incident,
        } => rollout.client_rolled_back(kind, version, incident, context),
        Command::Policy { policy, loosened } => rollout.loosen_policy(&policy, &loosened, context),
    };
    recorded.map(CommandOutcome::recorded)
}

impl CommandOutcome {
    /// Of what has taken effect, recorded or not.
    fn taken(rollout: &Rollout, taken: RolledBack) -> Self {
        match taken {
            RolledBack::Recorded(event) => Self::recorded(event),
            RolledBack::Unrecorded => Self {
                head: rollout.status().head,
                event: None,
                propagation: None,
            },
        }
    }

    fn recorded(event: Event) -> Self {
        Self {
            head: event.head(),
            event: Some(event),
            propagation: None,
        }
    }
}

/// The problem of a journal that cannot be read.
pub(crate) fn unreadable(error: &impl Display) -> Problem {
    tracing::error!(%error, "the journal could not be read");
    let detail = "The journal cannot be read. See the log for the cause.";
    Problem::new(ProblemKind::JournalFailing, detail)
}

/// The problem of a refusal, with the head of the journal and the gate reports.
pub(crate) fn refusal_problem(rollout: &Rollout, refusal: &Refusal) -> Problem {
    let problem = |kind| {
        let problem = Problem::new(kind, detail(refusal)).with("head", json!(refusal.head()));
        match refusal.gates() {
            [] => problem,
            gates => problem.with("gates", json!(gates)),
        }
    };
    let impossible = |phase: Phase, possible: Vec<Phase>| {
        problem(ProblemKind::Impossible)
            .with("phase", phase.as_str())
            .with("entered", json!(rollout.status().state.entered))
            .with("possible", json!(possible))
    };
    match refusal.kind() {
        RefusalKind::Impossible(error) => impossible(error.from, error.possible().collect()),
        RefusalKind::NotInCutover(phase) => {
            impossible(*phase, phase.transitions().map(Transition::to).collect())
        }
        RefusalKind::CutoverLeft(cutover, phase) => {
            let possible = phase.transitions().map(Transition::to).collect();
            impossible(*phase, possible).with("cutover", *cutover)
        }
        RefusalKind::PostAnalysesDue(due) => {
            problem(ProblemKind::PostAnalysesDue).with("post_analyses_due", json!(due))
        }
        RefusalKind::PolicyPinned => problem(ProblemKind::PolicyPinned),
        RefusalKind::PolicyLoosened(loosened) => {
            problem(ProblemKind::PolicyLoosened).with("loosened", json!(loosened))
        }
        RefusalKind::NeedsIncident => problem(ProblemKind::NeedsIncident),
        RefusalKind::GatesFailed(failing) => {
            problem(ProblemKind::GatesFailed).with("failing", json!(failing))
        }
        RefusalKind::OverrideMismatch {
            unnamed,
            not_failing,
        } => problem(ProblemKind::OverrideMismatch)
            .with("unnamed", json!(unnamed))
            .with("not_failing", json!(not_failing)),
        RefusalKind::Conflict(conflict) => problem(ProblemKind::Conflict)
            .with("expected", conflict.expected)
            .with("head", json!(conflict.head))
            .with("decision", rollout.status().state.decision)
            .with("events_since", json!(conflict.events_since)),
        RefusalKind::BrownoutNotAllowed(_) => problem(ProblemKind::BrownoutNotAllowed),
        RefusalKind::BrownoutRunning(seq) => {
            problem(ProblemKind::BrownoutRunning).with("brownout", *seq)
        }
        RefusalKind::RollbackUnrecorded => problem(ProblemKind::RollbackUnrecorded),
        RefusalKind::Invalid(_) | RefusalKind::InvalidPolicy(_) => problem(ProblemKind::Unfitting),
        RefusalKind::NotJournaled(error) => {
            problem(ProblemKind::JournalFailing).with("certain", error.is_certain())
        }
        RefusalKind::Unreadable(_) | RefusalKind::CensusUnreachable(_) => {
            problem(ProblemKind::JournalFailing)
        }
    }
}

/// The problem of a condition that names no decision that the journal ever had.
fn no_such_decision(rollout: &Rollout) -> Problem {
    let status = rollout.status();
    let decision = status.state.decision;
    let detail = format!(
        "No entity tag in `If-Match` belongs to this journal, whose last decision is event {decision}."
    );
    Problem::new(ProblemKind::Conflict, detail)
        .with("head", json!(status.head))
        .with("decision", decision)
        .with("events_since", json!([]))
}

/// The text of the refusal as a sentence.
fn detail(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), rest.as_str())
}
