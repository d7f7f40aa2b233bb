//! From a request's head to who asked.

use http::request::Parts;

use super::caller::Caller;
use super::kind::Kinds;
use super::vary::Vary;

/// Tells from the head of a request who asked.
///
/// [`SignalDetector`](super::SignalDetector) does it by the headers most APIs have. An implementation of
/// one's own runs for each request on the contract: it must not block and should not allocate.
///
/// ```
/// use http::request::Parts;
/// use legacy_http_compat::caller::{Caller, Detect, Generation, Kind, Kinds, Vary};
///
/// /// Whoever accepts the new media type understands the target contract.
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
    /// Who asked. Its kind is one of [`Detect::kinds`].
    fn detect(&self, head: &Parts) -> Caller;

    /// The kinds that callers are told apart by, the same for the life of the detector.
    fn kinds(&self) -> &Kinds;

    /// What of the request decides a caller's generation, and with it which answer is served: it is named
    /// in the `Vary` of cacheable answers. Everything (`*`) unless an implementation says otherwise.
    fn vary(&self) -> Vary {
        Vary::any()
    }
}

/// The detector where none is set: every caller is an anonymous legacy caller of no known kind.
#[derive(Clone, Debug, Default)]
pub struct AnonymousLegacy {
    kinds: Kinds,
}

impl AnonymousLegacy {
    /// The detector; all are alike.
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
