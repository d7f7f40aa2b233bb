//! A client from before the change: it reads the status and little else.
//!
//! 401: keep polling. 403 or 400: stop. 200: approved.

use std::time::Duration;

use super::{
    device_client::{DeviceClient, Step},
    response::Answer,
};

pub(crate) struct OldClient {
    interval: Duration,
}

impl OldClient {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval }
    }
}

impl DeviceClient for OldClient {
    fn user_agent(&self) -> &'static str {
        "core-agent/1.4.0"
    }

    fn read(&mut self, response: &Answer) -> Step {
        match response.status {
            401 => {
                self.interval = response
                    .seconds_at("/details/interval")
                    .unwrap_or(self.interval);
                Step::KeepPolling(self.interval)
            }
            429 => Step::KeepPolling(response.retry_after().unwrap_or(self.interval)),
            400 | 403 => Step::stop(response.code()),
            200 => Step::approved(response),
            _ => Step::unexpected(response),
        }
    }
}
