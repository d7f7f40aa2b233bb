//! What a client makes of the response to a poll.

use std::time::Duration;

use super::response::Answer;

/// A client's reading of polls: pure, no sockets and no time of its own.
pub(crate) trait DeviceClient {
    /// What it says of itself in `User-Agent`.
    fn user_agent(&self) -> &'static str;

    /// Reads the response to a poll.
    fn read(&mut self, response: &Answer) -> Step;
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Polls again after this time.
    KeepPolling(Duration),
    /// Gives up and says why.
    Stop(String),
    /// Has what it came for.
    Approved(Credentials),
    /// Cannot parse the response: what a user would call broken.
    Broken(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_kind: String,
    pub(crate) secret_key: String,
}

impl Step {
    pub(crate) fn stop(reason: &str) -> Self {
        Self::Stop(reason.to_owned())
    }

    /// The credentials of an approval.
    pub(crate) fn approved(response: &Answer) -> Self {
        let credentials = Credentials {
            client_id: response.text_at("/client_id").to_owned(),
            client_kind: response.text_at("/client_kind").to_owned(),
            secret_key: response.text_at("/secret_key").to_owned(),
        };
        let required = ["/secret_key", "/approved_at", "/approved_by_user_id"];
        if required
            .iter()
            .any(|field| response.text_at(field).is_empty())
        {
            return Self::Broken(format!("an incomplete approval: {}", response.text));
        }
        Self::Approved(credentials)
    }

    pub(crate) fn unexpected(response: &Answer) -> Self {
        Self::Broken(format!("unexpected {}: {}", response.status, response.text))
    }
}
