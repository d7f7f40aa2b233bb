//! What was seen of one answered request, and who is told.

use std::fmt;

use http::StatusCode;

use crate::{
    caller::{Caller, Kinds},
    contract::compile::{CompiledContract, CompiledEndpoint, Decision},
};

/// One answered request on an endpoint of the contract.
///
/// Holds names and numbers only: no body, no header, no address.
#[derive(Clone, Copy)]
pub struct Observation<'a> {
    plan: &'a CompiledContract,
    endpoint: usize,
    decision: Decision,
    caller: Caller,
    kinds: &'a Kinds,
    target_status: StatusCode,
    shape: Shape,
    skipped: Option<SkipReason>,
}

/// The shape in which an answer was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an answer is all target or all legacy"
)]
pub enum Shape {
    /// As the handler made it.
    Target,
    /// As old clients expect it.
    Legacy,
}

/// Why an answer could not be rewritten, or its outcome not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body has a content coding other than `identity`: the layer stands outside compression.
    BodyEncoded,
    /// The body is not JSON by its `Content-Type`, or by its text as far as it had to be read.
    NotJson,
    /// A hole that must be filled has no value.
    MissingValue,
    /// The body broke off with an error.
    BodyError,
    /// Answers of this status have no body of their own, or are tied to a condition or range of the request.
    StatusWithoutBody,
    /// The connection changes to another protocol.
    Upgrade,
    /// A field of the request is asked for and was not read, or there is no
    /// [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer).
    RequestFieldsNotCaptured,
}

/// Is told of every answer on an endpoint of the contract.
///
/// Called inline on the way of the answer: an implementation must neither block nor panic. A request whose service failed,
/// or whose future was dropped, has no answer and gives no observation.
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
    /// Takes note of one answer.
    fn observe(&self, observation: &Observation<'_>);
}

impl<'a> Observation<'a> {
    pub(crate) fn new(
        plan: &'a CompiledContract,
        endpoint: usize,
        decision: Decision,
        caller: Caller,
        kinds: &'a Kinds,
        target_status: StatusCode,
    ) -> Self {
        Self {
            plan,
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
    pub(crate) fn plan(&self) -> &'a CompiledContract {
        self.plan
    }

    /// The kinds that the caller's kind is one of.
    pub(crate) fn kinds(&self) -> &'a Kinds {
        self.kinds
    }

    /// The place of the endpoint in the contract.
    pub(crate) fn endpoint_index(&self) -> usize {
        self.endpoint
    }

    /// The place of the outcome in the endpoint; behind the last for `other`, and one further for `undetermined`.
    pub(crate) fn outcome_index(&self) -> usize {
        let outcomes = self.planned().outcomes.len();
        match self.decision {
            Decision::Outcome(index) => index,
            Decision::Other => outcomes,
            Decision::Undetermined(_) => outcomes + 1,
        }
    }

    fn planned(&self) -> &'a CompiledEndpoint {
        &self.plan.endpoints[self.endpoint]
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &'a str {
        &self.planned().name
    }

    /// The outcome's name; `other` where none fits, `undetermined` where it could not be told.
    #[must_use]
    pub fn outcome(&self) -> &'a str {
        match self.decision {
            Decision::Outcome(index) => &self.planned().outcomes[index].name,
            Decision::Other => "other",
            Decision::Undetermined(_) => "undetermined",
        }
    }

    /// Who asked.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The name of the caller's kind.
    #[must_use]
    pub fn client_kind(&self) -> &'a str {
        self.kinds.name(self.caller.kind())
    }

    /// The status of the handler's answer.
    #[must_use]
    pub fn target_status(&self) -> StatusCode {
        self.target_status
    }

    /// The shape that was served.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Why the answer could not be rewritten.
    ///
    /// Said where the flag was on and the caller depends on the legacy shape; and, whatever the flag and the caller, where
    /// the outcome could not be told, or where an answer that no outcome names has a status that is never rewritten.
    #[must_use]
    pub fn skip_reason(&self) -> Option<SkipReason> {
        self.skipped
    }

    /// Whether old clients know this outcome in another shape.
    #[must_use]
    pub fn has_legacy_shape(&self) -> bool {
        match self.decision {
            Decision::Outcome(index) => self.planned().outcomes[index].legacy.is_some(),
            _ => false,
        }
    }

    /// Whether the outcome could not be told.
    #[must_use]
    pub fn is_undetermined(&self) -> bool {
        matches!(self.decision, Decision::Undetermined(_))
    }

    /// Whether the caller depends on the legacy shape of this answer. What could not be told counts as dependence where
    /// the endpoint has legacy shapes at all.
    #[must_use]
    pub fn is_dependent(&self) -> bool {
        let legacy =
            self.has_legacy_shape() || (self.is_undetermined() && self.planned().has_legacy);
        legacy && !self.caller.is_target()
    }

    /// Whether the caller depends on the legacy shape and did not get it.
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
