//! Reading request bodies.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, Request,
        rejection::{BytesRejection, FormRejection},
    },
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde::de::Error as _;

use super::{
    layers::body_too_large,
    problem::{Problem, ProblemKind},
};
use crate::json::OrderedValue;

/// A JSON body. Its members are checked by the reader, which reports all faults at once.
pub(crate) struct JsonBody(pub(crate) OrderedValue);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "The body must be JSON with `Content-Type: application/json`.";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| rejected_bytes(&rejection))?;
        read(&bytes).map(Self).map_err(|error| {
            let detail = format!("The body is not JSON: {error}.");
            Problem::new(ProblemKind::Malformed, detail)
        })
    }
}

fn read(bytes: &[u8]) -> serde_json::Result<OrderedValue> {
    let text = std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    serde_json::from_str(text)
}

fn rejected_bytes(rejection: &BytesRejection) -> Problem {
    rejected(rejection.status(), "The body is incomplete.")
}

/// Why a form could not be read.
pub(crate) fn rejected_form(rejection: &FormRejection) -> Problem {
    let detail = "The body is not the form that this route expects.";
    rejected(rejection.status(), detail)
}

/// The text of the rejection itself may repeat the body, which can hold a token.
fn rejected(status: StatusCode, otherwise: &str) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let detail =
                "The body must be a form with `Content-Type: application/x-www-form-urlencoded`.";
            Problem::new(ProblemKind::UnsupportedMediaType, detail)
        }
        _ => Problem::new(ProblemKind::Malformed, otherwise),
    }
}

/// `application/json` and the like (RFC 6839 §3.1), with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(stated)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let media = stated.split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    let subtype = media.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
