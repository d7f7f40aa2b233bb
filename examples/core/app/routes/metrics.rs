//! `GET /metrics`, for Prometheus. The metrics identify no client, so they require no token.

use axum::{
    extract::State,
    http::{HeaderName, header::CONTENT_TYPE},
};
use prometheus_client::encoding::text;

use super::super::{error::ApiError, state::AppState};

/// The format that `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn metrics(
    State(state): State<AppState>,
) -> Result<([(HeaderName, &'static str); 1], String), ApiError> {
    let mut shown = String::new();
    text::encode(&mut shown, state.registry())
        .map_err(|_| ApiError::internal("The metrics could not be written."))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], shown))
}
