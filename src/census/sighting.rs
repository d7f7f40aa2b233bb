//! What the census is told: one answered request.

use crate::caller::Caller;

use super::endpoints::EndpointSlot;

/// One answered request, as the census counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerEvent {
    /// Who asked.
    pub caller: Caller,
    /// Which endpoint answered.
    pub endpoint: EndpointSlot,
    /// What the caller would have missed without the legacy shape.
    pub dependence: Dependence,
}

/// Whether an answer shows that its caller depends on the legacy shape. Of a status-driven caller none does, whatever
/// is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an answer either is legacy, or should have been, or need not be"
)]
pub enum Dependence {
    /// The outcome has no legacy shape, or the caller is status-driven.
    None,
    /// Served the legacy shape.
    Served,
    /// Has a legacy shape, or could not be decided, and was not served legacy.
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
