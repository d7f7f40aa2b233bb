//! The handlers of `GET`: pages without side effects.

use std::collections::HashMap;

use axum::{
    extract::{Path, Query, rejection::QueryRejection},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    callers::{CallersPage, PAGE_LEN},
    explain::BlockingCallers,
    filter_options::CallersFilter,
    journal::{JournalPage, page_start},
    layout::PageContext,
    overview::{OverviewData, OverviewPage},
    page_request::PageRequest,
    records::RecordsPage,
    rollback::{PostAnalysisPage, RollbackPage},
    step::StepPage,
    submitted_form::FormError,
    waivers::WaiversPage,
};
use crate::{
    admin::history::HistoryRange,
    admin::{
        command::{Form, unreadable},
        html::html,
        problem::{Problem, ProblemKind},
    },
    contract::LiveContract,
    rollout::{Rollout, Transition, event::Event, gate::GateReport},
};

/// The fields of a query. A query that cannot be read counts as empty: every field has a default.
type PageQuery = Result<Query<HashMap<String, String>>, QueryRejection>;

fn fields(query: PageQuery) -> HashMap<String, String> {
    query.map(|Query(fields)| fields).unwrap_or_default()
}

/// How many events the overview shows.
const RECENT: u64 = 5;

pub(crate) async fn overview(request: PageRequest, query: PageQuery) -> Response {
    let range = fields(query)
        .get("range")
        .and_then(|range| range.parse().ok());
    let history = request.shared.history.clone();
    request
        .render(move |rollout, context| {
            let next = next_gates(rollout);
            let step = next.as_ref().map(|(step, _)| *step);
            let step = step.unwrap_or(Transition::Cutover);
            let contract = rollout.contract().map(LiveContract::current);
            let time_series =
                history.map(|history| history.time_series(range.unwrap_or(HistoryRange::Day)));
            let data = OverviewData {
                gates: next.as_ref().map(|(step, gates)| (*step, gates.as_slice())),
                blocking: &BlockingCallers::of(rollout, step, context.now),
                time_series: time_series.as_ref(),
                contract: contract.as_ref(),
                recent: &newest(rollout, context.status.head, RECENT),
            };
            html(&OverviewPage::new(&context, &data))
        })
        .await
}

/// The next gated transition with fresh gate reports, or the last ones if the journal cannot be read.
fn next_gates(rollout: &Rollout) -> Option<(Transition, Vec<GateReport>)> {
    let status = rollout.status();
    let step = status.next?;
    let run = rollout.dry_run(step);
    let gates = run.map_or_else(|_| status.gates.clone(), |run| run.gates);
    Some((step, gates))
}

/// The last events, newest first.
fn newest(rollout: &Rollout, head: u64, count: u64) -> Vec<Event> {
    let after = head.saturating_sub(count);
    let events = rollout.journal().read(after, limit(count));
    let mut events = events.unwrap_or_default();
    events.reverse();
    events
}

fn limit(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

pub(crate) async fn callers(request: PageRequest, query: PageQuery) -> Response {
    let fields = fields(query);
    request
        .render(move |rollout, context| {
            let Some(census) = rollout.census() else {
                let detail = "The rollout has no census, so callers are not counted.";
                return Problem::new(ProblemKind::NotConfigured, detail).into_response();
            };
            let kinds = kinds(&context);
            let filter = CallersFilter::read(&fields);
            let page = census.list(&filter.query(census.kinds(), PAGE_LEN));
            html(&CallersPage::new(&context, filter, kinds, &page))
        })
        .await
}

/// The kinds of the census in their order, `other` first.
pub(crate) fn kinds(context: &PageContext) -> Vec<String> {
    let kinds = context.report.iter().flat_map(|report| &report.kinds);
    kinds.map(|kind| kind.kind.clone()).collect()
}

pub(crate) async fn journal(request: PageRequest, query: PageQuery) -> Response {
    let newest = fields(query)
        .get("newest")
        .and_then(|text| text.parse().ok());
    request
        .render(move |rollout, context| {
            let head = context.status.head;
            let newest = newest.map_or(head, |newest: u64| newest.min(head));
            let after = page_start(newest);
            match rollout.journal().read(after, limit(newest - after)) {
                Ok(events) => html(&JournalPage::new(&context, &events)),
                Err(error) => unreadable(&error).into_response(),
            }
        })
        .await
}

pub(crate) async fn step(request: PageRequest, Path(step): Path<String>) -> Response {
    let mut steps = Transition::ALL.into_iter();
    let Some(step) = steps.find(|known| known.as_str() == step) else {
        return not_found("There is no such transition.");
    };
    if step == Transition::Rollback {
        return Redirect::to(&request.base.link("/rollback")).into_response();
    }
    request
        .render(move |rollout, context| step_page(rollout, &context, step, (Form::default(), None)))
        .await
}

pub(crate) fn step_page(
    rollout: &Rollout,
    context: &PageContext,
    step: Transition,
    form: (Form, Option<FormError>),
) -> Response {
    match rollout.dry_run(step) {
        Ok(run) => {
            let blocking = BlockingCallers::of(rollout, step, context.now);
            html(&StepPage::new(context, &run, &blocking, form))
        }
        Err(error) => unreadable(&error).into_response(),
    }
}

pub(crate) fn not_found(detail: &str) -> Response {
    Problem::new(ProblemKind::NotFound, detail).into_response()
}

pub(crate) async fn rollback(request: PageRequest) -> Response {
    request
        .render(|_, context| html(&RollbackPage::new(&context, Form::default(), None)))
        .await
}

pub(crate) async fn records(request: PageRequest) -> Response {
    request
        .render(|_, context| {
            let form = (None, Form::default());
            html(&RecordsPage::new(&context, kinds(&context), form, None))
        })
        .await
}

pub(crate) async fn waivers(request: PageRequest, query: PageQuery) -> Response {
    let target = fields(query)
        .into_iter()
        .filter(|(name, _)| name == "target");
    let form = Form::new(target.collect());
    request
        .render(|_, context| html(&WaiversPage::new(&context, kinds(&context), form, None)))
        .await
}

pub(crate) async fn post_analysis(request: PageRequest, Path(seq): Path<String>) -> Response {
    request
        .render(move |_, context| post_analysis_page(&context, &seq, (Form::default(), None)))
        .await
}

pub(crate) fn post_analysis_page(
    context: &PageContext,
    seq: &str,
    (form, error): (Form, Option<FormError>),
) -> Response {
    let mut rollbacks = context.status.state.rollbacks().iter();
    match rollbacks.find(|rollback| rollback.done.seq.to_string() == seq) {
        Some(rollback) => html(&PostAnalysisPage::new(context, rollback, form, error)),
        None => not_found("There is no rollback with this number."),
    }
}
