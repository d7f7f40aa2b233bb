//! Setting the switch, as far as the rollout allows.

use axum::http::StatusCode;
use legacy_http_compat::{
    FlagState,
    rollout::{
        GateReport, IncidentId, Order, Phase, Refusal, RefusalKind, RolledBack, Rollout,
        RolloutStatus,
    },
};
use serde_json::json;

use super::error::ApiError;

/// How often it is tried again when something else was journaled in between.
const TRIES: u32 = 8;

/// What somebody wants of the switch.
pub(crate) struct Wish {
    pub(crate) active: bool,
    pub(crate) order: Order,
    /// What a rollback is done for.
    pub(crate) incident: Option<IncidentId>,
}

/// What became of it.
pub(crate) enum Done {
    /// It stands in the journal, or nothing had to change.
    OnRecord,
    /// A rollback took effect that the journal did not take.
    Unrecorded,
}

/// The step that leads to what is wanted.
enum Step {
    None,
    To(Phase),
    Back,
}

impl Wish {
    /// Sets the switch. Blocks while the journal is written.
    pub(crate) fn fulfil(self, rollout: &Rollout) -> Result<Done, ApiError> {
        for _ in 0..TRIES {
            match self.attempt(rollout, &rollout.status())? {
                Ok(done) => return Ok(done),
                Err(refusal) if others_were_faster(&refusal) => {}
                Err(refusal) => return Err(refused(&refusal)),
            }
        }
        let message = "The rollout changes too fast.";
        Err(ApiError::new(StatusCode::CONFLICT, "CONFLICT", message))
    }

    /// One attempt, from where the rollout stood a moment ago.
    fn attempt(
        &self,
        rollout: &Rollout,
        seen: &RolloutStatus,
    ) -> Result<Result<Done, Refusal>, ApiError> {
        let order = self.order.clone().expecting(seen.head);
        Ok(match self.step(seen)? {
            Step::None if seen.rollback_unrecorded => Ok(Done::Unrecorded),
            Step::None => Ok(Done::OnRecord),
            Step::To(phase) => rollout.transition(phase, &order).map(|_| Done::OnRecord),
            Step::Back => rollout.rollback(self.incident()?, &order).map(Done::from),
        })
    }

    fn step(&self, seen: &RolloutStatus) -> Result<Step, ApiError> {
        let is_active = seen.flag == FlagState::On;
        Ok(match seen.state.phase() {
            Phase::Retired => return Err(retired()),
            _ if is_active == self.active => Step::None,
            Phase::Observe => Step::To(Phase::Compat),
            Phase::Cutover if self.active => Step::Back,
            // From cutover there is no such step: a rollback took effect that is not in the journal yet, and the rollout
            // refuses all else.
            Phase::Compat | Phase::Cutover => Step::To(Phase::Cutover),
        })
    }

    fn incident(&self) -> Result<IncidentId, ApiError> {
        let problem = "after the cutover, active: true is a rollback and needs an incident";
        self.incident
            .clone()
            .ok_or_else(|| ApiError::validation(problem))
    }
}

impl From<RolledBack> for Done {
    fn from(done: RolledBack) -> Self {
        match done {
            RolledBack::Recorded(_) => Self::OnRecord,
            RolledBack::Unrecorded => Self::Unrecorded,
        }
    }
}

/// The phase is another than the one that was seen, or something else was journaled since.
fn others_were_faster(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind(),
        RefusalKind::Conflict(_) | RefusalKind::Impossible(_) | RefusalKind::NotInCutover(_)
    )
}

fn refused(refusal: &Refusal) -> ApiError {
    match refusal.kind() {
        RefusalKind::GatesFailed(_) => {
            let failing = refusal.gates().iter().filter(|report| !report.passed());
            let failing: Vec<&GateReport> = failing.collect();
            let message = "The evidence for this step is missing.";
            ApiError::new(StatusCode::CONFLICT, "GATES_FAILED", message)
                .with_details(json!({ "gates": failing }))
        }
        RefusalKind::RollbackUnrecorded
        | RefusalKind::NotJournaled(_)
        | RefusalKind::Unreadable(_) => {
            let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, "JOURNAL_UNAVAILABLE");
            ApiError::new(status, code, "The journal does not work at the moment.")
        }
        kind => ApiError::new(StatusCode::CONFLICT, "CONFLICT", kind.to_string()),
    }
}

fn retired() -> ApiError {
    let message = "The switch is retired for good.";
    ApiError::new(StatusCode::CONFLICT, "COMPAT_RETIRED", message)
}
