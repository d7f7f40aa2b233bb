//! The routes that execute commands.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::{MethodRouter, post},
};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::params::Params;
use crate::admin::{
    access::Operator,
    body::JsonBody,
    command::{CommandKind, CommandMeta, CommandOutcome, IfMatch, execute},
    layers::Correlation,
    problem::Problem,
    shared::Shared,
};

/// The route of one kind of command.
pub(crate) fn command(kind: CommandKind) -> MethodRouter<Arc<Shared>> {
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

/// A rollback has no condition, so not even a malformed one stops it.
fn condition(kind: CommandKind, headers: &HeaderMap) -> Result<IfMatch, Problem> {
    match kind {
        CommandKind::Rollback => Ok(IfMatch::Absent),
        _ => IfMatch::of(headers),
    }
}

impl IntoResponse for CommandOutcome {
    fn into_response(self) -> Response {
        let Self { head, event } = self;
        if let Some(event) = event {
            return Json(json!({ "head": head, "event": event })).into_response();
        }
        let accepted = json!({ "head": head, "recorded": false });
        (StatusCode::ACCEPTED, Json(accepted)).into_response()
    }
}
