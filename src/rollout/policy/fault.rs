//! What is wrong with a policy.

use std::{error::Error, fmt};

/// Why something is no policy: all of its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    faults: Vec<PolicyFault>,
}

/// One fault of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    kind: PolicyFaultKind,
    place: String,
    value: String,
    remedy: String,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyFaultKind {
    /// The text is no JSON.
    NotJson,
    /// A member that a policy does not have.
    UnknownMember,
    /// A member that stands twice in one object.
    RepeatedMember,
    /// A member that must be there is not.
    MissingMember,
    /// A value of another type, or in another form, than its member has.
    WrongType,
    /// A number or length outside its bounds.
    OutOfBounds,
    /// A rollout cannot open in this phase.
    InvalidOpening,
    /// The name of a check is no token.
    InvalidCheck,
    /// A check or a gate is named twice.
    Duplicate,
    /// There is no such gate.
    UnknownGate,
    /// A guard without a limit would never act.
    EmptyGuard,
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<PolicyFault>);

impl InvalidPolicy {
    /// All faults; at least one.
    #[must_use]
    pub fn faults(&self) -> &[PolicyFault] {
        &self.faults
    }
}

impl PolicyFault {
    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> PolicyFaultKind {
        self.kind
    }

    /// Where it is, as a JSON pointer (RFC 6901) into the policy: `/guard/within`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The offending value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would be right.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for InvalidPolicy {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, fault) in self.faults.iter().enumerate() {
            let separator = if count == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            place,
            value,
            remedy,
        } = self;
        write!(f, "{place}: {} {value:?}; {remedy}", kind.as_str())
    }
}

impl Error for InvalidPolicy {}

impl PolicyFaultKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "no JSON",
            Self::UnknownMember => "unknown member",
            Self::RepeatedMember => "repeated member",
            Self::MissingMember => "missing member",
            Self::WrongType => "wrong form",
            Self::OutOfBounds => "out of bounds",
            Self::InvalidOpening => "no phase to open in",
            Self::InvalidCheck => "invalid name of a check",
            Self::Duplicate => "named twice",
            Self::UnknownGate => "unknown gate",
            Self::EmptyGuard => "guard without limits",
        }
    }
}

impl Faults {
    pub(super) fn add(
        &mut self,
        kind: PolicyFaultKind,
        place: impl Into<String>,
        value: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(PolicyFault {
            kind,
            place: place.into(),
            value: value.into(),
            remedy: remedy.into(),
        });
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, InvalidPolicy> {
        if self.0.is_empty() {
            return Ok(value);
        }
        Err(InvalidPolicy { faults: self.0 })
    }
}
