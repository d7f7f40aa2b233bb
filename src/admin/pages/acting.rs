//! The forms that are sent.

use axum::{extract::Path, response::Response};

use super::{
    frame::Scene,
    html::html,
    looking::{draw_analysis, draw_step, kinds, no_such},
    records::Records,
    rollback::Rollback,
    sent::{Refused, Sent},
    trouble::Trouble,
    waivers::Waivers,
};
use crate::{
    admin::command::{CommandKind, Form},
    rollout::{Rollout, Transition},
};

pub(crate) async fn step(Path(step): Path<String>, sent: Sent) -> Response {
    let mut steps = Transition::ALL
        .into_iter()
        .filter(|step| *step != Transition::Rollback);
    let Some(step) = steps.find(|known| known.as_str() == step) else {
        return no_such("There is no step of this name.");
    };
    let sent = sent.with("to", step.to().as_str());
    match sent.carry_out(CommandKind::Transition, "").await {
        Ok(response) => response,
        Err(refused) => {
            again(*refused, move |rollout, scene, sent| {
                draw_step(rollout, scene, step, sent)
            })
            .await
        }
    }
}

pub(crate) async fn rollback(sent: Sent) -> Response {
    match sent.carry_out(CommandKind::Rollback, "").await {
        Ok(response) => response,
        Err(refused) => {
            again(*refused, |_, scene, (form, trouble)| {
                html(&Rollback::new(scene, form, trouble))
            })
            .await
        }
    }
}

pub(crate) async fn waive(sent: Sent) -> Response {
    waivers(sent, CommandKind::Waive).await
}

pub(crate) async fn end_waiver(sent: Sent) -> Response {
    waivers(sent, CommandKind::EndWaiver).await
}

async fn waivers(sent: Sent, kind: CommandKind) -> Response {
    match sent.carry_out(kind, "/waive").await {
        Ok(response) => response,
        Err(refused) => {
            again(*refused, |_, scene, (form, trouble)| {
                html(&Waivers::new(scene, kinds(scene), form, trouble))
            })
            .await
        }
    }
}

pub(crate) async fn analysis(Path(seq): Path<String>, sent: Sent) -> Response {
    let page = format!("/post-analysis/{seq}");
    let sent = sent.with("rollback", seq.as_str());
    match sent.carry_out(CommandKind::PostAnalysis, &page).await {
        Ok(response) => response,
        Err(refused) => {
            again(*refused, move |_, scene, sent| {
                draw_analysis(scene, &seq, sent)
            })
            .await
        }
    }
}

pub(crate) async fn check(sent: Sent) -> Response {
    records(sent, CommandKind::Check).await
}

pub(crate) async fn open_incident(sent: Sent) -> Response {
    records(sent, CommandKind::OpenIncident).await
}

pub(crate) async fn close_incident(sent: Sent) -> Response {
    records(sent, CommandKind::CloseIncident).await
}

pub(crate) async fn client_rollback(sent: Sent) -> Response {
    records(sent, CommandKind::ClientRollback).await
}

async fn records(sent: Sent, kind: CommandKind) -> Response {
    match sent.carry_out(kind, "/records").await {
        Ok(response) => response,
        Err(refused) => {
            again(*refused, move |_, scene, (form, trouble)| {
                html(&Records::new(
                    scene,
                    kinds(scene),
                    (Some(kind), form),
                    trouble,
                ))
            })
            .await
        }
    }
}

/// The page again, with what was sent and why it was not carried out.
async fn again(
    refused: Refused,
    page: impl FnOnce(&Rollout, &Scene, (Form, Option<Trouble>)) -> Response + Send + 'static,
) -> Response {
    let Refused {
        visit,
        form,
        trouble,
    } = refused;
    let status = trouble.status;
    let mut response = visit
        .draw(move |rollout, scene| page(rollout, &scene, (form, Some(trouble))))
        .await;
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}
