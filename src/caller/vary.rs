//! Which parts of a request a response depends on.

use http::HeaderValue;
use http::header::HeaderName;

/// The parts of a request that a response varies with, as in the `Vary` header (RFC 9110 §12.5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary(Names);

/// `None` is everything, not only headers.
type Names = Option<Vec<HeaderName>>;

impl Vary {
    /// Varies with anything, not only headers: `*`.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// Varies with nothing in the request.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(Some(Vec::new()))
    }

    /// Varies with these headers; a repeated one counts once.
    pub fn headers(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self::nothing().and(names)
    }

    /// Varies with these headers as well.
    #[must_use]
    pub fn and(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        if let Some(known) = &mut self.0 {
            for name in names {
                if !known.contains(&name) {
                    known.push(name);
                }
            }
        }
        self
    }

    /// Whether it varies with everything: `*`.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.0.is_none()
    }

    /// The headers it varies with; none when [`Vary::is_any`].
    #[must_use]
    pub fn names(&self) -> &[HeaderName] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The value for a `Vary` header; `None` if the response varies with nothing.
    #[must_use]
    pub fn to_header_value(&self) -> Option<HeaderValue> {
        if self.is_any() {
            return Some(HeaderValue::from_static("*"));
        }
        let names: Vec<&str> = self.names().iter().map(HeaderName::as_str).collect();
        let value = HeaderValue::try_from(names.join(", ")).ok();
        value.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, USER_AGENT};

    use super::*;

    #[test]
    fn headers_are_listed_once_each_in_their_order() {
        let vary = Vary::headers([USER_AGENT, ACCEPT]).and([USER_AGENT]);
        assert_eq!(vary.to_header_value().unwrap(), "user-agent, accept");
    }

    #[test]
    fn any_stays_any_whatever_is_added() {
        let vary = Vary::any().and([ACCEPT]);
        assert!(vary.is_any() && vary.names().is_empty());
        assert_eq!(vary.to_header_value().unwrap(), "*");
    }

    #[test]
    fn nothing_needs_no_header() {
        assert_eq!(Vary::nothing().to_header_value(), None);
    }
}
