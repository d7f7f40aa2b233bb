//! `GET /api/journal`: the journaled events.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::{params::Params, with_etag::WithEtag};
use crate::{
    admin::{
        access::Viewer,
        command::unreadable,
        problem::Problem,
        shared::{Shared, blocking},
    },
    rollout::{
        event::Event,
        journal::{Journal, ReadError},
    },
};

/// The most events of one response.
const MAX_LIMIT: usize = 500;

/// The default number of events.
const LIMIT: usize = 100;

/// A part of the journal.
#[derive(Debug, Serialize)]
pub(crate) struct JournalPart {
    head: u64,
    events: Vec<Event>,
    /// The value of `after` for the next part; `None` if this one reaches the head.
    next: Option<u64>,
}

pub(crate) async fn journal(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<WithEtag<JournalPart>, Problem> {
    let after = params.parsed("after").unwrap_or(0);
    let limit = params.limit(LIMIT, MAX_LIMIT);
    params.finish()?;
    let journal = Arc::clone(shared.rollout.journal());
    let part = blocking(move || read(&*journal, after, limit)).await?;
    let part = part.map_err(|error| unreadable(&error))?;
    Ok(WithEtag(part.head, part))
}

fn read(journal: &dyn Journal, after: u64, limit: usize) -> Result<JournalPart, ReadError> {
    let mut events: Vec<Event> = Vec::new();
    // A journal may return fewer events than it has.
    while events.len() < limit {
        let from = events.last().map_or(after, Event::seq);
        let more = journal.read(from, limit - events.len())?;
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    let last = events.last().map_or(after, Event::seq);
    // Read last, so that it is never behind the events.
    let head = journal.head()?.max(events.last().map_or(0, Event::seq));
    Ok(JournalPart {
        head,
        next: (last < head).then_some(last),
        events,
    })
}
