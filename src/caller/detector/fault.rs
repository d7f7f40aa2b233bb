//! What is wrong with a detector's settings.

use crate::faults::fault_types;

fault_types! {
    /// Why settings make no detector: all of their faults.
    InvalidDetector,
    /// One fault of a detector's settings.
    DetectorFault of DetectorFaultKind,
    /// Where it is, as a JSON pointer (RFC 6901) into the settings: `/target_since/AGENT`.
    place,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DetectorFaultKind {
    /// A member that the section `callers` does not have.
    UnknownMember,
    /// A member that stands twice in one object.
    RepeatedMember,
    /// A member that must be there is not.
    MissingMember,
    /// A value of another type, or in another form, than its member has.
    WrongType,
    /// No kind is named.
    NoKinds,
    /// More kinds than a set holds.
    TooManyKinds,
    /// The name of a kind is not a token, too long, or `other`.
    InvalidKind,
    /// A kind is named twice.
    DuplicateKind,
    /// A setting speaks of a kind that is not among the kinds.
    UnknownKind,
    /// Nothing says where the kind is looked for.
    NoKindSource,
    /// The same source of the kind stands twice.
    DuplicateKindSource,
    /// It is not the name of a header.
    InvalidHeader,
    /// More different headers than a detector looks at.
    TooManyHeaders,
    /// The name of a product is not a token.
    InvalidProduct,
    /// A product is mapped twice.
    DuplicateProduct,
    /// It is not a version by semver.
    InvalidVersion,
    /// A kind has two versions since which it is status-driven.
    DuplicateSince,
    /// The value of the opt-in header could never be sent.
    InvalidOptInValue,
    /// A combined identity signal without parts.
    EmptyCombination,
    /// A product's name alone tells no installation from another.
    ProductAlone,
    /// An identity signal that changes when the client is upgraded.
    UnstableIdentity,
}

impl DetectorFaultKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown member",
            Self::RepeatedMember => "repeated member",
            Self::MissingMember => "missing member",
            Self::WrongType => "wrong form",
            Self::NoKinds => "no kinds",
            Self::TooManyKinds => "too many kinds",
            Self::InvalidKind => "invalid kind",
            Self::DuplicateKind => "duplicate kind",
            Self::UnknownKind => "unknown kind",
            Self::NoKindSource => "no source of the kind",
            Self::DuplicateKindSource => "duplicate source of the kind",
            Self::InvalidHeader => "invalid header name",
            Self::TooManyHeaders => "too many headers",
            Self::InvalidProduct => "invalid product name",
            Self::DuplicateProduct => "duplicate product",
            Self::InvalidVersion => "invalid version",
            Self::DuplicateSince => "duplicate version of a kind",
            Self::InvalidOptInValue => "invalid value of the opt-in header",
            Self::EmptyCombination => "empty combination",
            Self::ProductAlone => "product name as the only identity",
            Self::UnstableIdentity => "unstable identity signal",
        }
    }
}

impl Faults {
    /// These faults, and those of an error behind them.
    pub(super) fn and(mut self, error: Option<InvalidDetector>) -> Self {
        self.0
            .extend(error.into_iter().flat_map(|error| error.faults));
        self
    }
}

/// One reference token of a JSON pointer (RFC 6901 §3).
pub(super) fn escaped(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}
