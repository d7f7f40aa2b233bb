//! What is wrong with a policy.

use crate::faults::fault_types;

fault_types! {
    /// Why something is no policy: all of its faults.
    PolicyError,
    /// One fault of a policy.
    PolicyFault of PolicyFaultKind,
    /// Where it is, as a JSON pointer (RFC 6901) into the policy: `/guard/window`.
    place,
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
    NoAutoRollbackLimit,
}

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
            Self::NoAutoRollbackLimit => "guard without limits",
        }
    }
}
