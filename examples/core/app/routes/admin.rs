//! `PUT /admin/compat`: flips the switch.

use axum::{Json, extract::State, http::StatusCode};
use legacy_http_compat::FlagState;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    error::ApiError,
    extract::{Admin, ApiJson},
    state::AppState,
};

const MAX_CHARS: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flip {
    active: bool,
    actor: String,
    reason: String,
}

pub(crate) async fn set_compat(
    State(state): State<AppState>,
    _: Admin,
    ApiJson(flip): ApiJson<Flip>,
) -> Result<Json<Value>, ApiError> {
    flip.validate()?;
    let flag = state.flag();
    let now = flag.set(flip.active);
    if now == FlagState::Retired {
        let message = "The switch is retired for good.";
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "COMPAT_RETIRED",
            message,
        ));
    }
    let active = now == FlagState::On;
    let Flip { actor, reason, .. } = &flip;
    tracing::info!(flag = flag.name(), active, ?actor, ?reason, "compat set");
    Ok(Json(json!({ "active": active })))
}

impl Flip {
    fn validate(&self) -> Result<(), ApiError> {
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_CHARS;
        if fits(&self.actor) && fits(&self.reason) {
            return Ok(());
        }
        let problem = "actor and reason must have between 1 and 500 characters";
        Err(ApiError::validation(problem))
    }
}
