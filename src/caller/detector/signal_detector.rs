//! Tells callers by what their requests say of them.

use http::{Extensions, request::Parts};

use super::cache::{CacheKey, CallerCache};
use super::generation_rules::GenerationRules;
use super::header_scan::{Found, HeaderScan};
use super::identity_signals::{IdentitySignals, SignalInput};
use super::kind_rules::KindRules;
use crate::caller::caller::Caller;
use crate::caller::detect::Detect;
use crate::caller::fingerprint_key::KeyCheck;
use crate::caller::kind::Kinds;
use crate::caller::vary::Vary;

/// The detector that most applications need: kind, generation and fingerprint from the signals of a request.
///
/// In this order:
///
/// 1. **Kind**: the first of the sources, in their order, that names a configured kind: a header whose value
///    is the kind's name, or a product of `User-Agent` (RFC 9110 §10.1.5). Else `other`.
/// 2. **Generation**: a caller that sends the opt-in header is status-driven. Else its version decides, by
///    the version since which its kind is: that of the version header, or where this is none, of the product
///    that is mapped to its kind. Else what is said of unknown callers, legacy by default.
/// 3. **Fingerprint**: a keyed pseudonym of the first identity signal that is present, of its name and its
///    value. Kind, version and the whole user agent never go into it, so an upgraded client keeps its own.
///    Without any signal the caller is anonymous.
///
/// Of a header that comes more than once the first value counts. All of these are the client's own claims:
/// they are good for counting clients and serving them what they can read, and must not be used to decide
/// what a client may do. A client address is as good as what puts [`ClientAddr`](crate::caller::ClientAddr)
/// into the request, and many clients may share one.
///
/// Detecting does not allocate.
///
/// ```
/// use http::Request;
/// use legacy_http_compat::caller::{
///     Detect, FingerprintKey, Generation, IdentitySignal, SignalDetector, SignalPart,
/// };
///
/// let key = FingerprintKey::new([7; 16]); // from a secret store
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT"])
///     .kind_header("X-Client-Kind")
///     .kind_products([("core-ui-rust", "UI_RUST"), ("core-agent", "AGENT")])
///     .opt_in("X-Status-Driven", "1")
///     .version_header("X-Client-Version")
///     .target_since("UI_RUST", "2.0.0")
///     .target_since("AGENT", "2.0.0")
///     .identity(IdentitySignal::header("X-Client-Id"))
///     .identity(IdentitySignal::all_of([SignalPart::ClientAddress, SignalPart::ProductName]))
///     .build(&key)?;
///
/// let seen = |user_agent: &str| {
///     let request = Request::builder().header("User-Agent", user_agent).header("X-Client-Id", "i-17");
///     detector.detect(&request.body(()).expect("a valid request").into_parts().0)
/// };
/// let (before, after) = (seen("core-agent/1.4.2 (linux)"), seen("core-agent/2.0.0 (linux)"));
/// assert_eq!(detector.kinds().name(before.kind()), "AGENT");
/// assert_eq!(before.generation(), Generation::Legacy);
/// assert_eq!(after.generation(), Generation::Target);
/// assert_eq!(before.fingerprint(), after.fingerprint());
/// # Ok::<(), legacy_http_compat::caller::DetectorError>(())
/// ```
#[derive(Debug)]
pub struct SignalDetector {
    pub(super) kinds: Kinds,
    pub(super) headers: HeaderScan,
    pub(super) kind: KindRules,
    pub(super) generation: GenerationRules,
    pub(super) identity: IdentitySignals,
    pub(super) vary: Vary,
    pub(super) key_check: KeyCheck,
    pub(super) cache: CallerCache,
}

impl SignalDetector {
    fn classify(&self, found: &Found<'_>, extensions: &Extensions) -> Caller {
        let matched = self.kind.find(found);
        let (generation, version) = self.generation.find(found, matched, &self.kind);
        let fingerprint = self.identity.find(SignalInput {
            found,
            extensions,
            kinds: &self.kind,
            matched,
        });
        Caller::new(matched.kind, generation).identified(fingerprint, version)
    }

    #[cold]
    fn classify_and_cache(&self, key: CacheKey, head: &Parts) -> Caller {
        let found = self.headers.scan(&head.headers);
        let caller = self.classify(&found, &head.extensions);
        if self.identity.is_identified_by_header(&found) {
            self.cache.insert(key, caller);
        }
        caller
    }

    /// The check of the key that the fingerprints are made under.
    #[must_use]
    pub const fn key_check(&self) -> KeyCheck {
        self.key_check
    }
}

impl Detect for SignalDetector {
    fn detect(&self, head: &Parts) -> Caller {
        // Told by headers alone: the same headers are the same caller.
        let mut key_builder = self.cache.key_builder();
        let (identity, mut identified) = (self.identity.first_header(), false);
        self.headers.visit(&head.headers, |slot, value| {
            identified |= identity == Some(slot);
            key_builder.add(slot, value.as_bytes());
        });
        if !identified {
            return self.classify(&self.headers.scan(&head.headers), &head.extensions);
        }
        let key = key_builder.finish();
        self.cache
            .get(key)
            .unwrap_or_else(|| self.classify_and_cache(key, head))
    }

    fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The headers that kind and generation are told by. The identity signals are left out: they decide the
    /// fingerprint alone, which never changes an answer (RFC 9110 §12.5.5 asks for what does).
    fn vary(&self) -> Vary {
        self.vary.clone()
    }
}
