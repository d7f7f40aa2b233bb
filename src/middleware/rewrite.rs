//! Changes to a response's head.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header, response};

use super::reason_phrase;
use crate::contract::compile::{CompiledShape, DeprecationHeaders, PlaceholderValues, RenderError};

/// Headers that identify or sign the target response, which a legacy response is not.
pub(crate) const STALE: [HeaderName; 6] = [
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    header::CONTENT_RANGE,
    // RFC 9421, section 4.
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
];

/// Headers that describe the handler's body, stale when it is replaced.
pub(crate) const STALE_WITH_BODY: [HeaderName; 10] = [
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    // RFC 9530, sections 2, 3 and appendix B.
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Headers beside `Cache-Control` by which a cache keeps a response, or shows how long it already did.
pub(crate) const FRESHNESS: [HeaderName; 5] = [
    header::AGE,
    header::EXPIRES,
    header::PRAGMA,
    HeaderName::from_static("surrogate-control"),
    HeaderName::from_static("x-accel-expires"),
];

/// The header lines that a shape puts into one response.
pub(super) struct LegacyLines<'s> {
    set: Cow<'s, [(HeaderName, HeaderValue)]>,
    append: Cow<'s, [(HeaderName, HeaderValue)]>,
}

impl<'s> LegacyLines<'s> {
    pub(super) fn of(
        shape: &'s CompiledShape,
        values: &PlaceholderValues<'_>,
    ) -> Result<Self, RenderError> {
        Ok(Self {
            set: shape.set.fill(values)?,
            append: shape.append.fill(values)?,
        })
    }

    /// Whether there is one of this name.
    fn put(&self, name: &HeaderName) -> bool {
        self.set
            .iter()
            .chain(&*self.append)
            .any(|(put, _)| put == name)
    }
}

/// Turns the head of a target response into that of a legacy response. `body` is the new body, if there is one.
pub(super) fn rewrite_head(
    parts: &mut response::Parts,
    shape: &CompiledShape,
    lines: &LegacyLines<'_>,
    is_get: bool,
    notice: &DeprecationHeaders,
    body: Option<&Bytes>,
) {
    parts.status = shape.status;
    reason_phrase::remove(&mut parts.extensions);
    let headers = &mut parts.headers;
    remove(headers, |name| {
        STALE.contains(name) || shape.remove.contains(name)
    });
    if let Some(body) = body {
        remove(headers, |name| STALE_WITH_BODY.contains(name));
        describe_body(headers, shape, lines, body);
    }
    forbid_storing(headers, lines, is_get);
    put(headers, lines);
    notice.apply(headers);
}

/// Whether a map of such headers holds those of the legacy response, too.
pub(super) fn has_space(
    headers: &HeaderMap,
    shape: &CompiledShape,
    notice: &DeprecationHeaders,
) -> bool {
    /// How many names a [`HeaderMap`] holds at most.
    const MOST: usize = 24_576;
    headers.len() + shape.added_headers() + notice.len() <= MOST
}

/// Iterates over the few headers that are present, which is faster than looking up each stale one.
fn remove(headers: &mut HeaderMap, stale: impl Fn(&HeaderName) -> bool) {
    while let Some(name) = headers.keys().find(|name| stale(name)).cloned() {
        headers.remove(name);
    }
}

/// No cache may keep a legacy response beyond the flag, unless the shape says so, whose headers are put after this.
///
/// The response to a `GET` may be kept without any of these headers (RFC 9111, section 4.2.2), other ones only by them.
fn forbid_storing(headers: &mut HeaderMap, lines: &LegacyLines<'_>, is_get: bool) {
    let before = headers.len();
    remove(headers, |name| {
        // Targeted cache control, such as `CDN-Cache-Control` (RFC 9213).
        FRESHNESS.contains(name) || name.as_str().ends_with("cache-control")
    });
    let says_so = [header::CACHE_CONTROL, header::EXPIRES]
        .iter()
        .any(|name| lines.put(name));
    if !says_so && (is_get || headers.len() < before) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn describe_body(
    headers: &mut HeaderMap,
    shape: &CompiledShape,
    lines: &LegacyLines<'_>,
    body: &Bytes,
) {
    if body.is_empty() || lines.put(&header::CONTENT_TYPE) {
        headers.remove(header::CONTENT_TYPE);
    } else if let Some(media_type) = shape.media_type() {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    if shape.status == http::StatusCode::NO_CONTENT {
        // Must not be sent with a 204 (RFC 9110, section 8.6).
        headers.remove(header::CONTENT_LENGTH);
    } else {
        headers.insert(header::CONTENT_LENGTH, shape.content_length.of(body.len()));
    }
}

/// Lines that the shape sets under one name replace those of the response together.
fn put(headers: &mut HeaderMap, lines: &LegacyLines<'_>) {
    for (index, (name, value)) in lines.set.iter().enumerate() {
        if lines.set[..index]
            .iter()
            .any(|(earlier, _)| earlier == name)
        {
            headers.append(name, value.clone());
        } else {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in &*lines.append {
        headers.append(name, value.clone());
    }
}
