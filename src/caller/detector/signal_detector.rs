//! The detector by the signals in requests, and its builder.

use http::request::Parts;
use http::{Extensions, HeaderMap};
use serde::Serialize;

use super::cache::CallerCache;
use super::detector_settings::{DetectorSettings, IdentitySignal, KindSource, OptIn};
use super::generation_rules::GenerationRules;
use super::header_scan::{FoundHeaders, HeaderScan, WantedHeaders};
use super::identity_signals::{IdentitySignals, SignalInput};
use super::kind_rules::KindRules;
use crate::caller::also_wanted::AlsoWanted;
use crate::caller::caller::{Caller, Generation};
use crate::caller::detect::{Detect, RulesDigest, Vary};
use crate::caller::fingerprint::{FingerprintKey, KeyCheck};
use crate::caller::kind::{Kind, Kinds};
use crate::diagnostics::{Diagnostics, FaultCode, fault_error};
use crate::http_syntax::token;
use crate::json::OrderedValue;

/// How many characters the name of a kind may have.
const LONGEST_KIND: usize = 64;

/// The detector that most applications need: kind, generation and fingerprint from the signals of a request.
///
/// In this order:
///
/// 1. **Kind**: the first of the sources, in order, that matches a configured kind: a header whose value is the kind's
///    name, or a product of `User-Agent` (RFC 9110 §10.1.5), whose version may follow a slash or a blank. Otherwise
///    `other`.
/// 2. **Generation**: a caller that sends the opt-in header is a target caller. Otherwise its version decides, compared
///    with the first target version of its kind: the version of the version header, or if that is none, of the product
///    that is mapped to its kind. Otherwise the generation of unknown callers, legacy by default.
/// 3. **Fingerprint**: a keyed pseudonym of the first identity signal that is present, of its name and its value. Kind,
///    version and the whole user agent are never part of it, so an upgraded client keeps its own. A caller without any
///    signal is anonymous.
///
/// Of a header that occurs more than once, other than a list, the first value counts. All of these are the client's own
/// claims: they are good for counting clients and for choosing a shape that they can read, and must not be used to decide
/// what a client may do. A client address is as reliable as its source, which inserts
/// [`ClientAddr`](crate::caller::ClientAddr), and many clients may share one.
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
    kinds: Kinds,
    headers: HeaderScan,
    kind: KindRules,
    generation: GenerationRules,
    identity: IdentitySignals,
    vary: Vary,
    key_check: KeyCheck,
    /// At the index of the kind.
    rules: Box<[RulesDigest]>,
    cache: CallerCache,
}

/// Builder for [`SignalDetector`], made by [`SignalDetector::builder`]. Nothing is checked before
/// [`SignalDetectorBuilder::build`], which reports all faults at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[must_use]
pub struct SignalDetectorBuilder {
    settings: DetectorSettings,
}

fault_error! {
    /// Why settings make no detector: all of their faults.
    DetectorError
}

impl SignalDetector {
    /// A builder for a detector of these client kinds; all other callers are `other`.
    pub fn builder<N: Into<String>>(kinds: impl IntoIterator<Item = N>) -> SignalDetectorBuilder {
        SignalDetectorBuilder {
            settings: DetectorSettings {
                kinds: kinds.into_iter().map(Into::into).collect(),
                kind_sources: Vec::new(),
                opt_in: None,
                version_header: None,
                target_since: Vec::new(),
                unknown_generation: Generation::Legacy,
                identity: Vec::new(),
            },
        }
    }

    #[inline]
    fn find<'h>(
        &self,
        headers: &'h HeaderMap,
        extensions: &Extensions,
        also: &mut AlsoWanted<'_, 'h>,
    ) -> Caller {
        let mut found = self.headers.none();
        self.headers.find(headers, &mut found, also);
        // Identified by headers alone: the same headers are the same caller. Lists over several lines are rare.
        let identity = self.identity.first_header();
        if found.repeated() || !identity.is_some_and(|slot| found.has(slot)) {
            return self.classify(&found, headers, extensions);
        }
        let key = self.cache.key(&found);
        if let Some(caller) = self.cache.get(key) {
            return caller;
        }
        let caller = self.classify(&found, headers, extensions);
        if self.identity.is_identified_by_header(&found) {
            self.cache.insert(key, caller);
        }
        caller
    }

    #[cold]
    #[inline(never)]
    fn classify(
        &self,
        found: &FoundHeaders<'_>,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Caller {
        let matched = self.kind.find(found);
        let generation = &self.generation;
        let (caller, version) = generation.find(found, headers, matched, &self.kind);
        let fingerprint = self.identity.find(SignalInput {
            found,
            extensions,
            kinds: &self.kind,
            matched,
        });
        caller.with(fingerprint, version)
    }
}

impl Detect for SignalDetector {
    fn detect(&self, head: &Parts) -> Caller {
        let none = &mut AlsoWanted::new(None);
        self.find(&head.headers, &head.extensions, none)
    }

    fn detect_by_headers(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<Caller> {
        self.detect_and_find(headers, extensions, &mut AlsoWanted::new(None))
    }

    fn detect_and_find<'h>(
        &self,
        headers: &'h HeaderMap,
        extensions: &Extensions,
        also: &mut AlsoWanted<'_, 'h>,
    ) -> Option<Caller> {
        Some(self.find(headers, extensions, also))
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

    fn rules_digest(&self, kind: Kind) -> RulesDigest {
        self.rules.get(kind.index()).copied().unwrap_or_default()
    }
}

impl SignalDetectorBuilder {
    /// Reads the kind from this header, after the sources added before. Kinds are case-sensitive.
    pub fn kind_header(self, name: impl Into<String>) -> Self {
        self.kind_from(KindSource::Header(name.into()))
    }

