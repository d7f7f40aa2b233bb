//! `PUT /admin/compat`: sets the switch, as far as the rollout allows.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use legacy_http_compat::rollout::{Actor, IncidentId, InvalidText, Order, Reason};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::super::{
    correlation::Correlation,
    error::ApiError,
    extract::{Admin, ApiJson},
    state::AppState,
    switch::{Done, Wish},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flip {
    active: bool,
    actor: String,
    reason: String,
    /// What a rollback is done for.
    incident: Option<String>,
}

pub(crate) async fn set_compat(
    State(state): State<AppState>,
    _: Admin,
    Extension(correlation): Extension<Correlation>,
    ApiJson(flip): ApiJson<Flip>,
) -> Result<Json<Value>, ApiError> {
    let active = flip.active;
    let wish = flip.into_wish(&correlation);
    let wish = wish.map_err(|error| ApiError::validation(error.to_string()))?;
    let rollout = Arc::clone(state.rollout());
    // A step waits for the disk, and for a census of all callers.
    let done = spawn_blocking(move || wish.fulfil(&rollout)).await;
    let done = done.map_err(|_| ApiError::internal("The switch could not be set."))?;
    Ok(Json(match done? {
        Done::OnRecord => json!({ "active": active }),
        Done::Unrecorded => json!({ "active": active, "recorded": false }),
    }))
}

impl Flip {
    fn into_wish(self, correlation: &Correlation) -> Result<Wish, InvalidText> {
        let order = Order::new(Actor::human(self.actor)?, Reason::new(self.reason)?);
        Ok(Wish {
            active: self.active,
            order: correlation.tie(order),
            incident: self.incident.map(IncidentId::new).transpose()?,
        })
    }
}
