//! The device's side of the flow: start, poll, cancel.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{
    error::ApiError,
    extract::{ApiJson, Attempt},
    flow::{Decided, Polled, Stage},
    kind::ClientKind,
    state::AppState,
};

const MAX_LABEL_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartRequest {
    client_kind: ClientKind,
    client_label: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Started {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceCode {
    device_code: String,
}

/// `POST /api/v1/auth/clients/device/start`
pub(crate) async fn start(
    State(state): State<AppState>,
    _: Attempt,
    ApiJson(request): ApiJson<StartRequest>,
) -> Result<Json<Started>, ApiError> {
    request.validate()?;
    let kind = request.client_kind;
    let flows = state.flows();
    let codes = flows.open(state.now(), kind, request.client_label);
    tracing::debug!(client_kind = %kind, "device flow started");
    let uri = state.verification_uri();
    Ok(Json(Started {
        verification_uri: uri.to_owned(),
        verification_uri_complete: format!("{uri}?user_code={}", codes.user_code),
        device_code: codes.device_code,
        user_code: codes.user_code,
        expires_in: flows.expires_in().as_secs(),
        interval: flows.interval().as_secs(),
    }))
}

/// `POST /api/v1/auth/clients/device/poll`
pub(crate) async fn poll(
    State(state): State<AppState>,
    ApiJson(request): ApiJson<DeviceCode>,
) -> Result<Json<Value>, ApiError> {
    let flows = state.flows();
    match flows.poll(state.now(), &request.device_code) {
        Polled::Pending => {
            let interval = flows.interval().as_secs();
            Ok(Json(json!({ "status": "PENDING", "interval": interval })))
        }
        Polled::Approved(kind, decided) => Ok(Json(approved(&state, kind, &decided))),
        Polled::Denied => Ok(Json(json!({ "status": "DENIED" }))),
        Polled::Expired => Ok(Json(json!({ "status": "EXPIRED" }))),
        Polled::Invalid => Err(ApiError::invalid_device_code()),
        Polled::TooFast(wait) => Err(ApiError::slow_down(wait)),
    }
}

/// `POST /api/v1/auth/clients/device/cancel`
pub(crate) async fn cancel(
    State(state): State<AppState>,
    ApiJson(request): ApiJson<DeviceCode>,
) -> Result<Json<Value>, ApiError> {
    match state.flows().cancel(state.now(), &request.device_code) {
        Ok(()) => Ok(Json(json!({ "canceled": true }))),
        Err(Some(Stage::Expired)) => Err(ApiError::expired_device_code()),
        Err(_) => Err(ApiError::invalid_device_code()),
    }
}

/// Registers the client only now, so that its secret is never stored in plain text.
fn approved(state: &AppState, kind: ClientKind, decided: &Decided) -> Value {
    let credentials = state.clients().register(kind);
    tracing::debug!(client_kind = %kind, "client registered");
    json!({
        "status": "APPROVED",
        "client_id": credentials.client_id,
        "client_kind": kind,
        "secret_key": credentials.secret_key,
        "approved_at": decided.at,
        "approved_by_user_id": decided.user_id,
    })
}

impl StartRequest {
    fn validate(&self) -> Result<(), ApiError> {
        if self.client_kind == ClientKind::UiRust {
            return Err(ApiError::validation("client_kind must be AGENT or MCP"));
        }
        let label = self.client_label.as_deref().unwrap_or_default();
        if label.chars().count() > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
            let problem = "client_label must be at most 100 characters, none of them control";
            return Err(ApiError::validation(problem));
        }
        Ok(())
    }
}
