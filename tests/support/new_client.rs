//! A client from after the change: it reads the `status` field.
//!
//! 200: look at `status`. 400: stop. 429: wait longer and go on.

use std::time::Duration;

use super::{
    answer::Answer,
    device_client::{DeviceClient, Step},
};

pub(crate) struct NewClient {
    interval: Duration,
}

impl NewClient {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval }
    }

    fn read_status(&mut self, answer: &Answer) -> Step {
        match answer.text_at("/status") {
            "PENDING" => {
                self.interval = answer.seconds_at("/interval").unwrap_or(self.interval);
                Step::KeepPolling(self.interval)
            }
            "APPROVED" => Step::approved(answer),
            status @ ("DENIED" | "EXPIRED") => Step::stop(status),
            _ => Step::unexpected(answer),
        }
    }
}

impl DeviceClient for NewClient {
    fn user_agent(&self) -> &'static str {
        "core-agent/2.0.0"
    }

    fn read(&mut self, answer: &Answer) -> Step {
        match answer.status {
            200 => self.read_status(answer),
            400 => Step::stop(answer.code()),
            429 => {
                let wait = answer.retry_after().unwrap_or_default();
                Step::KeepPolling(wait.max(self.interval))
            }
            _ => Step::unexpected(answer),
        }
    }
}
