//! The routes over the journal: its events in parts, and as a stream of server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event as SseEvent, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use serde::Serialize;

use crate::{
    admin::{
        access::{Principal, Viewer},
        command::{WithEtag, unreadable},
        event_hub::{SubscribeError, Subscription},
        params::Params,
        problem::{Problem, ProblemKind},
        shared::{Shared, blocking},
    },
    rollout::{
        event::{Event, Head},
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
    head: Head,
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
    let decision = shared.rollout.status().state.decision;
    let journal = Arc::clone(shared.rollout.journal());
    let part = blocking(move || read(&*journal, after, limit)).await?;
    let part = part.map_err(|error| unreadable(&error))?;
    Ok(WithEtag(decision, part))
}

fn read(journal: &dyn Journal, after: u64, limit: usize) -> Result<JournalPart, ReadError> {
    let mut events: Vec<Event> = Vec::new();
    // A journal may return fewer events than it has.
    while events.len() < limit {
        let from = events.last().map_or(after, |event| event.seq);
        let more = journal.read(from, limit - events.len())?;
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    let last = events.last().map_or(after, |event| event.seq);
    // Read last, so that it is never behind the events.
    let head = journal
        .head()?
        .max(events.last().map_or(Head::NONE, Event::head));
    Ok(JournalPart {
        head,
        next: (last < head.seq).then_some(last),
        events,
    })
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many events are read at a time.
const BATCH: usize = 64;

/// How long a browser waits before it reconnects.
const RETRY: Duration = Duration::from_secs(2);

/// Opens a stream after the event in `Last-Event-ID` or `after`, or else at the head.
pub(crate) async fn events(
    Viewer(principal): Viewer,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let requested = params.parsed::<u64>("after");
    let resumed = last_event_id(&headers, &mut params);
    params.finish()?;
    let subscription = shared.events.subscribe(&shared.rollout, &principal);
    let subscription = subscription.map_err(refused)?;
    let after = match resumed.or(requested) {
        Some(after) => after,
        None => head(&shared).await?,
    };
    let stream = EventStream {
        shared,
        principal,
        subscription,
        after,
        totals_count: 0,
        unsent: vec![SseEvent::default().retry(RETRY)],
        ended: false,
    };
    let mut response = Sse::new(stream::unfold(stream, EventStream::next)).into_response();
    // For nginx, which otherwise holds events back until a buffer is full.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    let headers = response.headers_mut();
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(headers: &HeaderMap, params: &mut Params) -> Option<u64> {
    let text = headers.get(LAST_EVENT_ID)?.to_str().unwrap_or_default();
    // A browser that has received no event sends an empty value.
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        let expected = "the id of an event of this stream, a whole number";
        params.fault("Last-Event-ID", text, expected);
    }
    number
}

fn refused(error: SubscribeError) -> Problem {
    match error {
        SubscribeError::Full => {
            let detail = "No further event stream can be opened. Poll instead.";
            Problem::new(ProblemKind::TooManyStreams, detail)
                .header(RETRY_AFTER, HeaderValue::from_static("10"))
        }
        SubscribeError::Closed => {
            let detail = "The service accepts no more event streams.";
            Problem::new(ProblemKind::Closing, detail)
        }
    }
}

async fn head(shared: &Arc<Shared>) -> Result<u64, Problem> {
    let journal = Arc::clone(shared.rollout.journal());
    let head = blocking(move || journal.head()).await?;
    head.map(|head| head.seq)
        .map_err(|error| unreadable(&error))
}

/// An open stream and its position.
struct EventStream {
    shared: Arc<Shared>,
    principal: Principal,
    subscription: Subscription,
    /// The number of the last event that was read.
    after: u64,
    /// How many totals had been published when the last ones were read.
    totals_count: u64,
    /// Read but not sent, the next one last.
    unsent: Vec<SseEvent>,
    /// The reader is to poll, which was the last event.
    ended: bool,
}

impl EventStream {
    /// The next event; `None` once the service closes or the session ends.
    async fn next(mut self) -> Option<(Result<SseEvent, Infallible>, Self)> {
        loop {
            // Totals arrive every few seconds, so an ended session is noticed within that time.
            let closed = self.subscription.state.borrow().closed;
            if closed || self.ended || !self.shared.is_current(&self.principal).await {
                return None;
            }
            if self.subscription.is_displaced() {
                self.ended = true;
                let poll = SseEvent::default().event("poll").data("{}");
                return Some((Ok(poll), self));
            }
            if let Some(next) = self.unsent.pop() {
                return Some((Ok(next), self));
            }
            self.read_totals();
            self.read_events().await;
            if self.unsent.is_empty() {
                self.subscription.state.changed().await.ok()?;
            }
        }
    }

    fn read_totals(&mut self) {
        let state = self.subscription.state.borrow_and_update();
        if state.totals_count == self.totals_count {
            return;
        }
        self.totals_count = state.totals_count;
        if let Some(totals) = &state.totals {
            let event = SseEvent::default().event("totals").data(totals);
            self.unsent.push(event);
        }
    }

    async fn read_events(&mut self) {
        if self.subscription.state.borrow().head <= self.after {
            return;
        }
        let (journal, after) = (Arc::clone(self.shared.rollout.journal()), self.after);
        // If it cannot be read now, it is read upon the next change.
        let read = blocking(move || journal.read(after, BATCH)).await;
        let Ok(Ok(events)) = read else {
            return;
        };
        self.after = events.last().map_or(self.after, |event| event.seq);
        self.unsent
            .extend(events.iter().rev().filter_map(sse_event));
    }
}

fn sse_event(event: &Event) -> Option<SseEvent> {
    let sse = SseEvent::default()
        .event("journal")
        .id(event.seq.to_string());
    sse.json_data(event)
        .map_err(|error| tracing::error!(%error, "an event could not be serialized"))
        .ok()
}
