//! The pages that are looked at.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Path, Query, rejection::QueryRejection},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    analysis::Analysis,
    callers::{Callers, PAGE},
    callers_query::CallersQuery,
    frame::Scene,
    html::html,
    journal::{Journal, after},
    overview::{Overview, Sight},
    records::Records,
    remaining::Remaining,
    rollback::Rollback,
    step::Step,
    trouble::Trouble,
    visit::Visit,
    waivers::Waivers,
};
use crate::{
    admin::history::HistoryRange,
    admin::{
        command::{CommandKind, Form, unreadable},
        problem::{Problem, ProblemKind},
    },
    caller::Kinds,
    contract::LiveContract,
    rollout::{Event, GateReport, Rollout, Transition},
};

/// The fields of a query. One that cannot be read is as one that is missing: a page has a default for each.
pub(crate) type Asked = Result<Query<HashMap<String, String>>, QueryRejection>;

fn asked(query: Asked) -> HashMap<String, String> {
    query.map(|Query(fields)| fields).unwrap_or_default()
}

pub(crate) async fn overview(visit: Visit, query: Asked) -> Response {
    let span = asked(query).get("span").and_then(|span| span.parse().ok());
    let curves = visit.shared.history.clone();
    let curves =
        move || curves.map(|history| history.time_series(span.unwrap_or(HistoryRange::Day)));
    visit
        .draw(move |rollout, scene| {
            let next = next(rollout);
            let step = next.as_ref().map(|(step, _)| *step);
            let step = step.unwrap_or(Transition::Cutover);
            let contract = rollout.contract().map(LiveContract::current);
            let curves = curves();
            let sight = Sight {
                gates: next.as_ref().map(|(step, gates)| (*step, gates.as_slice())),
                remaining: &Remaining::of(rollout, step, scene.now),
                curves: curves.as_ref(),
                contract: contract.as_ref(),
                recent: &newest(rollout, scene.status.head, RECENT),
            };
            html(&Overview::new(&scene, &sight))
        })
        .await
}

/// So many events are on the overview.
const RECENT: u64 = 5;

/// The next gated step with what its gates say, or where the journal cannot be read, what they said last.
fn next(rollout: &Rollout) -> Option<(Transition, Vec<GateReport>)> {
    let status = rollout.status();
    let step = status.next?;
    let run = rollout.dry_run(step);
    Some((
        step,
        run.map_or_else(|_| status.gates.clone(), |run| run.gates),
    ))
}

/// Newest first.
fn newest(rollout: &Rollout, head: u64, count: u64) -> Vec<Event> {
    let events = rollout
        .journal()
        .read(head.saturating_sub(count), limit(count));
    let mut events = events.unwrap_or_default();
    events.reverse();
    events
}

fn limit(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

pub(crate) async fn callers(visit: Visit, query: Asked) -> Response {
    let fields = asked(query);
    visit
        .draw(move |rollout, scene| {
            let Some(census) = rollout.census() else {
                let detail = "No census is attached to the rollout, so nobody counts callers.";
                return Problem::new(ProblemKind::NotConfigured, detail).into_response();
            };
            let kinds = kinds(&scene);
            let query = CallersQuery::read(&fields);
            let known = Kinds::new(kinds.iter().skip(1).cloned()).unwrap_or_default();
            let page = census.list(&query.list(&known, PAGE));
            html(&Callers::new(&scene, query.asked, kinds, &page))
        })
        .await
}

/// The kinds of the census in their order, `other` first.
pub(crate) fn kinds(scene: &Scene) -> Vec<String> {
    let kinds = scene.report.iter().flat_map(|report| &report.kinds);
    kinds.map(|kind| kind.kind.clone()).collect()
}

pub(crate) async fn journal(visit: Visit, query: Asked) -> Response {
    let newest = asked(query)
        .get("newest")
        .and_then(|text| text.parse::<u64>().ok());
    visit
        .draw(move |rollout, scene| {
            let newest = newest.map_or(scene.status.head, |newest| newest.min(scene.status.head));
            let after = after(newest);
            match rollout.journal().read(after, limit(newest - after)) {
                Ok(events) => html(&Journal::new(&scene, &events)),
                Err(error) => unreadable(&error).into_response(),
            }
        })
        .await
}

pub(crate) async fn step(visit: Visit, Path(step): Path<String>) -> Response {
    let Some(step) = Transition::ALL
        .into_iter()
        .find(|known| known.as_str() == step)
    else {
        return no_such("There is no step of this name.");
    };
    if step == Transition::Rollback {
        return Redirect::to(&visit.base.link("/rollback")).into_response();
    }
    visit
        .draw(move |rollout, scene| draw_step(rollout, &scene, step, (Form::default(), None)))
        .await
}

pub(crate) fn draw_step(
    rollout: &Rollout,
    scene: &Scene,
    step: Transition,
    sent: (Form, Option<Trouble>),
) -> Response {
    match rollout.dry_run(step) {
        Ok(run) => {
            let remaining = Remaining::of(rollout, step, scene.now);
            html(&Step::new(scene, &run, &remaining, sent))
        }
        Err(error) => unreadable(&error).into_response(),
    }
}

pub(crate) fn no_such(detail: &str) -> Response {
    Problem::new(ProblemKind::NotFound, detail).into_response()
}

pub(crate) async fn rollback(visit: Visit) -> Response {
    visit
        .draw(|_, scene| html(&Rollback::new(&scene, Form::default(), None)))
        .await
}

pub(crate) async fn records(visit: Visit) -> Response {
    let nothing: (Option<CommandKind>, Form) = (None, Form::default());
    visit
        .draw(|_, scene| html(&Records::new(&scene, kinds(&scene), nothing, None)))
        .await
}

pub(crate) async fn waivers(visit: Visit, query: Asked) -> Response {
    let fields = asked(query)
        .into_iter()
        .filter(|(name, _)| name == "waived");
    let form = Form::new(fields.collect());
    visit
        .draw(|_, scene| html(&Waivers::new(&scene, kinds(&scene), form, None)))
        .await
}

pub(crate) async fn analysis(visit: Visit, Path(seq): Path<String>) -> Response {
    visit
        .draw(move |_, scene| draw_analysis(&scene, &seq, (Form::default(), None)))
        .await
}

pub(crate) fn draw_analysis(
    scene: &Scene,
    seq: &str,
    (form, trouble): (Form, Option<Trouble>),
) -> Response {
    let status = Arc::clone(&scene.status);
    let mut rollbacks = status.state.rollbacks().iter();
    match rollbacks.find(|rollback| rollback.done.seq.to_string() == seq) {
        Some(rollback) => html(&Analysis::new(scene, rollback, form, trouble)),
        None => no_such("There is no rollback of this number."),
    }
}
