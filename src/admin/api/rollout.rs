//! The routes over the rollout: its status, and dry runs of its transitions.

use std::sync::Arc;

use axum::extract::{Path, State, rejection::PathRejection};
use serde::Serialize;

use crate::{
    admin::{
        access::{Principal, Role, Viewer},
        command::{WithEtag, refusal_problem},
        event_hub::{ResponseTotals, Totals, responses},
        params::Params,
        problem::{Problem, ProblemKind},
        shared::{Shared, blocking},
    },
    census::{Counts, CoverageReport, KindCounts, Report},
    metrics::RehearsedOutcome,
    rollout::{
        DryRun, GatesVerdict, ImpossibleTransition, Phase, RolloutView, Transition, event::Head,
        gate::GateReport, names::ActorKind,
    },
};

/// The view of the rollout as of its last command or tick, and what only the running service knows.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    #[serde(flatten)]
    rollout: RolloutView,
    journal: JournalView,
    /// Of each standard window; empty without a census.
    coverage: Vec<CoverageView>,
    /// `None` without a census.
    totals: Option<TotalsView>,
    responses: Vec<ResponseTotals>,
    you: You,
}

#[derive(Debug, Serialize)]
struct JournalView {
    works: bool,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct CoverageView {
    window: String,
    #[serde(flatten)]
    coverage: CoverageReport,
}

#[derive(Debug, Serialize)]
struct TotalsView {
    window: String,
    all: Counts,
    kinds: Vec<KindCounts>,
}

/// The principal of the request.
#[derive(Debug, Serialize)]
struct You {
    name: String,
    kind: ActorKind,
    role: Role,
}

/// A [`DryRun`] in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct DryRunView {
    step: Transition,
    to: Phase,
    head: Head,
    decision: u64,
    passes: bool,
    impossible: Option<Impossible>,
    /// The rollbacks whose post-analyses must be filed first.
    post_analyses_due: Vec<u64>,
    /// The brownout that runs, and must end first.
    brownout_running: Option<u64>,
    gates_verdict: GatesVerdict,
    gates: Vec<GateReport>,
    /// Of a rollback.
    rehearsed: Option<Vec<RehearsedOutcome>>,
}

#[derive(Debug, Serialize)]
struct Impossible {
    from: Phase,
    detail: String,
    /// The phases that can be reached instead.
    possible: Vec<Phase>,
}

/// `GET /api/status`: the state of the rollout.
pub(crate) async fn status(
    Viewer(principal): Viewer,
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<WithEtag<StatusView>, Problem> {
    params.finish()?;
    let view = blocking(move || StatusView::now(&shared, &principal)).await?;
    Ok(WithEtag(view.rollout.decision, view))
}

/// `GET /api/transitions/{step}`: the result that a transition would have.
pub(crate) async fn dry_run(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    step: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<WithEtag<DryRunView>, Problem> {
    let step = transition(step)?;
    params.finish()?;
    let rollout = Arc::clone(&shared.rollout);
    let run = blocking(move || {
        let run = rollout.dry_run(step);
        run.map_err(|refusal| refusal_problem(&rollout, &refusal))
    });
    let run = run.await??;
    Ok(WithEtag(run.decision, DryRunView::of(run)))
}

fn transition(step: Result<Path<String>, PathRejection>) -> Result<Transition, Problem> {
    let step = step.ok().and_then(|Path(name)| {
        let mut steps = Transition::ALL.iter().copied();
        steps.find(|step| step.as_str() == name)
    });
    step.ok_or_else(|| {
        let detail = "The transitions are enable, cutover, retire and rollback.";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

impl StatusView {
    /// May walk all callers: not for an async thread.
    fn now(shared: &Shared, principal: &Principal) -> Self {
        let (rollout, status) = (&shared.rollout, shared.rollout.status());
        let reports = rollout.evaluation().reports.clone();
        Self {
            rollout: rollout.view(),
            journal: JournalView {
                works: status.journal_error.is_none(),
                error: status.journal_error.clone(),
            },
            totals: reports.iter().find_map(TotalsView::of),
            coverage: reports.into_iter().map(CoverageView::of).collect(),
            responses: responses(rollout),
            you: You {
                name: principal.actor.id.to_string(),
                kind: principal.actor.kind,
                role: principal.role,
            },
        }
    }
}

impl CoverageView {
    fn of(report: Report) -> Self {
        Self {
            window: report.window,
            coverage: report.coverage,
        }
    }
}

impl TotalsView {
    /// Of the window of the totals.
    fn of(report: &Report) -> Option<Self> {
        (report.window == Totals::WINDOW.label()).then(|| Self {
            window: report.window.clone(),
            all: report.all,
            kinds: report.kinds.clone(),
        })
    }
}

impl DryRunView {
    fn of(run: DryRun) -> Self {
        Self {
            step: run.step,
            to: run.step.to(),
            head: run.head,
            decision: run.decision,
            passes: run.passes(),
            gates_verdict: run.verdict(),
            post_analyses_due: run.post_analyses_due,
            brownout_running: run.brownout_running,
            impossible: run.impossible.map(Impossible::of),
            gates: run.gates,
            rehearsed: run.rehearsed,
        }
    }
}

impl Impossible {
    fn of(error: ImpossibleTransition) -> Self {
        Self {
            from: error.from,
            detail: error.to_string(),
            possible: error.possible().collect(),
        }
    }
}
