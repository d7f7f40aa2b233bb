//! Sets up a [`SignalDetector`].

use super::cache::CallerCache;
use super::generation_rules::GenerationRules;
use super::header_scan::WantedHeaders;
use super::identity_signals::IdentitySignals;
use super::kind_rules::KindRules;
use super::settings::{IdentitySignal, KindSource, OptIn, Settings};
use super::signal_detector::SignalDetector;
use crate::caller::caller::Generation;
use crate::caller::fingerprint_key::FingerprintKey;
use crate::caller::kind::Kinds;
use crate::caller::vary::Vary;
use crate::diagnostics::{Diagnostics, FaultCode, fault_error};
use crate::http_syntax::token;

/// The most characters the name of a kind may have.
const LONGEST_KIND: usize = 64;

/// Sets up a [`SignalDetector`]; [`SignalDetector::builder`] makes one. Nothing is checked before
/// [`SignalDetectorBuilder::build`], which reports all faults at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SignalDetectorBuilder {
    pub(crate) settings: Settings,
}

fault_error! {
    /// Why settings make no detector: all of their faults.
    DetectorError
}

impl SignalDetector {
    /// Sets up a detector of these client kinds; everyone else is `other`.
    pub fn builder<N: Into<String>>(kinds: impl IntoIterator<Item = N>) -> SignalDetectorBuilder {
        SignalDetectorBuilder::new(kinds.into_iter().map(Into::into).collect())
    }
}

impl SignalDetectorBuilder {
    fn new(kinds: Vec<String>) -> Self {
        Self {
            settings: Settings::of_kinds(kinds),
        }
    }

    /// Looks for the kind's name in this header, after the sources already matched. The name must be the same
    /// letter for letter.
    pub fn kind_header(self, name: impl Into<String>) -> Self {
        self.kind_from(KindSource::Header(name.into()))
    }

    /// Looks for one of these products in `User-Agent`, after the sources already matched: pairs of a
    /// product's name, without version, and the kind it is of. The case of letters does not count in the
    /// names of products.
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

    /// Looks for the kind here, after the sources already matched.
    pub fn kind_from(mut self, source: KindSource) -> Self {
        self.settings.kind_sources.push(source);
        self
    }

    /// A caller that sends this header with this value, letter for letter, is status-driven whatever its
    /// version.
    pub fn opt_in(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.opt_in = Some(OptIn {
            header: header.into(),
            value: value.into(),
        });
        self
    }

    /// Looks for the client's version in this header first; where there is none, or it is no semver, the
    /// version of the product that is mapped to the caller's kind counts.
    pub fn version_header(mut self, name: impl Into<String>) -> Self {
        self.settings.version_header = Some(name.into());
        self
    }

    /// Callers of this kind are status-driven from this version on, and legacy before it. The order is that
    /// of semver §11: `2.0.0-rc.1` is before `2.0.0`, so name the first pre-release that is status-driven.
    pub fn target_since(mut self, kind: impl Into<String>, version: impl Into<String>) -> Self {
        self.settings
            .target_since
            .push((kind.into(), version.into()));
        self
    }

    /// What is taken of callers whose version is unknown, does not parse, or is of a kind that nothing is
    /// said of. The default is [`Generation::Legacy`], the side on which no client breaks.
    pub fn unknown_generation(mut self, generation: Generation) -> Self {
        self.settings.unknown_generation = generation;
        self
    }

    /// Tells installations apart by this signal where those already matched are absent.
    pub fn identity(mut self, signal: IdentitySignal) -> Self {
        self.settings.identity.push(signal);
        self
    }

    /// The detector, its fingerprints made under this key.
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
