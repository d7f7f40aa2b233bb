//! Changes to a response's head.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header, header::VARY, response};

use crate::contract::compile::{CompiledShape, DeprecationHeaders};

/// Headers that identify or sign the target response, which a legacy response is not.
const STALE: [HeaderName; 6] = [
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    header::CONTENT_RANGE,
    // RFC 9421, section 4.
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
];

/// Headers that describe the handler's body, stale when it is replaced.
const STALE_WITH_BODY: [HeaderName; 7] = [
    header::CONTENT_ENCODING,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    // RFC 9530, sections 2, 3 and appendix B.
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Turns the head of a target response into that of a legacy response. `body` is the new body, if there is one.
pub(super) fn rewrite_head(
    parts: &mut response::Parts,
    shape: &CompiledShape,
    notice: &DeprecationHeaders,
    body: Option<&Bytes>,
) {
    parts.status = shape.status;
    let headers = &mut parts.headers;
    remove(headers, |name| {
        STALE.contains(name) || shape.remove.contains(name)
    });
    if let Some(body) = body {
        remove(headers, |name| STALE_WITH_BODY.contains(name));
        describe_body(headers, shape, body);
    }
    put(headers, shape);
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

fn describe_body(headers: &mut HeaderMap, shape: &CompiledShape, body: &Bytes) {
    if body.is_empty() || shape.puts(&header::CONTENT_TYPE) {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    if shape.status == http::StatusCode::NO_CONTENT {
        // Must not be sent with a 204 (RFC 9110, section 8.6).
        headers.remove(header::CONTENT_LENGTH);
    } else {
        headers.insert(header::CONTENT_LENGTH, shape.content_length.of(body.len()));
    }
}

/// Lines that the shape sets under one name replace those of the response together.
fn put(headers: &mut HeaderMap, shape: &CompiledShape) {
    for (index, (name, value)) in shape.set.iter().enumerate() {
        if shape.set[..index]
            .iter()
            .any(|(earlier, _)| earlier == name)
        {
            headers.append(name, value.clone());
        } else {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in &shape.append {
        headers.append(name, value.clone());
    }
}

/// Adds the names in `value` to the response's `Vary` (RFC 9110, section 12.5.5), unless they or `*` are listed already.
pub(super) fn add_vary(headers: &mut HeaderMap, value: &HeaderValue) {
    if !tokens(value).all(|wanted| is_listed(headers, wanted)) {
        // A full map stays as it is.
        let _full = headers.try_append(VARY, value.clone());
    }
}

fn is_listed(headers: &HeaderMap, wanted: &[u8]) -> bool {
    let mut listed = headers.get_all(VARY).iter().flat_map(tokens);
    listed.any(|token| token == b"*" || token.eq_ignore_ascii_case(wanted))
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(before: &[&'static str], add: &'static str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(VARY, HeaderValue::from_static(value));
        }
        add_vary(&mut headers, &HeaderValue::from_static(add));
        headers
            .get_all(VARY)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_not_yet_listed_is_added_in_a_line_of_its_own() {
        assert_eq!(varied(&[], "x-a"), ["x-a"]);
        assert_eq!(varied(&["accept"], "x-a, x-b"), ["accept", "x-a, x-b"]);
    }

    #[test]
    fn what_is_listed_already_is_not_repeated() {
        assert_eq!(varied(&["*"], "x-a"), ["*"]);
        assert_eq!(
            varied(&["Accept , X-A", "x-B"], "x-a, x-b"),
            ["Accept , X-A", "x-B"]
        );
    }

    #[test]
    fn a_full_map_stays_as_it_is() {
        let mut headers = HeaderMap::new();
        for number in 0..24_576 {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            headers.insert(name, HeaderValue::from_static("1"));
        }
        add_vary(&mut headers, &HeaderValue::from_static("x-a"));
        assert_eq!(headers.len(), 24_576);
    }
}
