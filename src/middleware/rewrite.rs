//! Changes to a response's head.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header, response};

use super::{content_length::content_length, reason_phrase};
use crate::contract::compile::{
    CompiledShape, DeprecationHeaders, HeaderToPut, PlaceholderValues, RenderError,
};

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
    /// The names of headers that are about the target response, those first that most responses have.
    const KNOWN: [(&str, Self); 25] = [
        ("content-type", Self::BodyType),
        ("content-length", Self::BodyLength),
        ("etag", Self::Identity),
        ("last-modified", Self::Identity),
        ("accept-ranges", Self::Identity),
        ("content-range", Self::Identity),
        // RFC 9421, section 4.
        ("signature", Self::Identity),
        ("signature-input", Self::Identity),
        ("content-encoding", Self::Body),
        ("content-language", Self::Body),
        ("content-location", Self::Body),
        ("content-disposition", Self::Body),
        ("transfer-encoding", Self::Body),
        ("trailer", Self::Body),
        // RFC 9530, sections 2, 3 and appendix B.
        ("content-digest", Self::Body),
        ("repr-digest", Self::Body),
        ("digest", Self::Body),
        ("content-md5", Self::Body),
        (Self::CACHE_CONTROL, Self::Freshness),
        ("expires", Self::Freshness),
        ("age", Self::Freshness),
        ("pragma", Self::Freshness),
        ("surrogate-control", Self::Freshness),
        ("x-accel-expires", Self::Freshness),
        // One of the targeted fields (RFC 9213), which are all that end alike.
        ("cdn-cache-control", Self::Freshness),
    ];

    const CACHE_CONTROL: &str = "cache-control";

    /// By last letter, the lengths of the names above, one bit each; the last bit stands for all that are longer.
    const LENGTHS: [u32; 128] = {
        let mut lengths = [0; 128];
        let mut known = 0;
        while known < Self::KNOWN.len() {
            let name = Self::KNOWN[known].0.as_bytes();
            lengths[name[name.len() - 1] as usize] |= 1 << name.len();
            known += 1;
        }
        lengths[b'l' as usize] |= u32::MAX << Self::CACHE_CONTROL.len();
        lengths
    };

    /// By the length and the last letter of the name first: all headers of a response are looked at, and most are none of these.
    /// It is in lower case.
    #[inline(always)]
    pub(crate) fn of(name: &str) -> Self {
        let last = name.as_bytes().last().copied().unwrap_or_default();
        let lengths = Self::LENGTHS[usize::from(last % 128)];
        if lengths & 1 << name.len().min(31) == 0 {
            return Self::Else;
        }
        Self::by_name(name)
    }

    fn by_name(name: &str) -> Self {
        let mut known = Self::KNOWN.iter();
        match known.find(|(known, _)| *known == name) {
            Some((_, about)) => *about,
            None if name.ends_with(Self::CACHE_CONTROL) => Self::Freshness,
            None => Self::Else,
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
            let value = headers.values().nth(type_at);
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
pub(super) struct LegacyLines<'s>(Cow<'s, [HeaderToPut]>);

impl<'s> LegacyLines<'s> {
    #[inline]
    pub(super) fn of(
        shape: &'s CompiledShape,
        values: &PlaceholderValues<'_>,
    ) -> Result<Self, RenderError> {
        shape.lines.fill(values).map(Self)
    }

    /// Whether there is one of this name.
    #[inline]
    fn have(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|line| line.name == name)
    }

    fn put(&self, headers: &mut HeaderMap) {
        for line in &*self.0 {
            if line.is_added {
                headers.append(&line.name, line.value.clone());
            } else {
                headers.insert(&line.name, line.value.clone());
            }
        }
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
    lines.put(headers);
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
    let says_so = || lines.have(&header::CACHE_CONTROL) || lines.have(&header::EXPIRES);
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
    if body.is_empty() || lines.have(&header::CONTENT_TYPE) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_is_passed_over_whose_name_is_known() {
        for (name, about) in About::KNOWN {
            assert_eq!(About::of(name), about, "{name}");
        }
        let targeted = format!("x-{}-cache-control", "long-".repeat(9));
        assert_eq!(About::of(&targeted), About::Freshness);
        assert_eq!(About::of("x-cache-control"), About::Freshness);
        for length in 0..40 {
            for last in ["e", "l", "x"] {
                let name = "x".repeat(length) + last;
                assert_eq!(About::of(&name), About::Else, "{name}");
            }
        }
    }
}
