//! Header names and values of a contract, checked and ready-made.

use http::{HeaderName, HeaderValue, header};

use crate::contract::error::{FaultKind, Faults};

/// Headers that belong to the message's framing or connection, or describe bytes that the layer itself makes.
const RESERVED: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A header name that a condition or hole may look at.
pub(super) fn name(text: &str, faults: &mut Faults) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    if name.is_none() {
        let expected = "a field name: a token such as x-request-id (RFC 9110, section 5.1)";
        faults.add(
            FaultKind::InvalidHeader,
            format!("header name {text:?}"),
            expected,
        );
    }
    name
}

/// A header name that a shape may set, append or remove.
pub(super) fn changeable_name(text: &str, faults: &mut Faults) -> Option<HeaderName> {
    let name = name(text, faults)?;
    let reserved = RESERVED.contains(&name);
    if reserved {
        let expected = "a header that is not about framing, connection or content coding, which are the layer's to set";
        faults.add(
            FaultKind::InvalidHeader,
            format!("header name {text:?}"),
            expected,
        );
    }
    (!reserved).then_some(name)
}

pub(super) fn value(name: &str, text: &str, faults: &mut Faults) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(text).ok();
    if value.is_none() {
        let expected = "a field value of visible ASCII, spaces and tabs (RFC 9110, section 5.5)";
        faults.add(
            FaultKind::InvalidHeader,
            format!("header {name}: {text:?}"),
            expected,
        );
    }
    value.map(ready)
}

/// A value whose clones do not allocate.
///
/// `Bytes` allocates its reference count on the first clone; that is done here, ahead of all answers.
pub(super) fn ready(value: HeaderValue) -> HeaderValue {
    drop(value.clone());
    value
}
