//! Identifies callers by the signals in their requests.

use http::{Extensions, request::Parts};

use super::cache::{CacheKey, CallerCache};
use super::generation_rules::GenerationRules;
use super::header_scan::{FoundHeaders, HeaderScan};
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
/// 1. **Kind**: the first of the sources, in order, that matches a configured kind: a header whose value is the kind's
///    name, or a product of `User-Agent` (RFC 9110 §10.1.5). Otherwise `other`.
/// 2. **Generation**: a caller that sends the opt-in header is a target caller. Otherwise its version decides, compared
///    with the first target version of its kind: the version of the version header, or if that is none, of the product
///    that is mapped to its kind. Otherwise the generation of unknown callers, legacy by default.
/// 3. **Fingerprint**: a keyed pseudonym of the first identity signal that is present, of its name and its value. Kind,
///    version and the whole user agent are never part of it, so an upgraded client keeps its own. A caller without any
///    signal is anonymous.
///
/// Of a header that occurs more than once the first value counts. All of these are the client's own claims: they are good
/// for counting clients and for choosing a shape that they can read, and must not be used to decide what a client may do. A
/// client address is as reliable as its source, which inserts [`ClientAddr`](crate::caller::ClientAddr), and many clients
/// may share one.
///
/// Detection does not allocate.
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
    fn classify(&self, found: &FoundHeaders<'_>, extensions: &Extensions) -> Caller {
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
}

impl Detect for SignalDetector {
    fn detect(&self, head: &Parts) -> Caller {
        // Identified by headers alone: the same headers are the same caller.
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

    /// The headers that determine kind and generation. The identity signals are not among them: they determine only the
    /// fingerprint, which never changes a response (RFC 9110 §12.5.5).
    fn vary(&self) -> Vary {
        self.vary.clone()
    }

    fn key_check(&self) -> Option<KeyCheck> {
        Some(self.key_check)
    }
}
