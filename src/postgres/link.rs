//! The connection for statements, which is opened again whenever it is lost.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout, timeout_at},
};
use tokio_postgres::{AsyncMessage, Client, Config};

use super::{
    connector::{Connector, Drive},
    error::{StoreError, StoreErrorKind},
    runtime::Runtime,
    session::{self, ServerClock},
};

/// The longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// How long opening a connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// For how long after it was lost a statement waits for the connection to be back.
const GRACE: Duration = Duration::from_secs(2);

/// How long nothing is received on a connection that is then closed, if a statement on it has not ended in time.
const SILENCE: Duration = Duration::from_millis(400);

/// Where and how to connect.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) connector: Box<dyn Connector>,
}

/// The connection for statements.
pub(super) struct Link {
    target: Arc<Target>,
    live: watch::Sender<Option<Arc<Live>>>,
    state: Mutex<LinkState>,
}

/// An open connection.
pub(super) struct Live {
    pub(super) client: Client,
    clock: Mutex<ServerClock>,
    /// Closes it.
    give_up: Notify,
}

#[derive(Default)]
struct LinkState {
    /// Why there is no connection.
    error: Option<Arc<StoreError>>,
    last_contact: Option<Instant>,
}

impl Live {
    /// The server's clock, as it was read last.
    pub(super) fn clock(&self) -> ServerClock {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the server's clock showed.
    pub(super) fn set_clock(&self, clock: ServerClock) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock;
    }
}

impl Target {
    /// Opens a connection, which is driven by a task until it ends.
    pub(super) async fn connect(&self) -> Result<(Client, Box<dyn Drive>), StoreError> {
        let connecting = self.connector.connect(self.config.clone());
        match timeout(CONNECT_PATIENCE, connecting).await {
            Ok(connected) => connected.map_err(StoreError::connecting),
            Err(_) => Err(StoreError::because(
                StoreErrorKind::Unreachable,
                "no response in time",
            )),
        }
    }
}

