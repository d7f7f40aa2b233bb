//! Headers of a contract: their names and values, checked and prepared, and those of a request, kept until the response
//! arrives.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

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

/// A value whose clones do not allocate.
///
/// `Bytes` allocates its reference count on the first clone; that is done here, before any response.
pub(super) fn without_first_clone(value: HeaderValue) -> HeaderValue {
    drop(value.clone());
    value
}

/// The text for each header placeholder of an endpoint.
///
/// The bytes are copied: a `HeaderValue` allocates when it is first cloned, while the one placeholder that most endpoints
/// have then costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct CapturedHeaders {
    first: Text,
    more: Box<[Text]>,
}

#[derive(Clone, Copy)]
struct Text {
    length: u8,
    bytes: [u8; Text::MAX],
}

impl CapturedHeaders {
    /// Takes, for each placeholder, the first of its headers that is present.
    pub(crate) fn take(placeholders: &[Box<[HeaderName]>], headers: &HeaderMap) -> Self {
        let mut texts = placeholders
            .iter()
            .map(|names| Text::first_present(names, headers));
        Self {
            first: texts.next().unwrap_or_default(),
            more: texts.collect(),
        }
    }

    pub(crate) fn get(&self, placeholder: usize) -> Option<&str> {
        let text = if placeholder == 0 {
            &self.first
        } else {
            self.more.get(placeholder - 1)?
        };
        text.as_str()
    }
}

impl Text {
    const MAX: usize = 128;

    fn first_present(names: &[HeaderName], headers: &HeaderMap) -> Self {
        names
            .iter()
            .filter_map(|name| headers.get(name))
            .find_map(Self::of)
            .unwrap_or_default()
    }

    /// 1 to 128 bytes of visible ASCII (RFC 5234, appendix B.1: `VCHAR`), or nothing.
    fn of(value: &HeaderValue) -> Option<Self> {
        let value = value.as_bytes();
        let fits = (1..=Self::MAX).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
        let mut text = Self {
            length: u8::try_from(value.len()).ok().filter(|_| fits)?,
            ..Self::default()
        };
        text.bytes[..value.len()].copy_from_slice(value);
        Some(text)
    }

    fn as_str(&self) -> Option<&str> {
        let bytes = &self.bytes[..usize::from(self.length)];
        str::from_utf8(bytes).ok().filter(|text| !text.is_empty())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self {
            length: 0,
            bytes: [0; Self::MAX],
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}
