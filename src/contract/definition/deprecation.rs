//! The deprecation notice of legacy responses.

/// When the legacy shapes are deprecated, where to read about it, and when they end.
///
/// Becomes `Deprecation: @<unix seconds>` (RFC 9745, section 2.1), `Link: <…>; rel="deprecation"; type="text/html"` (RFC
/// 9745, section 3) and, where a sunset is given, `Sunset: <HTTP-date>` (RFC 8594, section 3), on rewritten responses only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Deprecation {
    pub(in crate::contract) date: i64,
    pub(in crate::contract) link: Option<String>,
    pub(in crate::contract) sunset: Option<i64>,
}

impl Deprecation {
    /// Deprecated at this time, in seconds since the Unix epoch; it may lie in the future.
    pub fn at(date: i64) -> Self {
        Self {
            date,
            link: None,
            sunset: None,
        }
    }

    /// An absolute URI of a page about it, for developers.
    pub fn link(mut self, uri: impl Into<String>) -> Self {
        self.link = Some(uri.into());
        self
    }

    /// When the legacy shapes are expected to be gone, in seconds since the Unix epoch. Never earlier than the
    /// deprecation.
    pub fn sunset(mut self, date: i64) -> Self {
        self.sunset = Some(date);
        self
    }
}
