//! The request headers that placeholders read, kept until the response arrives.

use http::{HeaderMap, HeaderName, HeaderValue};

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

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}
