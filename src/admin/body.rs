//! Reading bodies.

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
    bounds::too_large,
    problem::{Problem, ProblemKind},
};
use crate::json::OrderedValue;

/// A body of JSON, as it came: what is wrong in it is for the reader to tell, all at once.
pub(crate) struct JsonBody(pub(crate) OrderedValue);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "The body has to be JSON, under `Content-Type: application/json`.";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| rejected_bytes(&rejection))?;
        match read(&bytes) {
            Ok(tree) => Ok(Self(tree)),
            Err(error) => Err(Problem::new(
                ProblemKind::Malformed,
                format!("The body is no JSON: {error}."),
            )),
        }
    }
}

fn read(bytes: &[u8]) -> serde_json::Result<OrderedValue> {
    let text = std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    serde_json::from_str(text)
}

/// Why a body could not be read.
pub(crate) fn rejected_bytes(rejection: &BytesRejection) -> Problem {
    rejected(rejection.status(), "The body broke off.")
}

/// Why a form could not be read.
pub(crate) fn rejected_form(rejection: &FormRejection) -> Problem {
    rejected(
        rejection.status(),
        "The body is no form, or not the one that belongs here.",
    )
}

/// What the rejection says itself may repeat the body, in which a token can be.
fn rejected(status: StatusCode, otherwise: &str) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let detail = "The body has to be a form, under `Content-Type: application/x-www-form-urlencoded`.";
            Problem::new(ProblemKind::UnsupportedMediaType, detail)
        }
        _ => Problem::new(ProblemKind::Malformed, otherwise),
    }
}

/// `application/json` and its relatives (RFC 6839 §3.1), with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(stated)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let media = stated.split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    let subtype = media.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
