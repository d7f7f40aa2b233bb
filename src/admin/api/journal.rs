//! `GET /api/journal`: what was recorded.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::{params::Params, response::AtHead};
use crate::{
    admin::{
        access::Viewer, blocking::blocking, command::unreadable, problem::Problem, shared::Shared,
    },
    rollout::{
        event::Event,
        journal::{Journal, ReadError},
    },
};

/// The most events of one answer.
const MOST: usize = 500;

/// How many there are where nobody says.
const LIMIT: usize = 100;

/// A part of the journal.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    head: u64,
    events: Vec<Event>,
    /// What to give as `after` for the next part; `None` where this one reaches the head.
    next: Option<u64>,
}

pub(crate) async fn list(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<AtHead<Part>, Problem> {
    let after = params.parsed("after").unwrap_or(0);
    let limit = params.limit(LIMIT, MOST);
    params.finish()?;
    let journal = Arc::clone(shared.rollout.journal());
    let part = blocking(move || read(&*journal, after, limit)).await?;
    let part = part.map_err(|error| unreadable(&error))?;
    Ok(AtHead(part.head, part))
}

fn read(journal: &dyn Journal, after: u64, limit: usize) -> Result<Part, ReadError> {
    let mut events: Vec<Event> = Vec::new();
    // A journal may give fewer than it has.
    while events.len() < limit {
        let from = events.last().map_or(after, Event::seq);
        let more = journal.read(from, limit - events.len())?;
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    let last = events.last().map_or(after, Event::seq);
    // Read last, so that it is never behind what is shown.
    let head = journal.head()?.max(events.last().map_or(0, Event::seq));
    Ok(Part {
        head,
        next: (last < head).then_some(last),
        events,
    })
}
