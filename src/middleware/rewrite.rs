//! Making a target answer's head a legacy one.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header, response};

use crate::contract::compile::{CompiledShape, DeprecationHeaders};

/// Headers that identify or sign the answer that the handler made, which a legacy answer is not.
const STALE: [HeaderName; 6] = [
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    header::CONTENT_RANGE,
    // RFC 9421, section 4.
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
];

/// Headers that describe the handler's body, stale when the body is another.
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

/// Status and headers of a legacy answer. `body` is the new body, where there is one.
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

/// Looks at the few headers that are there, which takes less than to look each stale one up.
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
        headers.insert(header::CONTENT_LENGTH, decimal(body.len()));
    }
}

/// Several lines that the shape sets under one name all replace those of the answer.
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

/// A number as a header value; up to four digits without allocating.
fn decimal(number: usize) -> HeaderValue {
    let Some(start) = number.checked_mul(4).filter(|start| *start < DIGITS.len()) else {
        return HeaderValue::from(number);
    };
    let zeros = 3 - number.checked_ilog10().map_or(0, |log| log as usize);
    let digits = Bytes::from_static(&DIGITS[start + zeros..start + 4]);
    HeaderValue::from_maybe_shared(digits).expect("digits are a field value")
}

/// All numbers of four digits, one behind the other.
static DIGITS: [u8; 40_000] = four_digit_numbers();

#[expect(
    clippy::large_stack_arrays,
    reason = "evaluated when the crate is compiled"
)]
const fn four_digit_numbers() -> [u8; 40_000] {
    let mut digits = [b'0'; 40_000];
    let mut at = 0;
    while at < digits.len() {
        let (mut number, mut place) = (at / 4, at + 4);
        while number > 0 {
            place -= 1;
            digits[place] = b"0123456789"[number % 10];
            number /= 10;
        }
        at += 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_its_shortest_decimal() {
        for number in (0..=12_345).chain([99_999, usize::MAX]) {
            assert_eq!(decimal(number).to_str().unwrap(), number.to_string());
        }
    }
}
