//! The routes over the census and its history: callers, reports, time series.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::params::Params;
use crate::{
    admin::history::{HistoryRange, TimeSeries},
    admin::{
        access::Viewer,
        problem::Problem,
        shared::{Shared, blocking},
    },
    caller::Kind,
    census::{Census, ListQuery, Page, Report, Select, SortBy},
};

const ORDERS: [(&str, bool); 2] = [("asc", false), ("desc", true)];

/// The default length of the list.
const LIMIT: usize = 100;

/// `GET /api/callers`: the callers one by one.
pub(crate) async fn callers(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Json<Page>, Problem> {
    let census = census(&shared)?;
    let query = query(params, &census)?;
    blocking(move || census.list(&query)).await.map(Json)
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
    let range = params.parsed("range").unwrap_or(HistoryRange::Day);
    params.finish()?;
    let history = shared.history.clone();
    let history = history.ok_or_else(|| Problem::not_configured("a history"))?;
    blocking(move || history.time_series(range)).await.map(Json)
}

fn census(shared: &Shared) -> Result<Arc<Census>, Problem> {
    let census = shared.rollout.census().cloned();
    census.ok_or_else(|| Problem::not_configured("a census"))
}

fn query(mut params: Params, census: &Census) -> Result<ListQuery, Problem> {
    let query = ListQuery::new(params.window())
        .select(
            params
                .choice("state", &words(Select::ALL, Select::as_str))
                .unwrap_or(Select::All),
        )
        .sort(
            params
                .choice("sort", &words(SortBy::ALL, SortBy::as_str))
                .unwrap_or(SortBy::LastSeen),
        )
        .descending(params.choice("order", &ORDERS).unwrap_or(true));
    let kind = kind(&mut params, census);
    let offset = params.parsed::<usize>("offset").unwrap_or(0);
    let limit = params.limit(LIMIT, ListQuery::MAX_LIMIT);
    params.finish()?;
    let query = query.page(offset, limit);
    Ok(match kind {
        Some(kind) => query.kind(kind),
        None => query,
    })
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|item| (word(*item), *item)).collect()
}

fn kind(params: &mut Params, census: &Census) -> Option<Kind> {
    let name = params.text("kind")?;
    let kind = census.kinds().find(&name);
    if kind.is_none() {
        let names: Vec<_> = census.kinds().names().collect();
        params.fault("kind", &name, format!("one of {}", names.join(", ")));
    }
    kind
}
