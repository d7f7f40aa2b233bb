//! Whether a message's body can be read as JSON, as its head tells.

use http::{HeaderMap, header};

/// Whether the body has a content coding (RFC 9110, section 8.4) other than `identity`.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.any(|coding| {
        !coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    })
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839, section 3.1).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let mut parts = value.as_bytes().split(|byte| *byte == b';');
    let essence = parts.next().unwrap_or_default().trim_ascii();
    let suffix = essence.len().saturating_sub(b"+json".len());
    essence.eq_ignore_ascii_case(b"application/json")
        || essence[suffix..].eq_ignore_ascii_case(b"+json")
}

/// Whether the body is JSON as it stands.
pub(super) fn is_readable_json(headers: &HeaderMap) -> bool {
    is_json(headers) && !is_encoded(headers)
}
