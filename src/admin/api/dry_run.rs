//! `GET /api/transitions/{step}`: what would become of a step.

use std::sync::Arc;

use axum::extract::{Path, State, rejection::PathRejection};
use serde::Serialize;

use super::{params::Params, response::AtHead};
use crate::{
    admin::{
        access::Viewer,
        blocking::blocking,
        command::refused,
        problem::{Problem, ProblemKind},
        shared::Shared,
    },
    rollout::{DryRun, ImpossibleTransition, Phase, Transition, gate::GateReport},
};

/// A [`DryRun`] in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    step: Transition,
    to: Phase,
    head: u64,
    passes: bool,
    impossible: Option<Impossible>,
    gates: Vec<GateReport>,
}

#[derive(Debug, Serialize)]
struct Impossible {
    from: Phase,
    detail: String,
    /// The phases that can be reached instead.
    possible: Vec<Phase>,
}

pub(crate) async fn show(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    step: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<AtHead<Shown>, Problem> {
    let step = named(step)?;
    params.finish()?;
    let rollout = Arc::clone(&shared.rollout);
    let run = blocking(move || {
        let run = rollout.dry_run(step);
        run.map_err(|refusal| refused(&rollout, &refusal))
    });
    let run = run.await??;
    Ok(AtHead(run.head, Shown::of(run)))
}

fn named(step: Result<Path<String>, PathRejection>) -> Result<Transition, Problem> {
    let named = step.ok().and_then(|Path(name)| {
        let mut steps = Transition::ALL.into_iter();
        steps.find(|step| step.as_str() == name)
    });
    named.ok_or_else(|| {
        let detail = "The steps are enable, cutover, retire, abort and rollback.";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

impl Shown {
    fn of(run: DryRun) -> Self {
        Self {
            step: run.step,
            to: run.step.to(),
            head: run.head,
            passes: run.passes(),
            impossible: run.impossible.map(Impossible::of),
            gates: run.gates,
        }
    }
}

impl Impossible {
    fn of(error: ImpossibleTransition) -> Self {
        Self {
            from: error.from(),
            detail: error.to_string(),
            possible: error.possible().collect(),
        }
    }
}
