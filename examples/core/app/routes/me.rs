//! `GET /api/v1/auth/clients/me`: whose access token this is. Not part of the changing contract; it
//! is what shows that a token works, and that an earlier one was revoked.

use axum::{Json, extract::State, http::HeaderMap};
use serde_json::{Value, json};

use super::super::{error::ApiError, extract::bearer, state::AppState};

pub(crate) async fn me(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let client = bearer(&headers).and_then(|token| state.clients().bearer(state.now(), token));
    let (client_id, client_kind) =
        client.ok_or_else(|| ApiError::unauthorized("A live access token is required."))?;
    Ok(Json(
        json!({ "client_id": client_id, "client_kind": client_kind }),
    ))
}
