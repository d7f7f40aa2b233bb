//! A refusal as a problem.

use serde_json::{Value, json};

use crate::{
    admin::problem::{Problem, ProblemKind},
    rollout::{
        Phase, Refusal, RefusalKind, Rollout, Transition, journal::Conflict, names::Identifier,
    },
};

/// The problem of a refusal. It says where the journal stands, and what the gates said.
pub(crate) fn problem(rollout: &Rollout, refusal: &Refusal) -> Problem {
    let kind = kind(refusal.kind());
    let problem = Problem::new(kind, sentence(refusal)).with("head", refusal.head());
    let problem = match refusal.gates() {
        [] => problem,
        gates => problem.with("gates", json!(gates)),
    };
    match refusal.kind() {
        RefusalKind::Impossible(error) => with_phase(problem, rollout, error.from())
            .with("possible", json!(error.possible().collect::<Vec<_>>())),
        RefusalKind::NotInCutover(phase) => {
            let possible: Vec<Phase> = phase.transitions().map(Transition::to).collect();
            with_phase(problem, rollout, *phase).with("possible", json!(possible))
        }
        RefusalKind::GatesFailed(failing) => problem.with("failing", names(failing)),
        RefusalKind::OverrideMismatch {
            unnamed,
            not_failing,
        } => problem
            .with("unnamed", names(unnamed))
            .with("not_failing", names(not_failing)),
        RefusalKind::Conflict(conflict) => with_conflict(problem, conflict),
        RefusalKind::NotJournaled(error) => problem.with("certain", error.is_certain()),
        RefusalKind::NeedsIncident
        | RefusalKind::RollbackUnrecorded
        | RefusalKind::Invalid(_)
        | RefusalKind::Unreadable(_) => problem,
    }
}

/// The problem of an order that rests on no head that there ever was.
pub(crate) fn no_such_head(head: u64) -> Problem {
    let detail = format!(
        "None of the entity tags in `If-Match` is one of this journal, which stands at {head}."
    );
    Problem::new(ProblemKind::Conflict, detail)
        .with("head", head)
        .with("happened", json!([]))
}

fn kind(kind: &RefusalKind) -> ProblemKind {
    match kind {
        RefusalKind::Impossible(_) | RefusalKind::NotInCutover(_) => ProblemKind::Impossible,
        RefusalKind::NeedsIncident => ProblemKind::NeedsIncident,
        RefusalKind::GatesFailed(_) => ProblemKind::GatesFailed,
        RefusalKind::OverrideMismatch { .. } => ProblemKind::OverrideMismatch,
        RefusalKind::Conflict(_) => ProblemKind::Conflict,
        RefusalKind::RollbackUnrecorded => ProblemKind::RollbackUnrecorded,
        RefusalKind::Invalid(_) => ProblemKind::Unfitting,
        RefusalKind::NotJournaled(_) | RefusalKind::Unreadable(_) => ProblemKind::JournalFailing,
    }
}

/// The refusal's own words, as a sentence.
fn sentence(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

fn with_phase(problem: Problem, rollout: &Rollout, phase: Phase) -> Problem {
    let status = rollout.status();
    let entered = status.state.entered().clone();
    problem
        .with("phase", phase.as_str())
        .with("entered", json!(entered))
}

fn with_conflict(problem: Problem, conflict: &Conflict) -> Problem {
    problem
        .with("expected", conflict.expected())
        .with("head", conflict.head())
        .with("happened", json!(conflict.events_since()))
}

fn names(labels: &[Identifier]) -> Value {
    json!(labels)
}
