//! A caller, as a detector identifies it.

use std::fmt;

use super::kind::Kind;
use super::version::ClientVersion;

/// The client that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    kind: Kind,
    generation: Generation,
    fingerprint: Option<Fingerprint>,
    version: Option<ClientVersion>,
}

/// Which contract a caller understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a contract has two sides, and the crate depends on that"
)]
pub enum Generation {
    /// The old contract: depends on legacy shapes.
    Legacy,
    /// The target contract.
    Target,
}

/// A keyed pseudonym of the signal that identifies one installation, shown as `psd_<32 hex>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u128);

impl Caller {
    /// A caller without an identity signal, of no known kind, that understands only the old contract.
    pub const ANONYMOUS_LEGACY: Self = Self::new(Kind::OTHER, Generation::Legacy);

    /// An anonymous caller of a kind and generation.
    #[must_use]
    pub const fn new(kind: Kind, generation: Generation) -> Self {
        Self {
            kind,
            generation,
            fingerprint: None,
            version: None,
        }
    }

    /// This caller with a fingerprint that distinguishes it from others.
    #[must_use]
    pub const fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// This caller with its client version.
    #[must_use]
    pub const fn with_version(mut self, version: ClientVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// This caller with its fingerprint and version, as far as known.
    pub(super) const fn identified(
        mut self,
        fingerprint: Option<Fingerprint>,
        version: Option<ClientVersion>,
    ) -> Self {
        self.fingerprint = fingerprint;
        self.version = version;
        self
    }

    /// This caller with another kind.
    pub(crate) const fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The client kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Which contract the caller understands.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// The pseudonym of the installation; `None` for an anonymous caller.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// The client's version, if it sent a valid one.
    #[must_use]
    pub const fn version(&self) -> Option<ClientVersion> {
        self.version
    }

    /// Whether the caller understands the target contract.
    #[must_use]
    pub const fn is_target(&self) -> bool {
        matches!(self.generation, Generation::Target)
    }
}

impl Generation {
    /// `legacy` or `target`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Target => "target",
        }
    }
}

impl Fingerprint {
    /// The pseudonym with this value.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// The value, as [`Fingerprint::from_u128`] takes it.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "psd_{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