    /// Reads the kind from the products of `User-Agent`, after the sources added before: pairs of a product's name,
    /// without version, and its kind. Product names are not case-sensitive.
    pub fn kind_products<P, K>(self, products: impl IntoIterator<Item = (P, K)>) -> Self
    where
        P: Into<String>,
        K: Into<String>,
    {
        let pair = |(product, kind): (P, K)| (product.into(), kind.into());
        self.kind_from(KindSource::Products(
            products.into_iter().map(pair).collect(),
        ))
    }

    /// Reads the kind from this source, after those added before.
    pub fn kind_from(mut self, source: KindSource) -> Self {
        self.settings.kind_sources.push(source);
        self
    }

    /// A caller that sends this header with exactly this value is a target caller, whatever its version.
    ///
    /// `Prefer` (RFC 7240 §2), `Accept` and other headers whose name starts with `Accept-` (RFC 9110 §12.5) are lists: one
    /// member suffices, on any line and with any further parameters, unless its weight is `q=0`.
    pub fn opt_in(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.opt_in = Some(OptIn {
            header: header.into(),
            value: value.into(),
        });
        self
    }

    /// Reads the client's version from this header; if it is missing or no
    /// [`ClientVersion`](crate::caller::ClientVersion), the version of the product that is mapped to the caller's kind
    /// counts.
    pub fn version_header(mut self, name: impl Into<String>) -> Self {
        self.settings.version_header = Some(name.into());
        self
    }

    /// Callers of this kind are target callers from this version on, and legacy callers before it: one to four numbers, and
    /// a pre-release as in semver. Precedence is that of semver §11: `2.0.0-rc.1` comes before `2.0.0`, so give the first
    /// pre-release that understands the target contract.
    pub fn target_since(mut self, kind: impl Into<String>, version: impl Into<String>) -> Self {
        self.settings
            .target_since
            .push((kind.into(), version.into()));
        self
    }

    /// The generation of callers whose version is unknown or does not parse, or whose kind has no target version. The
    /// default is [`Generation::Legacy`], the side on which no client breaks.
    pub fn unknown_generation(mut self, generation: Generation) -> Self {
        self.settings.unknown_generation = generation;
        self
    }

    /// Distinguishes installations by this signal if those added before are absent.
    pub fn identity(mut self, signal: IdentitySignal) -> Self {
        self.settings.identity.push(signal);
        self
    }

    /// The detector, with fingerprints under this key.
    ///
    /// # Errors
    ///
    /// All faults of the settings at once.
    pub fn build(&self, key: &FingerprintKey) -> Result<SignalDetector, DetectorError> {
        let mut diagnostics = Diagnostics::default();
        let detector = self.compile(key, &mut diagnostics);
        diagnostics.into_result(detector)
    }

    /// Reads the section `callers` of a document and adds the faults of its form and of its meaning.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let settings = DetectorSettings::read(tree, diagnostics);
        let builder = Self { settings };
        // No key makes settings right or wrong.
        builder.compile(&FingerprintKey::new([0; 16]), diagnostics);
        builder
    }

    /// The detector, valid only if no faults were added.
    fn compile(&self, key: &FingerprintKey, diagnostics: &mut Diagnostics) -> SignalDetector {
        let settings = &self.settings;
        let kinds = check_kinds(&settings.kinds, diagnostics);
        let mut wanted = WantedHeaders::default();
        let kind = KindRules::compile(settings, &kinds, &mut wanted, diagnostics);
        let generation = GenerationRules::compile(settings, &kinds, &mut wanted, diagnostics);
        let vary = Vary::headers(wanted.names().iter().cloned());
        let identity = IdentitySignals::compile(settings, key, &mut wanted, diagnostics);
        let headers = wanted.compile(diagnostics);
        let rules = kinds.names().map(|kind| settings.rules_digest(kind));
        let rules = rules.collect();
        SignalDetector {
            kinds,
            headers,
            kind,
            generation,
            identity,
            vary,
            key_check: key.key_check(),
            rules,
            cache: CallerCache::default(),
        }
    }
}

/// The set of the listed kinds; of faulty settings, as many as can be in one.
fn check_kinds(names: &[String], diagnostics: &mut Diagnostics) -> Kinds {
    if names.is_empty() {
        let expected = "at least one client kind, for example AGENT";
        diagnostics.add_at("/kinds", FaultCode::NoKinds, "", expected);
    }
    diagnostics.at_most(Kinds::MAX - 1, "besides other", "/kinds", names.len());
    let mut distinct: Vec<&str> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = format!("/kinds/{index}");
        if token(name.as_bytes()).is_none() || name.len() > LONGEST_KIND || name == "other" {
            let expected = format!(
                "a token (RFC 9110 §5.6.2) of at most {LONGEST_KIND} characters other than `other`, \
                 the kind of all callers that match none"
            );
            diagnostics.add_at(&place, FaultCode::InvalidName, name, expected);
        }
        if distinct.contains(&name.as_str()) {
            let expected = "each kind once";
            diagnostics.add_at(&place, FaultCode::DuplicateName, name, expected);
        } else if name != "other" {
            distinct.push(name);
        }
    }
    distinct.truncate(Kinds::MAX - 1);
    Kinds::new(distinct).expect("distinct names, and not too many")
}
