//! Extractors whose rejections follow the API's error model.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
        request::Parts,
    },
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use legacy_http_compat::caller::ClientAddr;
use serde::de::DeserializeOwned;

use super::{error::ApiError, state::AppState};

/// The longest request body, in bytes.
pub(crate) const BODY_LIMIT: usize = 16 * 1024;
/// How much of a body over the limit is read and dropped, so that its sender can read the response, in bytes.
const DRAIN_LIMIT: u64 = 1024 * 1024;

/// A JSON object as `T`; rejecting unknown members is up to `T`.
pub(crate) struct ApiJson<T>(pub(crate) T);

/// An attempt of a peer within its rate limit.
pub(crate) struct Attempt;

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let message = "The body must be application/json.";
            return Err(ApiError::malformed(status, message));
        }
        let body = read(request.into_body()).await?;
        // serde also accepts an array for a struct.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError::validation("the body must be a JSON object"));
        }
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| ApiError::validation(error.to_string()))
    }
}

impl FromRequestParts<AppState> for Attempt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        state
            .attempts()
            .admit(peer(parts), state.now())
            .map(|()| Self)
            .map_err(ApiError::too_many_attempts)
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Without an address, because the proxy sent none, all clients are one peer.
fn peer(parts: &Parts) -> IpAddr {
    let noted = parts.extensions.get::<ClientAddr>();
    noted.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| {
        address.to_canonical()
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

async fn read(mut body: Body) -> Result<Bytes, ApiError> {
    let error = match Limited::new(&mut body, BODY_LIMIT).collect().await {
        Ok(whole) => return Ok(whole.to_bytes()),
        Err(error) => error,
    };
    if error.is::<LengthLimitError>() {
        drain(body).await;
        let message = "The body is too long.";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(ApiError::malformed(status, message));
    }
    let message = "The body could not be read.";
    Err(ApiError::malformed(StatusCode::BAD_REQUEST, message))
}

async fn drain(mut body: Body) {
    let mut left = DRAIN_LIMIT;
    while let (false, Some(Ok(frame))) = (body.is_end_stream(), body.frame().await) {
        let len = frame.data_ref().map_or(0, Bytes::len) as u64;
        match left.checked_sub(len) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
