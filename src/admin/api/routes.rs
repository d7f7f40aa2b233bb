//! All routes of the API in one table: the router is built from it, and tests compare the documentation with it.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use super::{
    census::{callers, report, timeseries},
    journal::{events, journal},
    rollout::{dry_run, status},
};
use crate::admin::{
    access::Operator,
    command::{CommandKind, CommandMeta, CommandOutcome, IfMatch, execute},
    layers::Correlation,
    mount_path::MountPath,
    params::{JsonBody, Params},
    problem::Problem,
    shared::Shared,
};

/// The `OpenAPI` 3.1 document.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// One route.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) action: Action,
}

/// What a route does. Its handler checks the role.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// `GET`: changes nothing.
    Show(fn() -> MethodRouter<Arc<Shared>>),
    /// `POST`: executes a command, for operators only.
    Execute(CommandKind),
}

#[rustfmt::skip]
pub(crate) const ROUTES: [Route; 22] = [
    show("/openapi.json", || get(openapi)),
    show("/api/status", || get(status)),
    show("/api/report", || get(report)),
    show("/api/callers", || get(callers)),
    show("/api/timeseries", || get(timeseries)),
    show("/api/journal", || get(journal)),
    show("/api/transitions/{step}", || get(dry_run)),
    show("/api/events", || get(events)),
    command("/api/transitions", CommandKind::Transition),
    command("/api/rollbacks", CommandKind::Rollback),
    command("/api/rollbacks/extend", CommandKind::ExtendRollback),
    command("/api/brownouts", CommandKind::AnnounceBrownout),
    command("/api/brownouts/end", CommandKind::EndBrownout),
    command("/api/checks", CommandKind::Check),
    command("/api/incidents", CommandKind::OpenIncident),
    command("/api/incidents/close", CommandKind::CloseIncident),
    command("/api/instances/write-off", CommandKind::WriteOffInstance),
    command("/api/waivers", CommandKind::Waive),
    command("/api/waivers/end", CommandKind::EndWaiver),
    command("/api/post-analyses", CommandKind::PostAnalysis),
    command("/api/client-rollbacks", CommandKind::ClientRollback),
    command("/api/policy", CommandKind::Policy),
];

/// The router of the API.
pub(crate) fn router() -> Router<Arc<Shared>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let handler = match route.action {
            Action::Show(handler) => handler(),
            Action::Execute(kind) => executing(kind),
        };
        router.route(route.path, handler)
    })
}

