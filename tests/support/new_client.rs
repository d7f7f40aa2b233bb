//! A client from after the change: it reads the `status` field.
//!
//! 200: look at `status`. 400: stop. 429: wait longer and go on.

use std::time::Duration;

use super::{
    device_client::{DeviceClient, Step},
    response::Answer,
};

pub(crate) struct NewClient {
    interval: Duration,
}

impl NewClient {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval }
    }

    fn read_status(&mut self, response: &Answer) -> Step {
        match response.text_at("/status") {
            "PENDING" => {
                self.interval = response.seconds_at("/interval").unwrap_or(self.interval);
                Step::KeepPolling(self.interval)
            }
            "APPROVED" => Step::approved(response),
            status @ ("DENIED" | "EXPIRED") => Step::stop(status),
            _ => Step::unexpected(response),
        }
    }
}

impl DeviceClient for NewClient {
    fn user_agent(&self) -> &'static str {
        "core-agent/2.0.0"
    }

    fn read(&mut self, response: &Answer) -> Step {
        match response.status {
            200 => self.read_status(response),
            400 => Step::stop(response.code()),
            429 => {
                let wait = response.retry_after().unwrap_or_default();
                Step::KeepPolling(wait.max(self.interval))
            }
            _ => Step::unexpected(response),
        }
    }
}
