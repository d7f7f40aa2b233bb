//! An observed response, and the trait that receives it.

use std::fmt;

use http::StatusCode;

use crate::{
    caller::{Caller, Kinds},
    contract::compile::{CompiledContract, CompiledEndpoint, Decision},
};

/// One observed response on an endpoint of the contract.
///
/// It contains names and numbers only: no body, no header, no address.
#[derive(Clone, Copy)]
pub struct Observation<'a> {
    contract: &'a CompiledContract,
    endpoint: usize,
    decision: Decision,
    caller: Caller,
    kinds: &'a Kinds,
    target_status: StatusCode,
    shape: Shape,
    skipped: Option<SkipReason>,
}

/// The shape in which a response was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a response is all target or all legacy"
)]
pub enum Shape {
    /// The target response, as the handler made it.
    Target,
    /// The legacy response, as old clients expect it.
    Legacy,
}

/// Why a response could not be rewritten, or its outcome not be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body has a content coding other than `identity`: the layer is outside compression.
    BodyEncoded,
    /// The body is not JSON by its `Content-Type`, or by its text as far as it was read.
    NotJson,
    /// A required placeholder has no value.
    MissingValue,
    /// The body failed with an error.
    BodyError,
    /// Responses of this status have no body of their own, or depend on a condition or range of the request.
    StatusWithoutBody,
    /// The connection changes to another protocol.
    Upgrade,
    /// A required field of the request was not read, or there is no
    /// [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer).
    RequestFieldsNotCaptured,
}

/// Receives every response on an endpoint of the contract.
///
/// Called inline before the response is returned: an implementation must neither block nor panic. A request whose service
/// failed, or whose future was dropped, has no response and no observation.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use legacy_http_compat::observation::{Observation, Observe, Shape};
///
/// #[derive(Default)]
/// struct Rewritten(AtomicU64);
///
/// impl Observe for Rewritten {
///     fn observe(&self, observation: &Observation<'_>) {
///         if observation.shape() == Shape::Legacy {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observe: Send + Sync {
    /// Receives one response.
    fn observe(&self, observation: &Observation<'_>);
}

impl<'a> Observation<'a> {
    pub(crate) fn new(
        contract: &'a CompiledContract,
        endpoint: usize,
        decision: Decision,
        caller: Caller,
        kinds: &'a Kinds,
        target_status: StatusCode,
    ) -> Self {
        Self {
            contract,
            endpoint,
            decision,
            caller,
            kinds,
            target_status,
            shape: Shape::Target,
            skipped: None,
        }
    }

    pub(crate) fn served_legacy(&mut self) {
        self.shape = Shape::Legacy;
    }

    pub(crate) fn skipped(&mut self, reason: SkipReason) {
        self.skipped = Some(reason);
    }

    /// The contract that served the request.
    pub(crate) fn contract(&self) -> &'a CompiledContract {
        self.contract
    }

    /// The set that the caller's kind belongs to.
    pub(crate) fn kinds(&self) -> &'a Kinds {
        self.kinds
    }

    /// The index of the endpoint in the contract.
    pub(crate) fn endpoint_index(&self) -> usize {
        self.endpoint
    }

    /// The index of the outcome in the endpoint; `other` comes after the last, then `undetermined`.
    pub(crate) fn outcome_index(&self) -> usize {
        let outcomes = self.compiled().outcomes.len();
        match self.decision {
            Decision::Outcome(index) => index,
            Decision::Other => outcomes,
            Decision::Undetermined(_) => outcomes + 1,
        }
    }

    fn compiled(&self) -> &'a CompiledEndpoint {
        &self.contract.endpoints[self.endpoint]
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &'a str {
        &self.compiled().name
    }

    /// The outcome's name; `other` if none matches, `undetermined` if that could not be determined.
    #[must_use]
    pub fn outcome(&self) -> &'a str {
        match self.decision {
            Decision::Outcome(index) => &self.compiled().outcomes[index].name,
            Decision::Other => "other",
            Decision::Undetermined(_) => "undetermined",
        }
    }

    /// The caller.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The name of the caller's kind.
    #[must_use]
    pub fn client_kind(&self) -> &'a str {
        self.kinds.name(self.caller.kind())
    }

    /// The status of the target response.
    #[must_use]
    pub fn target_status(&self) -> StatusCode {
        self.target_status
    }

    /// The shape that was served.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Why the response could not be rewritten.
    ///
    /// Set if the flag was on and the caller depends on the legacy shape; and, whatever the flag and the caller, if the
    /// outcome could not be determined, or if the response is `other` and has a status that is never rewritten.
    #[must_use]
    pub fn skip_reason(&self) -> Option<SkipReason> {
        self.skipped
    }

    /// Whether this outcome has a legacy shape.
    #[must_use]
    pub fn has_legacy_shape(&self) -> bool {
        match self.decision {
            Decision::Outcome(index) => self.compiled().outcomes[index].legacy.is_some(),
            _ => false,
        }
    }

    /// Whether the outcome could not be determined.
    #[must_use]
    pub fn is_undetermined(&self) -> bool {
        matches!(self.decision, Decision::Undetermined(_))
    }

    /// Whether the caller depends on the legacy shape of this response. An undetermined outcome counts as dependence if
    /// the endpoint has legacy shapes at all.
    #[must_use]
    pub fn is_dependent(&self) -> bool {
        let legacy =
            self.has_legacy_shape() || (self.is_undetermined() && self.compiled().has_legacy);
        legacy && !self.caller.is_target()
    }

    /// Whether the caller depends on the legacy shape and got the target response.
    #[must_use]
    pub fn is_stranded(&self) -> bool {
        self.is_dependent() && self.shape == Shape::Target
    }
}

impl Shape {
    /// Whether this is the legacy shape.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::Legacy)
    }

    /// `target` or `legacy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Legacy => "legacy",
        }
    }
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::BodyTooLarge,
        Self::BodyEncoded,
        Self::NotJson,
        Self::MissingValue,
        Self::BodyError,
        Self::StatusWithoutBody,
        Self::Upgrade,
        Self::RequestFieldsNotCaptured,
    ];

    /// The reason as a label, such as `body_too_large`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body_too_large",
            Self::BodyEncoded => "body_encoded",
            Self::NotJson => "not_json",
            Self::MissingValue => "missing_value",
            Self::BodyError => "body_error",
            Self::StatusWithoutBody => "status_without_body",
            Self::Upgrade => "upgrade",
            Self::RequestFieldsNotCaptured => "request_fields_not_captured",
        }
    }
}

impl fmt::Debug for Observation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("endpoint", &self.endpoint())
            .field("outcome", &self.outcome())
            .field("caller", &self.caller)
            .field("target_status", &self.target_status)
            .field("shape", &self.shape)
            .field("skip_reason", &self.skipped)
            .finish()
    }
}
