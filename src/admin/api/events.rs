//! `GET /api/events`: each journal record and the totals, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event as Sent, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::params::Params;
use crate::{
    admin::{
        access::{Principal, Viewer},
        blocking::blocking,
        command::unreadable,
        feed::{Feed, NoPlace, Subscription},
        problem::{Problem, ProblemKind},
        shared::Shared,
    },
    rollout::event::Event,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many records are read at a time.
const BATCH: usize = 64;

/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// Opens a stream. It begins behind the event that `Last-Event-ID` or `after` names, or else with what comes from now on.
pub(crate) async fn open(
    Viewer(principal): Viewer,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = params.parsed::<u64>("after");
    let resumed = last_event_id(&headers, &mut params);
    params.finish()?;
    let subscription = shared.feed.subscribe(&shared.rollout, &shared.clock);
    let subscription = subscription.map_err(no_place)?;
    let after = match resumed.or(asked) {
        Some(after) => after,
        None => head(&shared).await?,
    };
    let stream = Stream {
        shared,
        principal,
        subscription,
        after,
        rounds: 0,
        unsent: vec![Sent::default().retry(RETRY)],
    };
    let mut response = Sse::new(stream::unfold(stream, Stream::next)).into_response();
    // For nginx, which else holds events back until it has a buffer full of them.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    let headers = response.headers_mut();
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(headers: &HeaderMap, params: &mut Params) -> Option<u64> {
    let text = headers.get(LAST_EVENT_ID)?.to_str().unwrap_or_default();
    // What a browser sends that has seen none.
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        let remedy = "the id of an event of this stream, a whole number";
        params.fault("Last-Event-ID", text, remedy);
    }
    number
}

fn no_place(why: NoPlace) -> Problem {
    match why {
        NoPlace::Full => {
            let detail = format!("{} event streams are open, and no more can be.", Feed::MOST);
            let retry = (http::header::RETRY_AFTER, HeaderValue::from_static("10"));
            Problem::new(ProblemKind::TooManyStreams, detail).header(retry.0, retry.1)
        }
        NoPlace::Closed => {
            let detail = "No event stream can begin any more.";
            Problem::new(ProblemKind::Closing, detail)
        }
    }
}

async fn head(shared: &Arc<Shared>) -> Result<u64, Problem> {
    let journal = Arc::clone(shared.rollout.journal());
    let head = blocking(move || journal.head()).await?;
    head.map_err(|error| unreadable(&error))
}

/// A stream and where it stands.
struct Stream {
    shared: Arc<Shared>,
    principal: Principal,
    subscription: Subscription,
    /// The number of the last record that was taken up.
    after: u64,
    /// How many totals had been told when the last were taken up.
    rounds: u64,
    /// What was taken up and not sent, the next one last.
    unsent: Vec<Sent>,
}

impl Stream {
    /// The next event; the end where the service closes, or whoever listens may not any more.
    async fn next(mut self) -> Option<(Result<Sent, Infallible>, Self)> {
        loop {
            // The totals come every few seconds, so nobody listens for longer than that after a session has ended.
            let closed = self.subscription.news.borrow().closed;
            if closed || !self.shared.is_current(&self.principal) {
                return None;
            }
            if let Some(next) = self.unsent.pop() {
                return Some((Ok(next), self));
            }
            self.take_up_totals();
            self.take_up_records().await;
            if self.unsent.is_empty() {
                self.subscription.news.changed().await.ok()?;
            }
        }
    }

    fn take_up_totals(&mut self) {
        let news = self.subscription.news.borrow_and_update();
        if news.rounds == self.rounds {
            return;
        }
        self.rounds = news.rounds;
        if let Some(totals) = &news.totals {
            self.unsent
                .push(Sent::default().event("totals").data(totals));
        }
    }

    async fn take_up_records(&mut self) {
        if self.subscription.news.borrow().head <= self.after {
            return;
        }
        let (journal, after) = (Arc::clone(self.shared.rollout.journal()), self.after);
        // What cannot be read now is read when the next news come.
        let read = blocking(move || journal.read(after, BATCH)).await;
        let Ok(Ok(events)) = read else {
            return;
        };
        self.after = events.last().map_or(self.after, Event::seq);
        self.unsent.extend(events.iter().rev().filter_map(record));
    }
}

fn record(event: &Event) -> Option<Sent> {
    let sent = Sent::default().event("journal").id(event.seq().to_string());
    let sent = sent.json_data(event);
    sent.map_err(|error| tracing::error!(%error, "a record could not be written"))
        .ok()
}
