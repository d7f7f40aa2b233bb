//! `POST /api/v1/auth/clients/token`: issues an access token for a client's secret.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use super::super::{
    clients::TOKEN_LIFETIME,
    error::ApiError,
    extract::{ApiJson, Attempt},
    kind::ClientKind,
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    client_id: String,
    client_kind: ClientKind,
    secret_key: String,
}

#[derive(Serialize)]
pub(crate) struct Minted {
    client_id: String,
    client_kind: ClientKind,
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

pub(crate) async fn mint(
    State(state): State<AppState>,
    _: Attempt,
    ApiJson(request): ApiJson<TokenRequest>,
) -> Result<Json<Minted>, ApiError> {
    let (id, kind) = (request.client_id, request.client_kind);
    if kind == ClientKind::UiRust {
        let message = "UI_RUST does not get client tokens.";
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "FORBIDDEN_ACTOR",
            message,
        ));
    }
    let token = state
        .clients()
        .mint(state.now(), &id, kind, &request.secret_key);
    let access_token = token
        .ok_or_else(|| ApiError::unauthorized("The client is unknown or its secret is wrong."))?;
    Ok(Json(Minted {
        client_id: id,
        client_kind: kind,
        access_token,
        token_type: "Bearer",
        expires_in: TOKEN_LIFETIME.as_secs(),
    }))
}