/// The document, with the address that the router is mounted at.
async fn openapi(base: MountPath) -> impl IntoResponse {
    let document = OPENAPI.replacen(SERVER, &format!(r#"{{"url": "{}""#, base.home()), 1);
    ([(CONTENT_TYPE, "application/json")], document)
}

/// The address in the document as it is written.
const SERVER: &str = r#"{"url": "/""#;

const fn show(path: &'static str, handler: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    let action = Action::Show(handler);
    Route { path, action }
}

const fn command(path: &'static str, kind: CommandKind) -> Route {
    let action = Action::Execute(kind);
    Route { path, action }
}

/// The handler of one kind of command.
fn executing(kind: CommandKind) -> MethodRouter<Arc<Shared>> {
    post(
        move |Operator(principal): Operator,
              State(shared): State<Arc<Shared>>,
              Extension(Correlation(correlation)): Extension<Correlation>,
              headers: HeaderMap,
              params: Params,
              JsonBody(body): JsonBody| async move {
            params.finish()?;
            let request = kind
                .read(&body)
                .map_err(|faults| Problem::invalid(&faults))?;
            let meta = CommandMeta {
                principal,
                correlation,
                condition: condition(kind, &headers)?,
            };
            execute(&shared, request, meta).await
        },
    )
}

/// A rollback and the end of a brownout have no condition, so not even a malformed one stops it.
fn condition(kind: CommandKind, headers: &HeaderMap) -> Result<IfMatch, Problem> {
    match kind {
        CommandKind::Rollback | CommandKind::EndBrownout => Ok(IfMatch::Absent),
        _ => IfMatch::of(headers),
    }
}

impl IntoResponse for CommandOutcome {
    fn into_response(self) -> Response {
        let Self {
            head,
            event,
            propagation,
        } = self;
        if let Some(event) = event {
            let mut body = json!({ "head": head, "event": event });
            if let Some(propagation) = propagation {
                body["applied"] = json!(propagation.to_string());
                body["propagation"] = json!(propagation);
            }
            return Json(body).into_response();
        }
        let accepted = json!({ "head": head, "recorded": false });
        (StatusCode::ACCEPTED, Json(accepted)).into_response()
    }
}

/// The routes, the `OpenAPI` document and the module documentation agree.
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{Action, OPENAPI, ROUTES};
    use crate::{
        admin::{access::Role, history::HistoryRange, problem::ProblemKind},
        caller::Generation,
        census::{CallerState, Select, SortBy},
        rollout::{
            BrownoutStage, ObligationKind, Phase, Transition, fleet::SyncWord, names::ActorKind,
        },
    };

    fn routes() -> BTreeSet<(String, String)> {
        let rows = ROUTES.iter().map(|route| {
            let method = match route.action {
                Action::Show(_) => "GET",
                Action::Execute(_) => "POST",
            };
            (method.to_owned(), route.path.to_owned())
        });
        rows.collect()
    }

    /// Each operation with its role. That routes check the role is tested over a socket.
    fn documented() -> BTreeSet<(String, String, String)> {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let role = operation["x-role"].as_str().unwrap().to_owned();
                documented.insert((method.to_uppercase(), path.clone(), role));
            }
        }
        documented
    }

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let documented = documented().into_iter();
        let documented: BTreeSet<_> = documented.map(|(method, path, _)| (method, path)).collect();
        assert_eq!(documented, routes());
    }

    #[test]
    fn the_document_has_every_problem_and_no_other() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let types = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
        assert_eq!(
            *types,
            serde_json::json!(
                ProblemKind::ALL
                    .iter()
                    .map(|kind| kind.uri())
                    .collect::<Vec<_>>()
            )
        );
    }

    #[test]
    fn every_enumeration_of_the_document_has_the_words_of_the_code() {
        fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
            all.iter().copied().map(word).collect()
        }
        let caller = "/components/schemas/Caller/properties";
        let parameters = "/paths/~1api~1callers/get/parameters";
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        for (place, words) in [
            (
                format!("{caller}/generation"),
                words(Generation::ALL, Generation::as_str),
            ),
            (
                format!("{caller}/state"),
                words(CallerState::ALL, CallerState::as_str),
            ),
            (
                format!("{parameters}/2/schema"),
                words(Select::ALL, Select::as_str),
            ),
            (
                format!("{parameters}/3/schema"),
                words(SortBy::ALL, SortBy::as_str),
            ),
            (
                "/components/schemas/Actor/properties/kind".to_owned(),
                words(ActorKind::ALL, ActorKind::as_str),
            ),
            (
                "/components/schemas/Phase".to_owned(),
                words(Phase::ALL, Phase::as_str),
            ),
            (
                "/components/schemas/Sync".to_owned(),
                words(SyncWord::ALL, SyncWord::as_str),
            ),
            (
                "/components/schemas/Step".to_owned(),
                words(Transition::ALL, Transition::as_str),
            ),
            (
                "/components/schemas/Status/properties/brownouts/items/properties/stage".to_owned(),
                words(BrownoutStage::ALL, BrownoutStage::as_str),
            ),
            (
                "/components/schemas/TimeSeries/properties/range".to_owned(),
                words(HistoryRange::ALL, HistoryRange::as_str),
            ),
            (
                "/components/schemas/Status/properties/overdue/items".to_owned(),
                words(ObligationKind::ALL, ObligationKind::as_str),
            ),
            (
                "/components/schemas/Status/properties/you/properties/role".to_owned(),
                words(Role::ALL, Role::as_str),
            ),
        ] {
            let listed = document.pointer(&format!("{place}/enum"));
            let listed = listed
                .and_then(Value::as_array)
                .unwrap_or_else(|| panic!("{place}"));
            let listed: BTreeSet<_> = listed.iter().filter_map(Value::as_str).collect();
            assert_eq!(listed, words.into_iter().collect(), "{place}");
        }
    }

    /// Rows such as ``| `GET /api/status` | viewer | … |``.
    #[test]
    fn the_head_of_the_module_has_every_route_and_no_other() {
        let head = include_str!("../mod.rs")
            .lines()
            .map_while(|line| line.strip_prefix("//!"));
        let rows = head.filter_map(|line| {
            let (route, rest) = line.trim().strip_prefix("| `")?.split_once("` | ")?;
            let (method, path) = route.split_once(' ')?;
            let (role, _) = rest.split_once(" |")?;
            let path = path.split(['?', '[']).next()?;
            let is_api = path.starts_with("/api/") || path == "/openapi.json";
            is_api.then(|| (method.to_owned(), path.to_owned(), role.to_owned()))
        });
        assert_eq!(rows.collect::<BTreeSet<_>>(), documented());
    }

    #[test]
    fn the_head_of_the_module_has_every_problem_and_no_other() {
        let head = include_str!("../mod.rs")
            .lines()
            .map_while(|line| line.strip_prefix("//!"));
        let rows = head.filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("| `")?.split_once("` | ")?;
            let (status, _) = rest.split_once(" |")?;
            Some((name, status.parse::<u16>().ok()?))
        });
        let kinds = ProblemKind::ALL.iter();
        let kinds = kinds.map(|kind| (kind.as_str(), kind.status().as_u16()));
        assert_eq!(rows.collect::<Vec<_>>(), kinds.collect::<Vec<_>>());
    }
}
