//! `GET /admin/census?window=24h`: who still depends on the old answers.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use legacy_http_compat::census::{
    CallerState, Census, ListQuery, Page, Report, Select, SnapshotStatus, SortBy, Window,
};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::super::{error::ApiError, extract::Admin, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default = "day")]
    window: String,
}

#[derive(Serialize)]
pub(crate) struct Shown {
    report: Report,
    /// The first hundred, those seen last first.
    dependent_callers: Page,
    /// How the writing of snapshots goes.
    snapshot: Option<SnapshotStatus>,
}

pub(crate) async fn report(
    State(state): State<AppState>,
    _: Admin,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Shown>, ApiError> {
    let Query(asked) = asked.map_err(|error| ApiError::validation(error.body_text()))?;
    let window = window(&asked.window)?;
    let census = Arc::clone(&state.watch().census);
    // Looking at all callers can take longer than other requests should wait.
    let shown = spawn_blocking(move || look(&census, window)).await;
    shown
        .map(Json)
        .map_err(|_| ApiError::internal("The report could not be made."))
}

fn look(census: &Census, window: Window) -> Shown {
    let dependent = ListQuery::new(window)
        .select(Select::State(CallerState::Dependent))
        .sort(SortBy::LastSeen)
        .descending(true)
        .page(0, 100);
    Shown {
        report: census.report(window),
        dependent_callers: census.list(&dependent),
        snapshot: census.snapshot_status(),
    }
}

/// A window such as `5m`, `24h` or `7d`.
fn window(text: &str) -> Result<Window, ApiError> {
    let parsed = seconds(text).map(Duration::from_secs);
    let problem = format!("window must be like 5m, 24h or 7d, at most 30d, not {text:?}");
    parsed
        .and_then(|length| Window::new(length).ok())
        .ok_or_else(|| ApiError::validation(problem))
}

fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    text[..text.len() - 1]
        .parse::<u64>()
        .ok()?
        .checked_mul(unit)
}

fn day() -> String {
    Window::DAY.label()
}
