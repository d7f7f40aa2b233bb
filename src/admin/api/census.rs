//! The routes over the census and its history: callers, reports, time series.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    admin::{
        access::Viewer,
        callers_query::CallersQuery,
        history::{HistoryRange, TimeSeries},
        params::Params,
        problem::Problem,
        shared::{Shared, blocking},
    },
    census::{Census, ListQuery, Page, Report},
};

/// The default length of the list.
const LIMIT: usize = 100;

/// `GET /api/callers`: the callers one by one.
pub(crate) async fn callers(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<Page>, Problem> {
    let census = census(&shared)?;
    let query = CallersQuery::read(&mut params, census.kinds());
    let limit = params.limit(LIMIT, ListQuery::MAX_LIMIT);
    params.finish()?;
    let list = blocking(move || query.list(&census, limit));
    list.await.map(Json)
}

/// `GET /api/report`: the census of one window.
pub(crate) async fn report(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<Report>, Problem> {
    let window = params.window();
    params.finish()?;
    let census = census(&shared)?;
    blocking(move || census.report(window)).await.map(Json)
}

/// `GET /api/timeseries`: dependent callers and responses over time.
pub(crate) async fn timeseries(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<TimeSeries>, Problem> {
    let range = params.word("range", HistoryRange::ALL, HistoryRange::as_str);
    params.finish()?;
    let history = shared.history.clone();
    let history = history.ok_or_else(|| Problem::not_configured("a history"))?;
    blocking(move || history.time_series(range.unwrap_or(HistoryRange::Day)))
        .await
        .map(Json)
}

fn census(shared: &Shared) -> Result<Arc<Census>, Problem> {
    let census = shared.rollout.census();
    census.ok_or_else(|| Problem::not_configured("a census"))
}
