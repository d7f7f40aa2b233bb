//! The error model of the API: `{code, message, details?, retryable, correlation_id}`.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

/// An error response.
///
/// [`IntoResponse`] sets status and headers and stores the error in the response's extensions;
/// [`correlation::finish`](super::correlation::finish), which knows the correlation id, calls [`ApiError::render`]. So
/// handlers and extractors need not pass the id around.
#[derive(Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    /// Boxed to keep the handlers' `Result`s small.
    details: Option<Box<Value>>,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
    retryable: bool,
    correlation_id: &'a str,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
            retry_after: None,
        }
    }

    /// A well-formed but invalid request; `problem` says why.
    pub(crate) fn validation(problem: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self {
            details: Some(Box::new(json!({ "problem": problem.into() }))),
            ..Self::new(status, "VALIDATION_FAILED", "The request is not valid.")
        }
    }

    /// A request that cannot be read as one of this endpoint. The API's error model has one code for all of them; the
    /// status tells them apart.
    pub(crate) fn malformed(status: StatusCode, message: &'static str) -> Self {
        Self::new(status, "VALIDATION_FAILED", message)
    }

    /// An unexpected failure.
    pub(crate) fn internal(message: &'static str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }

    pub(crate) fn invalid_device_code() -> Self {
        let message = "The device code is unknown, used or cancelled.";
        Self::new(StatusCode::BAD_REQUEST, "INVALID_DEVICE_CODE", message)
    }

    pub(crate) fn expired_device_code() -> Self {
        let message = "The device code has expired.";
        Self::new(StatusCode::BAD_REQUEST, "EXPIRED_DEVICE_CODE", message)
    }

    pub(crate) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// A poll before the interval has passed.
    pub(crate) fn slow_down(wait: Duration) -> Self {
        Self::too_many("SLOW_DOWN", "The device code is polled too often.", wait)
    }

    /// More attempts than allowed.
    pub(crate) fn too_many_attempts(wait: Duration) -> Self {
        Self::too_many("TOO_MANY_ATTEMPTS", "Too many attempts.", wait)
    }

    fn too_many(code: &'static str, message: &'static str, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message)
        }
    }

    /// Adds the body to `response`, which was made from this error.
    pub(crate) fn render(&self, response: Response, correlation_id: &str) -> Response {
        let body = serde_json::to_vec(&ErrorBody {
            code: self.code,
            message: &self.message,
            details: self.details.as_deref(),
            retryable: self.is_retryable(),
            correlation_id,
        });
        let mut response = response.map(|_| Body::from(body.unwrap_or_default()));
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    fn is_retryable(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, whole_seconds(wait).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"core\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Rounds up, so that a client that waits this long is not refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
