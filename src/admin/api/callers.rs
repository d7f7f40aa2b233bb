//! `GET /api/callers`: the callers one by one.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{params::Params, response::not_configured};
use crate::{
    admin::{access::Viewer, blocking::blocking, problem::Problem, shared::Shared},
    caller::{Kind, Kinds},
    census::{CallerState, Census, ListQuery, Page, Select, SortBy},
};

/// Which callers can be asked for.
const STATES: [(&str, Select); 10] = [
    ("all", Select::All),
    (
        "never_dependent",
        Select::State(CallerState::NeverDependent),
    ),
    ("dependent", Select::State(CallerState::Dependent)),
    ("inconclusive", Select::State(CallerState::Inconclusive)),
    ("migrated", Select::State(CallerState::Migrated)),
    ("inactive", Select::State(CallerState::Inactive)),
    ("stranded", Select::Stranded),
    ("regressed", Select::Regressed),
    ("depended", Select::Depended),
    ("unresolved", Select::Unresolved),
];

/// In which order.
const SORTS: [(&str, SortBy); 7] = [
    ("last_seen", SortBy::LastSeen),
    ("first_seen", SortBy::FirstSeen),
    ("last_dependent", SortBy::LastDependent),
    ("responses", SortBy::Responses),
    ("dependent_responses", SortBy::DependentResponses),
    ("kind", SortBy::Kind),
    ("fingerprint", SortBy::Fingerprint),
];

const ORDERS: [(&str, bool); 2] = [("asc", false), ("desc", true)];

/// How many are shown where nobody says.
const LIMIT: usize = 100;

pub(crate) async fn list(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<Json<Page>, Problem> {
    let census = shared.rollout.census().cloned();
    let census = census.ok_or_else(|| not_configured("a census"))?;
    let query = query(params, &census)?;
    blocking(move || census.list(&query)).await.map(Json)
}

fn query(mut params: Params, census: &Census) -> Result<ListQuery, Problem> {
    let query = ListQuery::new(params.window())
        .select(params.choice("state", &STATES).unwrap_or(Select::All))
        .sort(params.choice("sort", &SORTS).unwrap_or(SortBy::LastSeen))
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

fn kind(params: &mut Params, census: &Census) -> Option<Kind> {
    let name = params.text("kind")?;
    let names = census.kind_names();
    let kinds = Kinds::new(names.iter().skip(1).cloned()).unwrap_or_default();
    let kind = kinds.find(&name);
    if kind.is_none() {
        params.fault("kind", &name, format!("one of {}", names.join(", ")));
    }
    kind
}
