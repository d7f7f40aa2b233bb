//! All outcomes of a device flow, as one client observes them.

use std::time::Duration;

use tokio::{task::JoinHandle, time::sleep};

use super::installation::{Installation, said};
use crate::support::http_client::HttpClient;

/// How often a flow is retried that expired because the machine stalled.
const TRIES: usize = 10;

/// An AGENT that runs device flows.
pub(crate) struct Flows {
    core: HttpClient,
}

impl Flows {
    pub(crate) fn of(agent: &Installation, core: &HttpClient) -> Self {
        Self {
            core: agent.at(core),
        }
    }

    /// Polls a pending flow.
    pub(crate) async fn pending(&self) -> String {
        self.again_if_late(async || {
            let (code, _) = self.start().await;
            self.poll(&code).await
        })
        .await
    }

    /// Polls a denied flow.
    pub(crate) async fn denied(&self) -> String {
        self.again_if_late(async || self.decided("deny").await.0)
            .await
    }

    /// Polls an approved flow twice: the second poll comes after the secret was shown.
    pub(crate) async fn approved(&self) -> [String; 2] {
        let mut last = String::new();
        let first = self
            .again_if_late(async || {
                let (first, code) = self.decided("approve").await;
                last = self.poll(&code).await;
                first
            })
            .await;
        [first, last]
    }

    /// Polls twice without waiting.
    pub(crate) async fn hasty(&self) -> String {
        let mut read = String::new();
        for _ in 0..TRIES {
            let (code, _) = self.start().await;
            self.poll(&code).await;
            read = self.poll(&code).await;
            if read.starts_with("429") {
                break;
            }
        }
        read
    }

    /// Polls an expired flow, in a task of its own because expiry takes that long.
    pub(crate) async fn expired(&self) -> JoinHandle<String> {
        let started = self.core.start("AGENT").await;
        let core = self.core.clone();
        tokio::spawn(async move {
            let lifetime = started.seconds_at("/expires_in").unwrap_or_default();
            sleep(lifetime + Duration::from_millis(100)).await;
            said(&core.poll(started.text_at("/device_code")).await)
        })
    }

    async fn decided(&self, decision: &str) -> (String, String) {
        let (code, user_code) = self.start().await;
        self.core.decide(&user_code, decision).await;
        (self.poll(&code).await, code)
    }

    async fn start(&self) -> (String, String) {
        let started = self.core.start("AGENT").await;
        let text = |pointer| started.text_at(pointer).to_owned();
        (text("/device_code"), text("/user_code"))
    }

    async fn poll(&self, code: &str) -> String {
        said(&self.core.poll(code).await)
    }

    async fn again_if_late(&self, mut flow: impl AsyncFnMut() -> String) -> String {
        let mut read = flow().await;
        for _ in 1..TRIES {
            if !read.contains("EXPIRED") {
                break;
            }
            read = flow().await;
        }
        read
    }
}
