//! A response, as a client sees it.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as it came.
    pub(crate) text: String,
    /// The body as JSON; `Null` if it is none.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self {
            status,
            headers,
            text,
            json,
        }
    }

    /// The text at a JSON pointer, empty if there is none.
    pub(crate) fn text_at(&self, pointer: &str) -> &str {
        let value = self.json.pointer(pointer);
        value.and_then(Value::as_str).unwrap_or_default()
    }

    /// The `code` of the error model.
    pub(crate) fn code(&self) -> &str {
        self.text_at("/code")
    }

    pub(crate) fn header(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.headers.get(name.into())?.to_str().ok()
    }

    pub(crate) fn seconds_at(&self, pointer: &str) -> Option<Duration> {
        let seconds = self.json.pointer(pointer)?.as_u64()?;
        Some(Duration::from_secs(seconds))
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header(http::header::RETRY_AFTER)?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Panics unless this is an error of the API's model, with no more fields than it has.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        let fields = self.json.as_object().expect("an error is an object");
        let retryable = status == 429 || self.status >= 500 || code == "AUTHORIZATION_PENDING";
        assert_eq!(fields["retryable"], retryable, "{}", self.text);
        assert!(!self.text_at("/message").is_empty(), "{}", self.text);
        let correlation_id = self.text_at("/correlation_id");
        assert!(!correlation_id.is_empty());
        assert_eq!(
            self.header(HeaderName::from_static("x-correlation-id")),
            Some(correlation_id)
        );
        let details = usize::from(fields.contains_key("details"));
        assert_eq!(fields.len(), 4 + details, "{}", self.text);
        let media_type = self.header(http::header::CONTENT_TYPE);
        assert_eq!(media_type, Some("application/json"));
    }
}
