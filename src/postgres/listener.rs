//! The connection that hears of appended events.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_postgres::{AsyncMessage, Client};
use uuid::Uuid;

use super::{
    connector::Drive,
    error::{StoreError, StoreErrorKind},
    follower::Follower,
    link::{Link, Live, Target, next_message},
    rows::{CHANNEL, announce},
};

/// How often the listener checks that it hears itself.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long its own echo may take.
const ECHO_PATIENCE: Duration = Duration::from_secs(2);

/// The pause before listening is tried again: the poll finds every event meanwhile.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, once listening fails again and again, as it does through a pooler.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What an announcement to oneself begins with.
const ECHO: &str = "echo ";

/// Listens on a connection of its own.
pub(super) struct Listener {
    target: Arc<Target>,
    link: Arc<Link>,
    follower: Arc<Follower>,
    hears: AtomicBool,
}

/// A connection that listens, and what it hears.
struct Ear {
    client: Client,
    heard: UnboundedReceiver<String>,
    driver: JoinHandle<()>,
    echo: String,
}

impl Listener {
    pub(super) fn new(target: Arc<Target>, link: Arc<Link>, follower: Arc<Follower>) -> Self {
        let hears = AtomicBool::new(false);
        Self {
            target,
            link,
            follower,
            hears,
        }
    }

    /// Whether it heard itself at the last check.
    pub(super) fn hears(&self) -> bool {
        // It guards no other data.
        self.hears.load(Ordering::Relaxed)
    }

    /// Listens, for ever.
    pub(super) async fn listen(self: Arc<Self>) {
        let mut pause = PAUSE;
        let mut warned = false;
        loop {
            let heard = self.listen_once().await;
            if self.hears.swap(false, Ordering::Relaxed) {
                (pause, warned) = (PAUSE, false);
            }
            if let Err(error) = heard
                && !warned
            {
                tracing::warn!(%error, "events are not announced to this instance; it finds them by its poll");
                warned = true;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Listens until the connection is lost or deaf.
    async fn listen_once(&self) -> Result<(), StoreError> {
        let (client, driver) = self.target.connect().await?;
        let mut ear = Ear::new(client, driver);
        let listening = format!("listen {CHANNEL}");
        let listening = timeout(ECHO_PATIENCE, ear.client.batch_execute(&listening));
        match listening.await {
            Ok(listening) => listening.map_err(StoreError::statement)?,
            Err(_) => return Err(StoreError::new(StoreErrorKind::TimedOut)),
        }
        loop {
            self.check_hearing(&mut ear).await?;
            if !self.hears.swap(true, Ordering::Relaxed) {
                tracing::debug!("events are announced to this instance");
                // What was appended before.
                self.follower.wake();
            }
            let until = Instant::now() + HEARTBEAT;
            while let Ok(heard) = timeout_at(until, ear.heard.recv()).await {
                let heard = heard.ok_or(StoreError::new(StoreErrorKind::Broken))?;
                if !heard.starts_with(ECHO) {
                    self.follower.wake();
                }
            }
        }
    }

    /// Announces something to itself, on the other connection: through a pooler, or if a connection is open at one end only, it
    /// does not arrive.
    async fn check_hearing(&self, ear: &mut Ear) -> Result<(), StoreError> {
        let deaf = || {
            let why = "an announcement to itself did not arrive, as happens behind a pooler in transaction mode";
            StoreError::because(StoreErrorKind::TimedOut, why)
        };
        let echo = ear.echo.clone();
        let send = |live: Arc<Live>| async move { announce(&live.client, &echo).await };
        self.link.run(ECHO_PATIENCE, send).await?;
        let until = Instant::now() + ECHO_PATIENCE;
        loop {
            let heard = timeout_at(until, ear.heard.recv())
                .await
                .map_err(|_| deaf())?;
            let heard = heard.ok_or(StoreError::new(StoreErrorKind::Broken))?;
            if heard == ear.echo {
                return Ok(());
            }
            if !heard.starts_with(ECHO) {
                self.follower.wake();
            }
        }
    }
}

impl Ear {
    fn new(client: Client, mut driver: Box<dyn Drive>) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = next_message(&mut *driver).await {
                if let AsyncMessage::Notification(notification) = message
                    && sender.send(notification.payload().to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self {
            client,
            heard,
            driver,
            echo: format!("{ECHO}{}", Uuid::new_v4()),
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
