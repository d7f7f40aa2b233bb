//! The routes over the rollout: its status, and dry runs of its transitions.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::{Path, State, rejection::PathRejection};
use serde::Serialize;

use super::{params::Params, with_etag::WithEtag};
use crate::{
    admin::{
        access::{Principal, Role, Viewer},
        command::refusal_problem,
        problem::{Problem, ProblemKind},
        shared::{Shared, blocking},
        totals::{EventRefView, ResponseTotals, Totals, flag_word, responses},
    },
    census::{Counts, CoverageReport, KindCounts, Report, Window},
    rollout::{
        ActorKind, Check, ClientRollback, ContractDigest, DryRun, FlagName, GateReport, Identifier,
        ImpossibleTransition, IncidentId, Link, Obligation, Overdue, Override, Owner, Phase,
        Policy, PostAnalysis, Rollback, RolloutStatus, Summary, Transition, Waiver, WaiverTarget,
    },
    time::Timestamp,
};

/// A [`DryRun`] in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct DryRunView {
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

/// `GET /api/transitions/{step}`: the result that a transition would have.
pub(crate) async fn dry_run(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    step: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<WithEtag<DryRunView>, Problem> {
    let step = named(step)?;
    params.finish()?;
    let rollout = Arc::clone(&shared.rollout);
    let run = blocking(move || {
        let run = rollout.dry_run(step);
        run.map_err(|refusal| refusal_problem(&rollout, &refusal))
    });
    let run = run.await??;
    Ok(WithEtag(run.head, DryRunView::of(run)))
}

fn named(step: Result<Path<String>, PathRejection>) -> Result<Transition, Problem> {
    let named = step.ok().and_then(|Path(name)| {
        let mut steps = Transition::ALL.into_iter();
        steps.find(|step| step.as_str() == name)
    });
    named.ok_or_else(|| {
        let detail = "The transitions are enable, cutover, retire, abort and rollback.";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

impl DryRunView {
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

/// `GET /api/status`: the state of the rollout.
pub(crate) async fn status(
    Viewer(principal): Viewer,
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<WithEtag<StatusView>, Problem> {
    params.finish()?;
    let view = blocking(move || StatusView::now(&shared, &principal)).await?;
    Ok(WithEtag(view.head(), view))
}

/// The state of the rollout as of its last command or tick.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    at: Timestamp,
    head: u64,
    flag_name: FlagName,
    flag: &'static str,
    phase: Phase,
    entered: EventRefView,
    opened: EventRefView,
    next: Option<Transition>,
    gates: Vec<GateReport>,
    obligations: Vec<ObligationView>,
    overdue: Vec<&'static str>,
    checks: Vec<CheckView>,
    incidents: Vec<IncidentView>,
    waivers: Vec<WaiverView>,
    rollbacks: Vec<RollbackView>,
    overrides: Vec<OverrideView>,
    client_rollbacks: Vec<ClientRollbackView>,
    contract: Option<ContractView>,
    transitions: BTreeMap<&'static str, u64>,
    policy: Policy,
    policy_set: EventRefView,
    journal: JournalView,
    process_starts: u64,
    refusals: Refusals,
    /// Of each standard window; empty without a census.
    coverage: Vec<CoverageView>,
    /// `None` without a census.
    totals: Option<TotalsView>,
    responses: Vec<ResponseTotals>,
    you: You,
}

#[derive(Debug, Serialize)]
struct ObligationView {
    duty: &'static str,
    /// The number of the event of the rollback.
    rollback: u64,
    incident: IncidentId,
    due: Timestamp,
    overdue: bool,
}

#[derive(Debug, Serialize)]
struct CheckView {
    check: Identifier,
    green: bool,
    link: Option<Link>,
    reported: EventRefView,
}

#[derive(Debug, Serialize)]
struct IncidentView {
    incident: IncidentId,
    opened: EventRefView,
}

#[derive(Debug, Serialize)]
struct WaiverView {
    target: WaiverTarget,
    owner: Owner,
    until: Timestamp,
    holds: bool,
    granted: EventRefView,
}

#[derive(Debug, Serialize)]
struct RollbackView {
    incident: IncidentId,
    done: EventRefView,
    running: bool,
    ended: Option<EventRefView>,
    post_analysis: Option<PostAnalysisView>,
}

#[derive(Debug, Serialize)]
struct PostAnalysisView {
    link: Link,
    summary: Summary,
    filed: EventRefView,
}

#[derive(Debug, Serialize)]
struct OverrideView {
    gates: Vec<Identifier>,
    done: EventRefView,
}

#[derive(Debug, Serialize)]
struct ClientRollbackView {
    kind: Identifier,
    version: String,
    incident: Option<IncidentId>,
    done: EventRefView,
}

#[derive(Debug, Serialize)]
struct ContractView {
    digest: ContractDigest,
    since: EventRefView,
}

#[derive(Debug, Serialize)]
struct JournalView {
    works: bool,
    error: Option<String>,
    /// Whether a rollback has taken effect that is not journaled yet.
    rollback_unrecorded: bool,
}

#[derive(Debug, Serialize)]
struct Refusals {
    journaled: u64,
    /// Beyond the hourly limit, since the process started.
    unjournaled: u64,
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

impl StatusView {
    /// Walks all callers: not for an async thread.
    pub(crate) fn now(shared: &Shared, principal: &Principal) -> Self {
        let rollout = &shared.rollout;
        let reports = rollout
            .census()
            .map(|census| census.reports(Window::STANDARD));
        let mut view = Self::of(&rollout.status(), principal);
        view.responses = responses(rollout);
        if let Some(reports) = reports {
            view.totals = reports.iter().find_map(TotalsView::of);
            view.coverage = reports.into_iter().map(CoverageView::of).collect();
        }
        view
    }

    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    fn of(status: &RolloutStatus, principal: &Principal) -> Self {
        let (state, now) = (&status.state, status.at);
        let obligations = state.obligations(now, status.policy.rollback_limit());
        let overdue = status.overdue.iter().copied().map(Overdue::as_str);
        let incidents = state.open_incidents().iter();
        let waivers = state.waivers().iter();
        let contract = state.contract();
        let transitions = Transition::ALL.map(|step| (step.as_str(), state.count_of(step)));
        Self {
            at: now,
            head: status.head,
            flag_name: state.flag_name().clone(),
            flag: flag_word(status.flag),
            phase: state.phase(),
            entered: EventRefView::of(state.entered()),
            opened: EventRefView::of(state.opened()),
            next: status.next,
            gates: status.gates.clone(),
            obligations: obligations
                .map(|obligations| ObligationView::of(&obligations))
                .collect(),
            overdue: overdue.collect(),
            checks: state.checks().iter().map(CheckView::of).collect(),
            incidents: incidents
                .map(|(incident, opened)| IncidentView {
                    incident: incident.clone(),
                    opened: EventRefView::of(opened),
                })
                .collect(),
            waivers: waivers.map(|waiver| WaiverView::of(waiver, now)).collect(),
            rollbacks: state.rollbacks().iter().map(RollbackView::of).collect(),
            overrides: state.overrides().iter().map(OverrideView::of).collect(),
            client_rollbacks: state
                .client_rollbacks()
                .iter()
                .map(ClientRollbackView::of)
                .collect(),
            contract: contract.map(|served| ContractView {
                digest: served.digest.clone(),
                since: EventRefView::of(&served.since),
            }),
            transitions: transitions.into(),
            policy: status.policy.clone(),
            policy_set: EventRefView::of(state.policy_set()),
            journal: JournalView {
                works: status.journal_error.is_none(),
                error: status.journal_error.clone(),
                rollback_unrecorded: status.rollback_unrecorded,
            },
            process_starts: state.process_starts(),
            refusals: Refusals {
                journaled: state.refusals(),
                unjournaled: status.unjournaled_refusals,
            },
            coverage: Vec::new(),
            totals: None,
            responses: Vec::new(),
            you: You::of(principal),
        }
    }
}

impl ObligationView {
    fn of(obligations: &Obligation<'_>) -> Self {
        Self {
            duty: obligations.duty.as_str(),
            rollback: obligations.rollback.done.seq,
            incident: obligations.rollback.incident.clone(),
            due: obligations.due,
            overdue: obligations.overdue,
        }
    }
}

impl CheckView {
    fn of((name, check): (&Identifier, &Check)) -> Self {
        Self {
            check: name.clone(),
            green: check.green,
            link: check.link.clone(),
            reported: EventRefView::of(&check.reported),
        }
    }
}

impl WaiverView {
    fn of((target, waiver): (&WaiverTarget, &Waiver), now: Timestamp) -> Self {
        Self {
            target: target.clone(),
            owner: waiver.owner.clone(),
            until: waiver.until,
            holds: waiver.holds(now),
            granted: EventRefView::of(&waiver.granted),
        }
    }
}

impl RollbackView {
    fn of(rollback: &Rollback) -> Self {
        let post_analysis = rollback.post_analysis.as_ref();
        Self {
            incident: rollback.incident.clone(),
            done: EventRefView::of(&rollback.done),
            running: rollback.is_running(),
            ended: rollback.ended.as_ref().map(EventRefView::of),
            post_analysis: post_analysis.map(PostAnalysisView::of),
        }
    }
}

impl PostAnalysisView {
    fn of(analysis: &PostAnalysis) -> Self {
        Self {
            link: analysis.link.clone(),
            summary: analysis.summary.clone(),
            filed: EventRefView::of(&analysis.filed),
        }
    }
}

impl OverrideView {
    fn of(overridden: &Override) -> Self {
        Self {
            gates: overridden.gates.clone(),
            done: EventRefView::of(&overridden.done),
        }
    }
}

impl ClientRollbackView {
    fn of(rollback: &ClientRollback) -> Self {
        Self {
            kind: rollback.kind.clone(),
            version: rollback.version.to_string(),
            incident: rollback.incident.clone(),
            done: EventRefView::of(&rollback.done),
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

impl You {
    fn of(principal: &Principal) -> Self {
        let actor = principal.actor();
        Self {
            name: actor.id().to_string(),
            kind: actor.kind(),
            role: principal.role(),
        }
    }
}
