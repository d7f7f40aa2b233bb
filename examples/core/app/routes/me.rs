//! `GET /api/v1/auth/clients/me`: the client of an access token. It is not on the contract; it shows that a token is
//! valid, and that a previous one was revoked.

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
