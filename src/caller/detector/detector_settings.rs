//! The settings of a detector, before they are checked.

use crate::caller::caller::Generation;

/// The settings of a [`SignalDetector`](super::SignalDetector), from code or from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetectorSettings {
    pub(crate) kinds: Vec<String>,
    pub(crate) kind_sources: Vec<KindSource>,
    pub(crate) opt_in: Option<OptIn>,
    pub(crate) version_header: Option<String>,
    /// Pairs of kind and version.
    pub(crate) target_since: Vec<(String, String)>,
    pub(crate) unknown_generation: Generation,
    pub(crate) identity: Vec<IdentitySignal>,
}

/// The header by which a caller declares that it understands the target contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OptIn {
    pub(crate) header: String,
    pub(crate) value: String,
}

/// Where a caller's kind comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KindSource {
    /// A header whose value is the name of a kind, letter case included.
    Header(String),
    /// The products of `User-Agent`: pairs of a product's name and its kind.
    Products(Vec<(String, String)>),
}

/// What distinguishes one installation from another, and stays when it is upgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentitySignal {
    /// The value of a header: 1 to 256 visible ASCII characters, else it counts as absent. It is the
    /// client's own claim.
    Header(String),
    /// The [`ClientAddr`](crate::caller::ClientAddr) in the request's extensions.
    ClientAddress,
    /// Several together; absent when one of them is.
    AllOf(Vec<SignalPart>),
}

/// One part of a combined [`IdentitySignal`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignalPart {
    /// The value of a header, under the same rule as [`IdentitySignal::Header`].
    Header(String),
    /// The [`ClientAddr`](crate::caller::ClientAddr) in the request's extensions.
    ClientAddress,
    /// The name, without version, of the first product of `User-Agent` that is mapped to a kind, or else of
    /// its first product: at most 64 characters, letter case aside.
    ProductName,
}

impl DetectorSettings {
    pub(super) fn of_kinds(kinds: Vec<String>) -> Self {
        Self {
            kinds,
            kind_sources: Vec::new(),
            opt_in: None,
            version_header: None,
            target_since: Vec::new(),
            unknown_generation: Generation::Legacy,
            identity: Vec::new(),
        }
    }
}

impl IdentitySignal {
    /// [`IdentitySignal::Header`] of this name.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(name.into())
    }

    /// [`IdentitySignal::AllOf`] of these parts.
    pub fn all_of(parts: impl IntoIterator<Item = SignalPart>) -> Self {
        Self::AllOf(parts.into_iter().collect())
    }
}

impl SignalPart {
    /// [`SignalPart::Header`] of this name.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(name.into())
    }
}
