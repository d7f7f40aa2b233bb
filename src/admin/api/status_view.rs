//! Where the rollout stands, in JSON.

use serde::Serialize;

use crate::{
    admin::{
        access::{Principal, Role},
        shared::Shared,
        totals::{AnswerTotals, Totals, responses},
    },
    census::{Counts, CoverageReport, KindCounts, Report, Window},
    rollout::{RolloutStatus, RolloutView, gate::GateReport, names::ActorKind},
};

/// The view of the rollout, and what only the running service knows, as of its last command or tick.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    #[serde(flatten)]
    rollout: RolloutView,
    /// Of the next gated transition, as last evaluated.
    gates: Vec<GateReport>,
    journal: JournalView,
    /// Of each standard window; empty without a census.
    coverage: Vec<CoverageView>,
    /// `None` without a census.
    totals: Option<TotalsView>,
    responses: Vec<AnswerTotals>,
    you: You,
}

#[derive(Debug, Serialize)]
struct JournalView {
    works: bool,
    error: Option<String>,
    /// Whether a rollback took effect that is not in the journal yet.
    rollback_unrecorded: bool,
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
        self.rollout.head
    }

    fn of(status: &RolloutStatus, principal: &Principal) -> Self {
        Self {
            rollout: status.view(),
            gates: status.gates.clone(),
            journal: JournalView {
                works: status.journal_error.is_none(),
                error: status.journal_error.clone(),
                rollback_unrecorded: status.rollback_unrecorded,
            },
            coverage: Vec::new(),
            totals: None,
            responses: Vec::new(),
            you: You::of(principal),
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
