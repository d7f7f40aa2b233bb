//! One client going through one device flow.

use std::sync::Arc;

use legacy_http_compat::time::ManualClock;

use super::{
    device_client::{DeviceClient, Step},
    http_client::HttpClient,
    response::Answer,
};

/// More polls than any flow of the tests needs.
const MANY: usize = 1000;

/// A client with a device code, a socket, and the server's clock.
pub(crate) struct Session<C> {
    client: C,
    http: HttpClient,
    clock: Arc<ManualClock>,
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

impl<C: DeviceClient> Session<C> {
    pub(crate) async fn start(client: C, http: HttpClient, clock: Arc<ManualClock>) -> Self {
        let http = http.with_user_agent(client.user_agent());
        let started = http.start("AGENT").await;
        assert_eq!(started.status, 200, "{}", started.text);
        Self {
            client,
            http,
            clock,
            device_code: started.text_at("/device_code").to_owned(),
            user_code: started.text_at("/user_code").to_owned(),
        }
    }

    /// Polls once and does not wait.
    pub(crate) async fn poll(&mut self) -> (Answer, Step) {
        let response = self.http.poll(&self.device_code).await;
        let step = self.client.read(&response);
        (response, step)
    }

    /// Polls once and, if it is to poll again, lets that time pass.
    pub(crate) async fn step(&mut self) -> Step {
        let (_, step) = self.poll().await;
        if let Step::KeepPolling(wait) = &step {
            self.clock.advance(*wait);
        }
        step
    }

    /// Polls until there is nothing more to wait for.
    pub(crate) async fn finish(&mut self) -> Step {
        for _ in 0..MANY {
            match self.step().await {
                Step::KeepPolling(_) => {}
                step => return step,
            }
        }
        panic!("still polling after {MANY} polls")
    }

    /// A human decides: `approve` or `deny`.
    pub(crate) async fn decide(&self, decision: &str) {
        let response = self.http.decide(&self.user_code, decision).await;
        assert_eq!(response.status, 200, "{}", response.text);
    }

    /// Mints a token with what an approval gave.
    pub(crate) async fn token(&self, step: &Step) -> Answer {
        let Step::Approved(approved) = step else {
            panic!("not approved: {step:?}");
        };
        let (id, kind) = (&approved.client_id, &approved.client_kind);
        self.http.token(id, kind, &approved.secret_key).await
    }
}
