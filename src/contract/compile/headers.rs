//! Headers of a contract: their names and values, checked and prepared.

use http::{HeaderName, HeaderValue, header};

use crate::diagnostics::{Diagnostics, FaultCode};

/// Headers that belong to the message's framing or connection, or describe bytes that the layer itself makes.
const RESERVED: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A header name that a condition or placeholder may read.
pub(super) fn header_name(text: &str, diagnostics: &mut Diagnostics) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    if name.is_none() {
        let expected = "a field name: a token such as x-request-id (RFC 9110, section 5.1)";
        diagnostics.add(FaultCode::InvalidHeader, text, expected);
    }
    name
}

/// A header name that a shape may set, append or remove.
pub(super) fn changeable_header_name(
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<HeaderName> {
    let name = header_name(text, diagnostics)?;
    let reserved = RESERVED.contains(&name);
    if reserved {
        let expected = "a header other than those for framing, connection and content coding, which only the layer sets";
        diagnostics.add(FaultCode::InvalidHeader, text, expected);
    }
    (!reserved).then_some(name)
}

pub(super) fn header_value(text: &str, diagnostics: &mut Diagnostics) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(text).ok();
    let value = value.filter(|_| text.trim() == text);
    if value.is_none() {
        let expected = "a field value of visible ASCII, with spaces and tabs only between (RFC 9110, section 5.5)";
        diagnostics.add(FaultCode::InvalidHeader, text, expected);
    }
    value.map(without_first_clone)
}

/// Whether a placeholder may fill a header with this text: visible ASCII, with spaces and tabs only between, of a length
/// that recipients accept.
pub(crate) fn is_filled_value(text: &str) -> bool {
    const MAX: usize = 4096;
    let is_plain = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    (1..=MAX).contains(&text.len()) && text.bytes().all(is_plain) && text.trim() == text
}

/// A value whose clones do not allocate.
///
/// `Bytes` allocates its reference count on the first clone; that is done here, before any response.
pub(super) fn without_first_clone(value: HeaderValue) -> HeaderValue {
    drop(value.clone());
    value
}
