//! Identifying the caller of a request, and what of a request that depends on.

use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use siphasher::sip128::SipHasher24;

use super::also_wanted::AlsoWanted;
use super::caller::Caller;
use super::fingerprint::KeyCheck;
use super::kind::{Kind, Kinds};

/// Identifies the caller from the request head.
///
/// [`SignalDetector`](super::SignalDetector) uses the headers that most APIs have. A custom implementation runs for each
/// request on the contract: it must not block and should not allocate.
///
/// ```
/// use http::request::Parts;
/// use legacy_http_compat::caller::{Caller, Detect, Generation, Kind, Kinds, Vary};
///
/// /// A caller that accepts the new media type understands the target contract.
/// struct ByAccept(Kinds);
///
/// impl Detect for ByAccept {
///     fn detect(&self, head: &Parts) -> Caller {
///         let accepts = head.headers.get("accept");
///         match accepts.is_some_and(|value| value == "application/vnd.example.v2+json") {
///             true => Caller::new(Kind::OTHER, Generation::Target),
///             false => Caller::ANONYMOUS_LEGACY,
///         }
///     }
///
///     fn kinds(&self) -> &Kinds {
///         &self.0
///     }
///
///     fn vary(&self) -> Vary {
///         Vary::headers([http::header::ACCEPT])
///     }
/// }
///
/// let detector: Box<dyn Detect> = Box::new(ByAccept(Kinds::default()));
/// let request = http::Request::new(());
/// assert_eq!(detector.detect(&request.into_parts().0), Caller::ANONYMOUS_LEGACY);
/// ```
pub trait Detect: Send + Sync {
    /// The caller of a request. Its kind is one of [`Detect::kinds`].
    fn detect(&self, head: &Parts) -> Caller;

    /// The same by the headers and extensions of the request, which then need not be taken apart; `None`, the default, where the
    /// rest of the head counts as well. The layer calls [`Detect::detect`] only then.
    fn detect_by_headers(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<Caller> {
        let _ = (headers, extensions);
        None
    }

    /// As [`detect_by_headers`](Self::detect_by_headers), and looks for one header more if it passes over all of them.
    #[doc(hidden)]
    fn detect_and_find<'h>(
        &self,
        headers: &'h HeaderMap,
        extensions: &Extensions,
        also: &mut AlsoWanted<'_, 'h>,
    ) -> Option<Caller> {
        let _ = also;
        self.detect_by_headers(headers, extensions)
    }

    /// The kinds that the detector distinguishes, the same for its whole life.
    fn kinds(&self) -> &Kinds;

    /// The parts of the request that determine a caller's generation, and with it the response. They are listed in the
    /// `Vary` of cacheable responses. The default is everything (`*`).
    fn vary(&self) -> Vary {
        Vary::any()
    }

    /// The check of the key under which callers' fingerprints are made. A census snapshot stores it, so that fingerprints
    /// of two keys are never mixed; without one there is no snapshot. A detector without fingerprints may return any
    /// constant.
    fn key_check(&self) -> Option<KeyCheck> {
        None
    }

    /// The digest of all that decides which callers are of this kind, what their generation is, and what identifies them;
    /// the key is not part of it. When it changes, the evidence about the kind starts anew. The default is one digest for
    /// all: a detector whose rules never change.
    fn rules_digest(&self, kind: Kind) -> RulesDigest {
        let _ = kind;
        RulesDigest::default()
    }
}

/// A digest of a detector's rules for one kind, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RulesDigest(u128);

impl RulesDigest {
    /// The digest of rules written as text: SipHash-2-4-128 without a key.
    #[must_use]
    pub fn of(rules: &str) -> Self {
        Self(SipHasher24::new().hash(rules.as_bytes()).as_u128())
    }

    /// The digest with this value.
    #[cfg(feature = "cli")]
    pub(crate) const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    pub(crate) const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for RulesDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A detector for which every caller is an anonymous legacy caller of no known kind.
#[derive(Clone, Debug, Default)]
pub struct AnonymousLegacy {
    kinds: Kinds,
}

impl AnonymousLegacy {
    /// The detector; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Detect for AnonymousLegacy {
    fn detect(&self, _head: &Parts) -> Caller {
        Caller::ANONYMOUS_LEGACY
    }

    fn detect_by_headers(&self, _: &HeaderMap, _: &Extensions) -> Option<Caller> {
        Some(Caller::ANONYMOUS_LEGACY)
    }

    fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    fn vary(&self) -> Vary {
        Vary::nothing()
    }

    /// A constant: there are no fingerprints.
    fn key_check(&self) -> Option<KeyCheck> {
        Some(KeyCheck::from_u64(0))
    }
}

/// The parts of a request that a response varies with, as in the `Vary` header (RFC 9110 §12.5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary(
    /// `None` is everything, not only headers.
    Option<Vec<HeaderName>>,
);

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
    use std::sync::Arc;

    use http::header::{ACCEPT, USER_AGENT};

    use super::*;

    #[test]
    fn the_trait_is_object_safe_and_shared() {
        let detector: Arc<dyn Detect> = Arc::new(AnonymousLegacy::new());
        let (head, ()) = http::Request::new(()).into_parts();
        assert_eq!(detector.detect(&head), Caller::ANONYMOUS_LEGACY);
        assert_eq!(detector.kinds().names().len(), 1);
        assert_eq!(detector.vary(), Vary::nothing());
    }

    #[test]
    fn a_detector_that_does_not_say_varies_with_everything() {
        struct Silent(Kinds);
        impl Detect for Silent {
            fn detect(&self, _head: &Parts) -> Caller {
                Caller::ANONYMOUS_LEGACY
            }

            fn kinds(&self) -> &Kinds {
                &self.0
            }
        }
        assert!(Silent(Kinds::default()).vary().is_any());
    }

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
