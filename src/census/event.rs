//! What the census counts: one observed response of a caller.

use crate::caller::Caller;

use super::endpoints::EndpointSlot;

/// One observed response, as the census counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerEvent {
    /// The caller that sent the request.
    pub caller: Caller,
    /// The endpoint that responded.
    pub endpoint: EndpointSlot,
    /// Whether the caller depended on the legacy shape.
    pub dependence: Dependence,
}

/// Whether a response shows that its caller depends on the legacy shape. A target caller never depends, whatever is
/// given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a response either is legacy, or should have been, or need not be"
)]
pub enum Dependence {
    /// The outcome has no legacy shape, or the caller understands the target contract.
    None,
    /// The legacy shape was served.
    Served,
    /// A legacy shape exists, or the outcome is undetermined, and the target response was served.
    Stranded,
}

impl CallerEvent {
    /// The dependence that counts.
    pub(super) const fn effective(&self) -> Dependence {
        if self.caller.is_target() {
            Dependence::None
        } else {
            self.dependence
        }
    }
}

impl Dependence {
    /// Whether the caller depends on the legacy shape.
    #[must_use]
    pub const fn is_dependent(self) -> bool {
        !matches!(self, Self::None)
    }
}
