//! Fan-out to event streams: one task watches the journal for all of them, and publishes totals.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{sync::watch, task::spawn_blocking, time::sleep};

use super::access::{Principal, Role, SessionKey, Via};
use crate::{
    census::{KindCounts, Window},
    flag::FlagState,
    observation::Shape,
    rollout::{Phase, Rollout, Stranded, event::Head, fleet::Propagation, names::Actor},
    time::Timestamp,
};

/// The latest state. Streams read the events themselves, each from its own position.
#[derive(Clone, Debug, Default)]
pub(crate) struct HubState {
    /// The head of the journal.
    pub(crate) head: u64,
    /// The latest totals, as JSON.
    pub(crate) totals: Option<Arc<str>>,
    /// How many totals were published.
    pub(crate) totals_count: u64,
    /// Streams must end.
    pub(crate) closed: bool,
}

/// Publishes the state to streams while there are any.
#[derive(Debug)]
pub(crate) struct EventHub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: watch::Sender<HubState>,
    /// The open streams, oldest first.
    streams: Mutex<Vec<OpenStream>>,
    last_id: AtomicU64,
    /// Whether the task runs. Subscribing and stopping hold the lock, so that no subscriber is missed and there are never
    /// two tasks.
    running: Mutex<bool>,
}

/// A stream and its reader.
#[derive(Debug)]
struct OpenStream {
    id: u64,
    actor: Actor,
    role: Role,
    session: Option<SessionKey>,
}

/// One open stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) state: watch::Receiver<HubState>,
    hub: Arc<Inner>,
    id: u64,
}

/// Why no stream can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscribeError {
    Full,
    Closed,
}

impl EventHub {
    /// The most streams at a time.
    const MAX_STREAMS: usize = 64;

    /// How many of them are kept for operators.
    const KEPT_FOR_OPERATORS: usize = 16;

    /// The most streams of one name.
    const MAX_OF_ACTOR: usize = 8;

    /// The most streams of one session; beyond it the oldest ends, and its page polls.
    const MAX_OF_SESSION: usize = 3;

    /// How often totals are published, in real time.
    const TOTALS_INTERVAL: Duration = Duration::from_secs(2);

    /// How long one wait for the journal lasts, which bounds how long its thread outlives the last stream.
    const WAIT: Duration = Duration::from_millis(400);

    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            state: watch::Sender::new(HubState::default()),
            streams: Mutex::default(),
            last_id: AtomicU64::new(0),
            running: Mutex::new(false),
        }))
    }

    /// Opens a stream; dropping the subscription closes it.
    pub(crate) fn subscribe(
        &self,
        rollout: &Arc<Rollout>,
        principal: &Principal,
    ) -> Result<Subscription, SubscribeError> {
        let id = self.0.enter(principal)?;
        let mut subscription = Subscription {
            state: self.0.state.subscribe(),
            hub: Arc::clone(&self.0),
            id,
        };
        let mut running = self.0.running();
        if self.0.state.borrow().closed {
            return Err(SubscribeError::Closed);
        }
        // A stream that has just been displaced notices.
        self.0.state.send_modify(|_| {});
        subscription.state.mark_unchanged();
        if !*running {
            *running = true;
            let watcher = Watcher {
                inner: Arc::clone(&self.0),
                rollout: Arc::clone(rollout),
                totals_at: None,
                aborted: true,
            };
            tokio::spawn(watcher.run());
        }
        Ok(subscription)
    }

    /// Ends all streams and accepts no more.
    pub(crate) fn close(&self) {
        self.0.state.send_modify(|state| state.closed = true);
    }
}

impl Inner {
    /// A place for a stream, or why there is none.
    fn enter(&self, principal: &Principal) -> Result<u64, SubscribeError> {
        let session = match principal.via {
            Via::Session(key) => Some(key),
            Via::Bearer => None,
        };
        let mut streams = self.streams();
        let same = |stream: &OpenStream| session.is_some() && stream.session == session;
        let of_session = streams.iter().filter(|stream| same(stream)).count();
        if of_session >= EventHub::MAX_OF_SESSION
            && let Some(oldest) = streams.iter().position(same)
        {
            streams.remove(oldest);
        }
        let of_actor = streams
            .iter()
            .filter(|stream| stream.actor == principal.actor);
        let of_viewers = streams
            .iter()
            .filter(|stream| stream.role != Role::Operator);
        let shared = EventHub::MAX_STREAMS - EventHub::KEPT_FOR_OPERATORS;
        let is_full = streams.len() >= EventHub::MAX_STREAMS
            || (principal.role != Role::Operator && of_viewers.count() >= shared);
        if is_full || of_actor.count() >= EventHub::MAX_OF_ACTOR {
            return Err(SubscribeError::Full);
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        streams.push(OpenStream {
            id,
            actor: principal.actor.clone(),
            role: principal.role,
            session,
        });
        Ok(id)
    }

    fn streams(&self) -> MutexGuard<'_, Vec<OpenStream>> {
        // Each change is one call, so the list stays valid if a thread panics while it holds the lock.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, bool> {
        // A single word stays valid if a thread panics while it holds the lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Whether a later stream of the same session took the place of this one.
    pub(crate) fn is_displaced(&self) -> bool {
        !self.hub.streams().iter().any(|stream| stream.id == self.id)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.streams().retain(|stream| stream.id != self.id);
    }
}

/// The task, which lives as long as there are streams.
struct Watcher {
    inner: Arc<Inner>,
    rollout: Arc<Rollout>,
    /// When totals were last computed.
    totals_at: Option<Instant>,
    /// Whether the task has ended without stopping properly, for example with its runtime.
    aborted: bool,
}

/// The result of one poll.
#[derive(Default)]
struct Polled {
    head: Option<u64>,
    totals: Option<String>,
}

impl Watcher {
    async fn run(mut self) {
        while self.has_streams() {
            let due = self
                .totals_at
                .is_none_or(|at| at.elapsed() >= EventHub::TOTALS_INTERVAL);
            if due {
                self.totals_at = Some(Instant::now());
            }
            let polled = self.poll(due).await;
            let failed = polled.head.is_none();
            self.publish(polled);
            if failed {
                // No busy loop while the journal cannot be read.
                sleep(EventHub::WAIT).await;
            }
        }
    }

