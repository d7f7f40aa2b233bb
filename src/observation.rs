//! An observed response, and the trait that receives it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::StatusCode;

use crate::{
    caller::{Caller, Kinds},
    contract::compile::{CompiledContract, CompiledEndpoint, Decision, EndpointHandle},
    words::words,
};

/// One observed response on an endpoint of the contract.
///
/// It contains names and numbers only: no body, no header, no address.
#[derive(Clone, Copy)]
pub struct Observation<'a> {
    handle: &'a EndpointHandle,
    endpoint: &'a CompiledEndpoint,
    decision: Decision,
    caller: &'a Caller,
    kinds: &'a Kinds,
    target_status: StatusCode,
    shape: Shape,
    undetermined: Option<SkipReason>,
    skipped: Option<SkipReason>,
    rehearsal: Option<RehearsalResult>,
    /// Whether this request could have had a response with a legacy shape.
    pub(crate) can_be_legacy: bool,
}

words! {
    /// The shape in which a response was served.
    #[expect(
        clippy::exhaustive_enums,
        reason = "a response is all target or all legacy"
    )]
    pub enum Shape {
        /// The target response, as the handler made it.
        Target = "target",
        /// The legacy response, as old clients expect it.
        Legacy = "legacy",
    }
}

words! {
    /// Why a response was not rewritten, or its outcome not determined.
    #[non_exhaustive]
    pub enum SkipReason {
        /// The body is larger than the limit.
        BodyTooLarge = "body_too_large",
        /// The body has a content coding other than `identity`: the layer is outside compression.
        BodyEncoded = "body_encoded",
        /// The body is not JSON by its `Content-Type`, or by its text as far as it was read; or it repeats a member.
        NotJson = "not_json",
        /// The body failed with an error.
        BodyError = "body_error",
        /// The body did not come in time.
        BodySlow = "body_slow",
        /// A required field of the request was not read, or there is no
        /// [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer).
        RequestFieldsNotCaptured = "request_fields_not_captured",
        /// A required placeholder has no value. The outcome is known.
        MissingValue = "missing_value",
        /// The legacy body cannot be made of this target body: a renamed member would have the name of another, or the
        /// function of the shape made none. The outcome is known.
        NoLegacyBody = "no_legacy_body",
        /// A `HeaderMap` does not hold as many headers as the legacy response would have. The outcome is known.
        TooManyHeaders = "too_many_headers",
    }
}

words! {
    /// What a rehearsal of the way back showed: whether a legacy response could have been rendered while the flag was off, and
    /// if not, why, in the words of [`SkipReason`].
    #[non_exhaustive]
    pub enum RehearsalResult {
        /// It could.
        Ok = "ok",
        /// The body is larger than the limit.
        BodyTooLarge = "body_too_large",
        /// The body has a content coding.
        BodyEncoded = "body_encoded",
        /// The body is not JSON, and the legacy response reads a field of it.
        NotJson = "not_json",
        /// The legacy response reads a field of the request that was not captured.
        RequestFieldsNotCaptured = "request_fields_not_captured",
        /// A required placeholder has no value.
        MissingValue = "missing_value",
        /// The legacy body cannot be made of this target body, or the function of the shape panicked.
        NoLegacyBody = "no_legacy_body",
        /// A `HeaderMap` does not hold as many headers as the legacy response would have.
        TooManyHeaders = "too_many_headers",
    }
}

impl RehearsalResult {
    /// `None` for a body that is not whole: then nothing was rehearsed.
    pub(crate) fn of(reason: SkipReason) -> Option<Self> {
        Self::find(reason.as_str())
    }
}

impl SkipReason {
    /// The reasons for which an outcome is not determined; the others are of responses whose outcome is known.
    pub(crate) const UNDETERMINED: [Self; 6] = [
        Self::BodyTooLarge,
        Self::BodyEncoded,
        Self::NotJson,
        Self::BodyError,
        Self::BodySlow,
        Self::RequestFieldsNotCaptured,
    ];
}

/// Receives every response on an endpoint of the contract.
///
/// Called inline before the response is returned: an implementation must not block. If it panics, the panic is logged and
/// the response returned. A request whose service failed, or whose future was dropped, has no response and no observation.
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

    /// The guard that a service with the layer holds for as long as it feeds this observer; none by default. An observer
    /// that passes responses on to a [`Census`](crate::census::Census) returns [`Census::feeder`](crate::census::Census::feeder).
    fn feeder(&self) -> Option<Feeder> {
        None
    }
}

/// Shows by its existence that an observer is fed. A clone is another feeder.
#[derive(Debug)]
#[must_use]
pub struct Feeder {
    living: Arc<AtomicUsize>,
}

/// How many feeders an observer has.
#[derive(Debug, Default)]
pub(crate) struct Feeders {
    living: Arc<AtomicUsize>,
}

impl Feeders {
    pub(crate) fn add(&self) -> Feeder {
        Feeder::of(&self.living)
    }

