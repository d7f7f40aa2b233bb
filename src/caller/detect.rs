//! Identifying the caller of a request.

use http::request::Parts;

use super::caller::Caller;
use super::fingerprint_key::KeyCheck;
use super::kind::Kinds;
use super::vary::Vary;

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
}
