//! One installation of a client, and its device flow.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::{
    device_client::{Credentials, DeviceClient, Step},
    http_client::HttpClient,
    new_client::NewClient,
    old_client::OldClient,
    response::Answer,
};

/// The interval before the server sends one.
const INTERVAL: Duration = Duration::from_secs(5);

/// How often a client polls before it counts as stuck.
const MOST_POLLS: usize = 20;

/// A client of a kind and version.
pub(crate) struct Client {
    kind: &'static str,
    is_new: bool,
    pub(crate) http: HttpClient,
}

/// A device flow that a client has started.
pub(crate) struct Flow<'a> {
    client: &'a Client,
    reader: Box<dyn DeviceClient>,
    pub(crate) device_code: String,
    user_code: String,
}

impl Client {
    pub(crate) fn old(kind: &'static str, core: &HttpClient) -> Self {
        Self::of_version(kind, "1.4.0", false, core)
    }

    pub(crate) fn new(kind: &'static str, core: &HttpClient) -> Self {
        Self::of_version(kind, "2.0.0", true, core)
    }

    fn of_version(kind: &'static str, version: &str, is_new: bool, core: &HttpClient) -> Self {
        let product = format!("core-{}/{version}", kind.to_lowercase().replace('_', "-"));
        let id = format!("pipeline-{product}");
        let http = core.clone().with_user_agent(&product);
        Self {
            kind,
            is_new,
            http: http.with_header("x-client-id", &id),
        }
    }

    /// Its kind and generation, for a line of output.
    pub(crate) fn name(&self) -> String {
        let generation = if self.is_new { "new" } else { "old" };
        format!("{generation} {}", self.kind)
    }

    pub(crate) async fn start(&self) -> Result<Flow<'_>, String> {
        let started = self.http.start(self.kind).await;
        expect(&started, 200, "")?;
        let reader: Box<dyn DeviceClient> = if self.is_new {
            Box::new(NewClient::new(INTERVAL))
        } else {
            Box::new(OldClient::new(INTERVAL))
        };
        Ok(Flow {
            client: self,
            reader,
            device_code: started.text_at("/device_code").to_owned(),
            user_code: started.text_at("/user_code").to_owned(),
        })
    }

    /// Requests a token as a client of its kind.
    pub(crate) async fn token(&self, id: &str, secret_key: &str) -> Answer {
        self.http.token(id, self.kind, secret_key).await
    }
}

impl Flow<'_> {
    pub(crate) async fn poll(&self) -> Answer {
        self.client.http.poll(&self.device_code).await
    }

    /// Polls once, expects `PENDING`, and waits for the interval.
    pub(crate) async fn keep_polling(&mut self) -> Result<(), String> {
        match self.step().await {
            Step::KeepPolling(wait) => {
                sleep(wait).await;
                Ok(())
            }
            step => Err(format!(
                "{} does not keep polling: {step:?}",
                self.client.name()
            )),
        }
    }

    /// A person decides: `approve` or `deny`.
    pub(crate) async fn decide(&self, decision: &str) -> Result<(), String> {
        let decided = self.client.http.decide(&self.user_code, decision).await;
        expect(&decided, 200, "")
    }

    /// Polls until there is nothing more to wait for.
    pub(crate) async fn finish(&mut self) -> Result<Step, String> {
        for _ in 0..MOST_POLLS {
            match self.step().await {
                Step::KeepPolling(wait) => sleep(wait).await,
                step => return Ok(step),
            }
        }
        Err(format!("{} is stuck", self.client.name()))
    }

    /// Polls to the end, which must be an approval.
    pub(crate) async fn approved(&mut self) -> Result<Credentials, String> {
        match self.finish().await? {
            Step::Approved(credentials) => Ok(credentials),
            step => Err(format!("{} is not approved: {step:?}", self.client.name())),
        }
    }

    /// Polls to the end, which must be a stop for this reason.
    pub(crate) async fn stopped(&mut self, reason: &str) -> Result<(), String> {
        let step = self.finish().await?;
        if step == Step::stop(reason) {
            return Ok(());
        }
        Err(format!(
            "{} does not stop by {reason}: {step:?}",
            self.client.name()
        ))
    }

    async fn step(&mut self) -> Step {
        let response = self.poll().await;
        self.reader.read(&response)
    }
}

/// Expects a status, and the code of an error.
pub(crate) fn expect(response: &Answer, status: u16, code: &str) -> Result<(), String> {
    if (response.status, response.code()) == (status, code) {
        return Ok(());
    }
    let found = response.status;
    Err(format!(
        "expected {status} {code}, found {found}: {}",
        response.text
    ))
}