    pub(crate) fn any(&self) -> bool {
        // Relaxed: the number orders no other memory.
        self.living.load(Ordering::Relaxed) > 0
    }
}

impl Feeder {
    fn of(living: &Arc<AtomicUsize>) -> Self {
        living.fetch_add(1, Ordering::Relaxed);
        Self {
            living: Arc::clone(living),
        }
    }
}

impl Clone for Feeder {
    fn clone(&self) -> Self {
        Self::of(&self.living)
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<'a> Observation<'a> {
    pub(crate) fn new(
        (handle, endpoint): (&'a EndpointHandle, &'a CompiledEndpoint),
        decision: Decision,
        caller: &'a Caller,
        kinds: &'a Kinds,
        target_status: StatusCode,
    ) -> Self {
        Self {
            handle,
            endpoint,
            decision,
            caller,
            kinds,
            target_status,
            shape: Shape::Target,
            undetermined: None,
            skipped: None,
            rehearsal: None,
            can_be_legacy: endpoint.has_legacy,
        }
    }

    pub(crate) fn served_legacy(&mut self) {
        self.shape = Shape::Legacy;
    }

    pub(crate) fn undetermined(&mut self, reason: SkipReason) {
        self.undetermined = Some(reason);
    }

    pub(crate) fn skipped(&mut self, reason: SkipReason) {
        self.skipped = Some(reason);
    }

    pub(crate) fn rehearsed(&mut self, result: RehearsalResult) {
        self.rehearsal = Some(result);
    }

    /// The contract that served the request.
    pub(crate) fn contract(&self) -> &'a CompiledContract {
        self.handle.contract()
    }

    /// The set that the caller's kind belongs to.
    pub(crate) fn kinds(&self) -> &'a Kinds {
        self.kinds
    }

    /// The index of the endpoint in the contract.
    pub(crate) fn endpoint_index(&self) -> usize {
        self.handle.index()
    }

    /// The index of the outcome in the endpoint; `other` comes after the last, then `undetermined`.
    pub(crate) fn outcome_index(&self) -> usize {
        let outcomes = self.endpoint.outcomes.len();
        match self.decision {
            Decision::Outcome(index) => index,
            Decision::Other => outcomes,
            Decision::Undetermined { .. } => outcomes + 1,
        }
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &'a str {
        &self.endpoint.name
    }

    /// The outcome's name; `other` if none matches, `undetermined` if that could not be determined.
    #[must_use]
    pub fn outcome(&self) -> &'a str {
        match self.decision {
            Decision::Outcome(index) => &self.endpoint.outcomes[index].name,
            Decision::Other => "other",
            Decision::Undetermined { .. } => "undetermined",
        }
    }

    /// The caller.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        self.caller
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

    /// Why the response of a dependent caller was not rewritten although the flag was on.
    #[must_use]
    pub fn skip_reason(&self) -> Option<SkipReason> {
        self.skipped
    }

    /// Why the outcome could not be determined, whatever the flag and the caller; `None` if it was.
    #[must_use]
    pub fn undetermined_reason(&self) -> Option<SkipReason> {
        self.undetermined
    }

    /// What the [rehearsal](crate::LegacyHttpCompatLayer::rehearse_one_in) of the legacy response showed; `None` if this response
    /// was not sampled.
    #[must_use]
    pub fn rehearsal(&self) -> Option<RehearsalResult> {
        self.rehearsal
    }

    /// Whether this outcome has a legacy shape.
    #[must_use]
    pub fn has_legacy_shape(&self) -> bool {
        self.endpoint.legacy_shape(self.decision).is_some()
    }

    /// Whether the outcome could not be determined.
    #[must_use]
    pub fn is_undetermined(&self) -> bool {
        matches!(self.decision, Decision::Undetermined { .. })
    }

    /// Whether the caller depends on the legacy shape of this response: it is no `target` caller, and the outcome has a
    /// legacy shape, or could not be determined while one that was still possible for the status and the headers has one.
    #[must_use]
    pub fn is_dependent(&self) -> bool {
        self.endpoint.is_dependent(self.decision, self.caller)
    }

    /// Whether the caller is a legacy one and the outcome has no legacy shape, though this request could have had one that
    /// has: a condition of the outcome on the fields of the request may exclude that.
    #[must_use]
    pub fn is_latent(&self) -> bool {
        self.can_be_legacy && !self.caller.is_target() && !self.is_dependent()
    }

    /// Whether the endpoint has legacy shapes.
    pub(crate) fn endpoint_has_legacy(&self) -> bool {
        self.endpoint.has_legacy
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
}

impl fmt::Debug for Observation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("endpoint", &self.endpoint())
            .field("outcome", &self.outcome())
            .field("caller", &self.caller)
            .field("target_status", &self.target_status)
            .field("shape", &self.shape)
            .field("undetermined_reason", &self.undetermined)
            .field("skip_reason", &self.skipped)
            .field("rehearsal", &self.rehearsal)
            .finish()
    }
}
