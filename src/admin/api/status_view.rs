//! How the rollout stands, in JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::time::Timestamp;
use crate::{
    admin::{
        access::{Principal, Role},
        shared::Shared,
        stamp::StampView,
        totals::{AnswerTotals, Totals, flag_word, responses},
    },
    census::{Counts, CoverageReport, KindCounts, Report, Window},
    rollout::{
        ActorKind, Check, ClientRollback, ContractDigest, FlagName, GateReport, Identifier,
        IncidentId, Link, Obligation, Overdue, Override, Owner, Phase, Policy, PostAnalysis,
        Rollback, RolloutStatus, Summary, Transition, Waiver, WaiverTarget,
    },
};

/// Everything that is known of where the rollout stands, as of its last command or tick.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    at: Timestamp,
    head: u64,
    flag_name: FlagName,
    flag: &'static str,
    phase: Phase,
    entered: StampView,
    opened: StampView,
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
    policy_set: StampView,
    journal: JournalView,
    process_starts: u64,
    refusals: Refusals,
    /// Of each ready-made window; empty without a census.
    coverage: Vec<CoverageView>,
    /// `None` without a census.
    totals: Option<TotalsView>,
    responses: Vec<AnswerTotals>,
    you: You,
}

#[derive(Debug, Serialize)]
struct ObligationView {
    duty: &'static str,
    /// The number of the event by which the rollout was rolled back.
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
    reported: StampView,
}

#[derive(Debug, Serialize)]
struct IncidentView {
    incident: IncidentId,
    opened: StampView,
}

#[derive(Debug, Serialize)]
struct WaiverView {
    waived: WaiverTarget,
    owner: Owner,
    until: Timestamp,
    holds: bool,
    granted: StampView,
}

#[derive(Debug, Serialize)]
struct RollbackView {
    incident: IncidentId,
    done: StampView,
    running: bool,
    ended: Option<StampView>,
    post_analysis: Option<PostAnalysisView>,
}

#[derive(Debug, Serialize)]
struct PostAnalysisView {
    link: Link,
    summary: Summary,
    filed: StampView,
}

#[derive(Debug, Serialize)]
struct OverrideView {
    gates: Vec<Identifier>,
    done: StampView,
}

#[derive(Debug, Serialize)]
struct ClientRollbackView {
    kind: Identifier,
    version: String,
    incident: Option<IncidentId>,
    done: StampView,
}

#[derive(Debug, Serialize)]
struct ContractView {
    digest: ContractDigest,
    since: StampView,
}

#[derive(Debug, Serialize)]
struct JournalView {
    works: bool,
    error: Option<String>,
    /// Whether a rollback took effect that is not in the journal yet.
    rollback_unrecorded: bool,
}

#[derive(Debug, Serialize)]
struct Refusals {
    journaled: u64,
    /// Since the process started: there were too many.
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

/// Whom the token is for.
#[derive(Debug, Serialize)]
struct You {
    name: String,
    kind: ActorKind,
    role: Role,
}

impl StatusView {
    /// Looks at all callers: not for an async thread.
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
            entered: StampView::of(state.entered()),
            opened: StampView::of(state.opened()),
            next: status.next,
            gates: status.gates.clone(),
            obligations: obligations.map(|owed| ObligationView::of(&owed)).collect(),
            overdue: overdue.collect(),
            checks: state.checks().iter().map(CheckView::of).collect(),
            incidents: incidents
                .map(|(incident, opened)| IncidentView {
                    incident: incident.clone(),
                    opened: StampView::of(opened),
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
                since: StampView::of(&served.since),
            }),
            transitions: transitions.into(),
            policy: status.policy.clone(),
            policy_set: StampView::of(state.policy_set()),
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
    fn of(owed: &Obligation<'_>) -> Self {
        Self {
            duty: owed.duty.as_str(),
            rollback: owed.rollback.done.seq,
            incident: owed.rollback.incident.clone(),
            due: owed.due,
            overdue: owed.overdue,
        }
    }
}

impl CheckView {
    fn of((name, check): (&Identifier, &Check)) -> Self {
        Self {
            check: name.clone(),
            green: check.green,
            link: check.link.clone(),
            reported: StampView::of(&check.reported),
        }
    }
}

impl WaiverView {
    fn of((whose, waiver): (&WaiverTarget, &Waiver), now: Timestamp) -> Self {
        Self {
            waived: whose.clone(),
            owner: waiver.owner.clone(),
            until: waiver.until,
            holds: waiver.holds(now),
            granted: StampView::of(&waiver.granted),
        }
    }
}

impl RollbackView {
    fn of(rollback: &Rollback) -> Self {
        let post_analysis = rollback.post_analysis.as_ref();
        Self {
            incident: rollback.incident.clone(),
            done: StampView::of(&rollback.done),
            running: rollback.is_running(),
            ended: rollback.ended.as_ref().map(StampView::of),
            post_analysis: post_analysis.map(PostAnalysisView::of),
        }
    }
}

impl PostAnalysisView {
    fn of(analysis: &PostAnalysis) -> Self {
        Self {
            link: analysis.link.clone(),
            summary: analysis.summary.clone(),
            filed: StampView::of(&analysis.filed),
        }
    }
}

impl OverrideView {
    fn of(overridden: &Override) -> Self {
        Self {
            gates: overridden.gates.clone(),
            done: StampView::of(&overridden.done),
        }
    }
}

impl ClientRollbackView {
    fn of(rollback: &ClientRollback) -> Self {
        Self {
            kind: rollback.kind.clone(),
            version: rollback.version.to_string(),
            incident: rollback.incident.clone(),
            done: StampView::of(&rollback.done),
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
    /// Of the window that totals are told of.
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