impl Link {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self {
            target,
            live: watch::Sender::new(None),
            state: Mutex::default(),
        }
    }

    /// Keeps the connection open, for ever.
    pub(super) async fn keep_open(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open().await {
                Ok((live, driver)) => {
                    pause = FIRST_PAUSE;
                    self.serve(live, driver).await;
                }
                Err(error) => self.failed(error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn open(&self) -> Result<(Arc<Live>, Box<dyn Drive>), StoreError> {
        let (client, mut driver) = self.target.connect().await?;
        let clock = {
            let checked = timeout(
                CONNECT_PATIENCE,
                driven(&mut *driver, session::check(&client)),
            );
            checked
                .await
                .unwrap_or(Err(StoreError::new(StoreErrorKind::TimedOut)))?
        };
        let give_up = Notify::new();
        let live = Live {
            client,
            clock: Mutex::new(clock),
            give_up,
        };
        Ok((Arc::new(live), driver))
    }

    async fn serve(&self, live: Arc<Live>, mut driver: Box<dyn Drive>) {
        let was_away = self.state().error.take();
        self.touch();
        if was_away.is_some() {
            tracing::info!("the PostgreSQL server is back");
        }
        self.live.send_replace(Some(Arc::clone(&live)));
        let mut given_up = pin!(live.give_up.notified());
        let error = poll_fn(|cx| {
            if given_up.as_mut().poll(cx).is_ready() {
                return Poll::Ready(StoreError::new(StoreErrorKind::TimedOut));
            }
            ended(&mut *driver, cx)
        })
        .await;
        self.live.send_replace(None);
        self.failed(error);
    }

    fn failed(&self, error: StoreError) {
        let mut state = self.state();
        if state.error.is_none() {
            tracing::warn!(%error, "the PostgreSQL server is away");
        }
        state.error = Some(Arc::new(error));
    }

    /// The connection, if it is open.
    pub(super) fn live(&self) -> Option<Arc<Live>> {
        self.live.borrow().clone()
    }

    /// Waits for the connection; without patience if it was lost long ago.
    async fn wait_live(&self, until: Instant) -> Result<Arc<Live>, StoreError> {
        let mut changes = self.live.subscribe();
        let recent = self.silence().is_none_or(|silence| silence < GRACE);
        let open =
            changes.wait_for(|live| live.as_ref().is_some_and(|live| !live.client.is_closed()));
        let until = if recent { until } else { Instant::now() };
        if let Ok(Ok(live)) = timeout_at(until.into(), open).await
            && let Some(live) = &*live
        {
            return Ok(Arc::clone(live));
        }
        Err(self.why_away())
    }

    fn why_away(&self) -> StoreError {
        match &self.state().error {
            Some(error)
                if !matches!(
                    error.kind(),
                    StoreErrorKind::Broken | StoreErrorKind::TimedOut
                ) =>
            {
                StoreError::because(error.kind().clone(), error.detail())
            }
            Some(error) => StoreError::because(StoreErrorKind::Unreachable, error.to_string()),
            None => StoreError::because(StoreErrorKind::Unreachable, "not connected yet"),
        }
    }

    /// Runs statements, at most until the patience is over. A connection that has not responded for a while then is closed.
    pub(super) async fn run<T, F>(
        &self,
        patience: Duration,
        statements: impl FnOnce(Arc<Live>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let until = Instant::now() + patience;
        let live = self.wait_live(until).await?;
        let sent = Instant::now();
        if sent >= until {
            let why = "no time is left for the statement";
            return Err(StoreError::because(StoreErrorKind::Unreachable, why));
        }
        let done = timeout_at(until.into(), statements(Arc::clone(&live)));
        let Ok(done) = done.await else {
            // A short patience on a slow network says nothing of the connection, which others use, too.
            if self.last_contact().is_none_or(|last| last < sent) && sent.elapsed() >= SILENCE {
                live.give_up.notify_one();
            }
            return Err(StoreError::new(StoreErrorKind::TimedOut));
        };
        if done.is_ok() {
            self.touch();
        }
        done
    }

    /// The same from any thread, which it blocks.
    pub(super) fn call<T, F>(
        self: &Arc<Self>,
        runtime: &Runtime,
        patience: Duration,
        statements: impl FnOnce(Arc<Live>) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let link = Arc::clone(self);
        let task = async move { link.run(patience, statements).await };
        // The task itself stops in time; the rest is for a thread that is busy.
        let called = runtime.run(patience + patience / 4, task);
        called.unwrap_or(Err(StoreError::new(StoreErrorKind::TimedOut)))
    }

    fn touch(&self) {
        self.state().last_contact = Some(Instant::now());
    }

    /// How long ago the server last responded.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.last_contact().map(|last| last.elapsed())
    }

    fn last_contact(&self) -> Option<Instant> {
        self.state().last_contact
    }

    /// Why there is no connection, if there is none.
    pub(super) fn error(&self) -> Option<Arc<StoreError>> {
        self.state().error.clone()
    }

    fn state(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drives a connection to its end, and says why it ended.
fn ended(driver: &mut dyn Drive, cx: &mut Context<'_>) -> Poll<StoreError> {
    loop {
        match ready!(driver.poll_message(cx)) {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Poll::Ready(StoreError::statement(error)),
            None => return Poll::Ready(StoreError::new(StoreErrorKind::Broken)),
        }
    }
}

/// Runs a future while the connection that it needs is driven.
pub(super) async fn driven<T>(driver: &mut dyn Drive, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        // Once it has ended, the work fails by itself.
        while let Poll::Ready(Some(Ok(_))) = driver.poll_message(cx) {}
        work.as_mut().poll(cx)
    })
    .await
}

/// What a driver yields next.
pub(super) async fn next_message(
    driver: &mut dyn Drive,
) -> Option<Result<AsyncMessage, tokio_postgres::Error>> {
    poll_fn(|cx| driver.poll_message(cx)).await
}