    /// Whether there are streams. If not, the next subscriber starts another task.
    fn has_streams(&mut self) -> bool {
        let mut running = self.inner.running();
        let wanted = self.inner.state.receiver_count() > 0 && !self.inner.state.borrow().closed;
        if !wanted {
            *running = false;
            self.aborted = false;
        }
        wanted
    }

    async fn poll(&self, due: bool) -> Polled {
        let rollout = Arc::clone(&self.rollout);
        let after = self.inner.state.borrow().head;
        let wait = if due { Duration::ZERO } else { EventHub::WAIT };
        let poll = spawn_blocking(move || Polled {
            head: rollout
                .journal()
                .wait(after, wait)
                .ok()
                .map(|head| head.seq),
            totals: due.then(|| json(&Totals::now(&rollout))).flatten(),
        });
        // A poll that panicked has found nothing.
        poll.await.unwrap_or_default()
    }

    fn publish(&self, polled: Polled) {
        self.inner.state.send_if_modified(|state| {
            let head = polled.head.unwrap_or(state.head);
            let moved = head != state.head;
            state.head = head;
            let Some(totals) = polled.totals else {
                return moved;
            };
            state.totals = Some(totals.into());
            state.totals_count += 1;
            true
        });
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if self.aborted {
            *self.inner.running() = false;
        }
    }
}

fn json(totals: &Totals) -> Option<String> {
    let json = serde_json::to_string(totals);
    json.map_err(|error| tracing::error!(%error, "totals could not be serialized"))
        .ok()
}

/// The state of the rollout in numbers, sent to event streams every few seconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Totals {
    pub(crate) at: Timestamp,
    pub(crate) head: Head,
    pub(crate) phase: Phase,
    pub(crate) flag: FlagState,
    pub(crate) journal_works: bool,
    /// The window of the caller counts.
    pub(crate) window: String,
    /// Empty without a census.
    pub(crate) kinds: Vec<KindCounts>,
    /// Since the flag last changed; left out without a census.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stranded: Option<Stranded>,
    /// When the figures of the callers were evaluated.
    pub(crate) evaluated: Timestamp,
    /// Empty without metrics.
    pub(crate) responses: Vec<ResponseTotals>,
    /// Which instances have applied the last change of the flag, where several share the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) propagation: Option<Propagation>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) applied: Option<String>,
}

/// The responses of one outcome since the process started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ResponseTotals {
    pub(crate) endpoint: String,
    pub(crate) outcome: String,
    /// Served as target responses.
    pub(crate) target: u64,
    /// Served as legacy responses.
    pub(crate) legacy: u64,
}

impl Totals {
    /// The default window for caller counts.
    pub(crate) const WINDOW: Window = Window::DAY;

    /// May walk all callers: not for an async thread.
    pub(crate) fn now(rollout: &Rollout) -> Self {
        let (status, evaluation) = (rollout.status(), rollout.evaluation());
        let window = Self::WINDOW.label();
        let fleet = rollout.fleet_view(&status);
        let report = evaluation
            .reports
            .iter()
            .find(|report| report.window == window);
        Self {
            at: rollout.now(),
            head: status.head,
            phase: status.state.phase,
            flag: rollout.reader().state(),
            journal_works: status.journal_error.is_none(),
            window,
            kinds: report.map_or_else(Vec::new, |report| report.kinds.clone()),
            stranded: evaluation.stranded.clone(),
            evaluated: evaluation.at,
            responses: responses(rollout),
            applied: fleet.as_ref().map(|fleet| fleet.text.clone()),
            propagation: fleet.map(|fleet| fleet.propagation),
        }
    }
}

/// The responses by endpoint and outcome, over all kinds of callers.
pub(crate) fn responses(rollout: &Rollout) -> Vec<ResponseTotals> {
    let Some(metrics) = rollout.metrics() else {
        return Vec::new();
    };
    let mut sums: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for series in metrics.snapshot().responses {
        let pair = (series.endpoint.to_string(), series.outcome.to_string());
        let (target, legacy) = sums.entry(pair).or_default();
        let sum = match series.shape {
            Shape::Target => target,
            Shape::Legacy => legacy,
        };
        *sum = sum.saturating_add(series.count);
    }
    let totals = sums
        .into_iter()
        .map(|((endpoint, outcome), (target, legacy))| ResponseTotals {
            endpoint,
            outcome,
            target,
            legacy,
        });
    totals.collect()
}
