//! `/device`: the page on which a user approves or denies a device.
//!
//! The user code is the only credential; a real Core would also require a sign-in. Here all decisions are those of one user,
//! [`USER_ID`]. Cross-site form submissions are refused.

use axum::{
    extract::{
        Form, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::super::{
    flow::{Decided, Decision, Flow, Stage},
    state::AppState,
};
use super::view::{Ask, Page};

/// The user behind this page.
const USER_ID: &str = "usr_1";

#[derive(Deserialize)]
pub(crate) struct Asked {
    user_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionForm {
    user_code: String,
    decision: Decision,
}

pub(crate) fn routes() -> MethodRouter<AppState> {
    let refuse = |_: ProtectionError| {
        let message = "The form was sent from another site.";
        Page::new(StatusCode::FORBIDDEN, "Not accepted", message).into_response()
    };
    get(show)
        .post(decide)
        .layer(CsrfLayer::new().with_rejection_response(refuse))
}

/// The style sheet, a separate file so that the page needs no inline style.
pub(crate) async fn style() -> impl IntoResponse {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    ([(CONTENT_TYPE, css)], include_str!("device.css"))
}

async fn show(State(state): State<AppState>, query: Result<Query<Asked>, QueryRejection>) -> Page {
    let code = match query {
        Ok(Query(asked)) => asked.user_code.unwrap_or_default(),
        Err(rejection) => return unreadable(rejection.status()),
    };
    if code.trim().is_empty() {
        let message = "Enter the code that your device shows.";
        return Page::new(StatusCode::OK, "Connect a device", message).ask(Ask::Code);
    }
    match state.flows().find(state.now(), &code) {
        Some((flow, Stage::Pending)) => question(flow),
        Some((_, at)) => closed(at),
        None => unknown(),
    }
}

async fn decide(
    State(state): State<AppState>,
    form: Result<Form<DecisionForm>, FormRejection>,
) -> Page {
    let DecisionForm {
        user_code,
        decision,
    } = match form {
        Ok(Form(decided)) => decided,
        Err(rejection) => return unreadable(rejection.status()),
    };
    let decided = Decided {
        decision,
        at: state.wall_time(),
        user_id: USER_ID.to_owned(),
    };
    match state.flows().decide(state.now(), &user_code, decided) {
        Ok(()) => {
            tracing::debug!(?decision, "device flow decided");
            thanks(decision)
        }
        Err(Some(at)) => closed(at),
        Err(None) => unknown(),
    }
}

fn question(flow: Flow) -> Page {
    let message = "A device requests to be connected. Approve it only if you started this yourself and \
                   your device shows the same code.";
    Page::new(StatusCode::OK, "Approve this device?", message).ask(Ask::Decision {
        user_code: flow.user_code,
        client_kind: flow.client_kind,
        client_label: flow.client_label.filter(|label| !label.trim().is_empty()),
    })
}

fn thanks(decision: Decision) -> Page {
    let (title, message) = match decision {
        Decision::Approve => ("Device approved", "You can go back to your device."),
        Decision::Deny => ("Device denied", "The device will not be connected."),
    };
    Page::new(StatusCode::OK, title, message)
}

fn unknown() -> Page {
    let message = "No device is waiting under this code. Check it and enter it again.";
    Page::new(StatusCode::NOT_FOUND, "Unknown code", message).ask(Ask::Code)
}

fn closed(stage: Stage) -> Page {
    if stage == Stage::Expired {
        let message = "This code has expired. Start again on your device to get a new one.";
        return Page::new(StatusCode::GONE, "Code expired", message);
    }
    let message = "This code was used already. Start again on your device to get a new one.";
    Page::new(StatusCode::CONFLICT, "Code already used", message)
}

fn unreadable(status: StatusCode) -> Page {
    let message = "The form could not be read. Open the page again and use its buttons.";
    Page::new(status, "Not understood", message)
}
