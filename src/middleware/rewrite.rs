//! Changes to a response's head.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header, response};

use super::{content_length::content_length, reason_phrase};
use crate::contract::compile::{CompiledShape, DeprecationHeaders, PlaceholderValues, RenderError};

/// What a header of the target response is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// It identifies or signs the target response, which a legacy response is not.
    Identity,
    /// It describes the handler's body, and is stale when that is replaced.
    Body,
    /// By it a cache keeps a response, or shows how long it already did.
    Freshness,
    BodyType,
    BodyLength,
    Else,
}

impl About {
    /// By the length of the name first: all headers of a response are looked at, and most are none of these. It is in lower
    /// case.
    #[inline(always)]
    pub(crate) fn of(name: &str) -> Self {
        match name.len() {
            3 | 4 | 6 | 7 | 9 | 11.. => Self::by_text(name),
            _ => Self::Else,
        }
    }

    fn by_text(name: &str) -> Self {
        let is = |known: &str| name == known;
        match name.len() {
            3 if is("age") => Self::Freshness,
            4 if is("etag") => Self::Identity,
            6 if is("digest") => Self::Body,
            6 if is("pragma") => Self::Freshness,
            7 if is("trailer") => Self::Body,
            7 if is("expires") => Self::Freshness,
            // RFC 9421, section 4.
            9 if is("signature") => Self::Identity,
            // RFC 9530, sections 2, 3 and appendix B.
            11 if is("repr-digest") || is("content-md5") => Self::Body,
            12 if is("content-type") => Self::BodyType,
            13 if is("last-modified") || is("accept-ranges") || is("content-range") => {
                Self::Identity
            }
            14 if is("content-length") => Self::BodyLength,
            14 if is("content-digest") => Self::Body,
            15 if is("signature-input") => Self::Identity,
            15 if is("x-accel-expires") => Self::Freshness,
            16 if is("content-encoding") || is("content-language") || is("content-location") => {
                Self::Body
            }
            17 if is("transfer-encoding") => Self::Body,
            17 if is("surrogate-control") => Self::Freshness,
            19 if is("content-disposition") => Self::Body,
            // With targeted cache control, such as `CDN-Cache-Control` (RFC 9213).
            13.. if name.ends_with("cache-control") => Self::Freshness,
            _ => Self::Else,
        }
    }
}

/// What one pass over the headers of a target response found.
#[derive(Debug, Default)]
struct HeadersFound {
    /// One bit for each of what they are about.
    about: u8,
    /// Whether exactly one line has the type of the legacy body, and none anything else. `false` where that is not seen at once.
    has_type: bool,
}

impl HeadersFound {
    /// Looks at names alone, since there may be many.
    #[inline]
    fn of(headers: &HeaderMap, media_type: Option<&str>) -> Self {
        let (mut found, mut type_at) = (Self::default(), 0);
        for (at, name) in headers.keys().enumerate() {
            let about = About::of(name.as_str());
            found.about |= 1 << about as u8;
            if about == About::BodyType {
                type_at = at;
            }
        }
        // The lines are at the places of the names if each has one.
        if found.has(About::BodyType) && headers.len() == headers.keys_len() {
            let (_, value) = headers.iter().nth(type_at).unzip();
            found.has_type = value.is_some_and(|value| media_type.is_some_and(|of| value == of));
        }
        found
    }

    #[inline]
    fn has(&self, about: About) -> bool {
        self.about & 1 << about as u8 != 0
    }
}

/// The header lines that a shape puts into one response.
pub(super) struct LegacyLines<'s> {
    set: Cow<'s, [(HeaderName, HeaderValue)]>,
    append: Cow<'s, [(HeaderName, HeaderValue)]>,
}

impl<'s> LegacyLines<'s> {
    #[inline]
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
    #[inline]
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
    for name in &shape.remove {
        headers.remove(name);
    }
    let found = HeadersFound::of(headers, shape.media_type());
    if found.has(About::Identity) {
        remove(headers, About::Identity);
    }
    if let Some(body) = body {
        if found.has(About::Body) {
            remove(headers, About::Body);
        }
        describe_body(headers, shape, lines, &found, body);
    }
    if found.has(About::Freshness) {
        remove(headers, About::Freshness);
    }
    forbid_storing(headers, lines, is_get || found.has(About::Freshness));
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
#[inline(never)]
fn remove(headers: &mut HeaderMap, stale: About) {
    let is_stale = |name: &&HeaderName| About::of(name.as_str()) == stale;
    while let Some(name) = headers.keys().find(is_stale).cloned() {
        headers.remove(name);
    }
}

/// No cache may keep a legacy response beyond the flag, unless the shape says so, whose headers are put after this.
///
/// The response to a `GET` may be kept without any header that says so (RFC 9111, section 4.2.2), other ones only by them.
fn forbid_storing(headers: &mut HeaderMap, lines: &LegacyLines<'_>, may_be_stored: bool) {
    let says_so = || lines.put(&header::CACHE_CONTROL) || lines.put(&header::EXPIRES);
    if may_be_stored && !says_so() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn describe_body(
    headers: &mut HeaderMap,
    shape: &CompiledShape,
    lines: &LegacyLines<'_>,
    found: &HeadersFound,
    body: &Bytes,
) {
    if body.is_empty() || lines.put(&header::CONTENT_TYPE) {
        headers.remove(header::CONTENT_TYPE);
    } else if let Some(media_type) = shape.media_type().filter(|_| !found.has_type) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if shape.status != http::StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_LENGTH, content_length(body.len()));
    } else if found.has(About::BodyLength) {
        // Must not be sent with a 204 (RFC 9110, section 8.6).
        headers.remove(header::CONTENT_LENGTH);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_is_passed_over_by_its_length_that_its_name_is_known_by() {
        let names = "age etag digest pragma trailer expires signature repr-digest content-md5 content-type last-modified \
                     accept-ranges content-range content-length content-digest signature-input x-accel-expires \
                     content-encoding content-language content-location transfer-encoding surrogate-control \
                     content-disposition cache-control cdn-cache-control x-cdn-cache-control";
        for name in names.split_ascii_whitespace() {
            assert_ne!(About::of(name), About::Else, "{name}");
            assert_eq!(About::of(name), About::by_text(name), "{name}");
        }
        for length in 0..30 {
            assert_eq!(About::of(&"x".repeat(length)), About::Else);
        }
    }
}
