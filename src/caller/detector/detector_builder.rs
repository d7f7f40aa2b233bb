//! Builder for [`SignalDetector`].

use super::cache::CallerCache;
use super::detector_settings::{DetectorSettings, IdentitySignal, KindSource, OptIn};
use super::generation_rules::GenerationRules;
use super::header_scan::WantedHeaders;
use super::identity_signals::IdentitySignals;
use super::kind_rules::KindRules;
use super::signal_detector::SignalDetector;
use crate::caller::caller::Generation;
use crate::caller::fingerprint_key::FingerprintKey;
use crate::caller::kind::Kinds;
use crate::caller::vary::Vary;
use crate::diagnostics::{Diagnostics, FaultCode, fault_error};
use crate::http_syntax::token;

/// How many characters the name of a kind may have.
const LONGEST_KIND: usize = 64;

/// Builder for [`SignalDetector`], made by [`SignalDetector::builder`]. Nothing is checked before
/// [`SignalDetectorBuilder::build`], which reports all faults at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SignalDetectorBuilder {
    pub(crate) settings: DetectorSettings,
}

fault_error! {
    /// Why settings make no detector: all of their faults.
    DetectorError
}

impl SignalDetector {
    /// A builder for a detector of these client kinds; all other callers are `other`.
    pub fn builder<N: Into<String>>(kinds: impl IntoIterator<Item = N>) -> SignalDetectorBuilder {
        SignalDetectorBuilder::new(kinds.into_iter().map(Into::into).collect())
    }
}

impl SignalDetectorBuilder {
    fn new(kinds: Vec<String>) -> Self {
        Self {
            settings: DetectorSettings::of_kinds(kinds),
        }
    }

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
    pub fn opt_in(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.opt_in = Some(OptIn {
            header: header.into(),
            value: value.into(),
        });
        self
    }

    /// Reads the client's version from this header; if it is missing or not semver, the version of the product that is
    /// mapped to the caller's kind counts.
    pub fn version_header(mut self, name: impl Into<String>) -> Self {
        self.settings.version_header = Some(name.into());
        self
    }

    /// Callers of this kind are target callers from this version on, and legacy callers before it. Precedence is that of
    /// semver §11: `2.0.0-rc.1` comes before `2.0.0`, so give the first pre-release that understands the target contract.
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

    /// The detector, valid only if no faults were added.
    pub(super) fn compile(
        &self,
        key: &FingerprintKey,
        diagnostics: &mut Diagnostics,
    ) -> SignalDetector {
        let settings = &self.settings;
        let kinds = check_kinds(&settings.kinds, diagnostics);
        let mut wanted = WantedHeaders::default();
        let kind = KindRules::compile(settings, &kinds, &mut wanted, diagnostics);
        let generation = GenerationRules::compile(settings, &kinds, &mut wanted, diagnostics);
        let vary = Vary::headers(wanted.names().iter().cloned());
        let identity = IdentitySignals::compile(settings, key, &mut wanted, diagnostics);
        let headers = wanted.compile(diagnostics);
        SignalDetector {
            kinds,
            headers,
            kind,
            generation,
            identity,
            vary,
            key_check: key.key_check(),
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
    if names.len() >= Kinds::MAX {
        let expected = format!("at most {} besides other", Kinds::MAX - 1);
        let count = names.len().to_string();
        diagnostics.add_at("/kinds", FaultCode::TooMany, count, expected);
    }
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
