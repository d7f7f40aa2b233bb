//! What is kept of a request on the contract, and how its response leaves.

use std::sync::Arc;

use http::{HeaderMap, Request, StatusCode};

use super::{
    capture_slot::{CaptureSlot, RequestFields},
    layer_settings::LayerSettings,
    vary::add_vary,
};
use crate::{
    caller::{AlsoWanted, Caller},
    contract::compile::{
        CapturedTexts, CompiledEndpoint, Decision, EndpointHandle, KnownRequest, OutcomeSet,
        RequestHead,
    },
    observation::Observation,
};

/// What is kept of a request on the contract until its response arrives.
pub(super) struct Exchange {
    pub(super) settings: Arc<LayerSettings>,
    /// In the contract that was in use when the request arrived.
    pub(super) endpoint: EndpointHandle,
    pub(super) caller: Caller,
    pub(super) captured: CapturedTexts,
    /// The outcomes that the request's head leaves out.
    pub(super) excluded: OutcomeSet,
    /// `None` where the endpoint reads nothing of it.
    pub(super) body: Option<Box<RequestBody>>,
}

/// What is known of a request's body.
pub(super) enum RequestBody {
    /// It is captured while the handler reads it.
    Capturing(CaptureSlot),
    /// What was captured when the response arrived.
    Captured(RequestFields),
}

impl RequestBody {
    #[inline(never)]
    fn end_capture(&mut self) {
        if let Self::Capturing(slot) = self {
            *self = Self::Captured(slot.read());
        }
    }
}

/// What becomes of a response whose outcome is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    Target,
    /// As [`Target`](Self::Target), after its legacy response was rendered and dropped.
    Rehearsal,
    Legacy,
}

impl Exchange {
    #[inline(always)]
    pub(super) fn new(settings: Arc<LayerSettings>, endpoint: EndpointHandle) -> Self {
        Self {
            settings,
            endpoint,
            caller: Caller::ANONYMOUS_LEGACY,
            captured: CapturedTexts::default(),
            excluded: OutcomeSet::default(),
            body: None,
        }
    }

    /// Takes from the request who its caller is, and what its response will need; `false` if it must be taken apart to say who.
    #[inline(always)]
    pub(super) fn begin<B>(&mut self, request: &mut Request<B>) -> bool {
        let endpoint: &CompiledEndpoint = &self.endpoint;
        let mut also = AlsoWanted::new(endpoint.request.first_header());
        if let Some(detector) = &self.settings.detector {
            let (headers, extensions) = (request.headers(), request.extensions());
            match detector.detect_and_find(headers, extensions, &mut also) {
                Some(caller) => self.caller = caller,
                None => return false,
            }
        }
        // Only a legacy response contains them.
        if !self.caller.is_target() {
            let (texts, head) = (&endpoint.request.texts, RequestHead::from(&*request));
            self.captured.take(texts, head, also.found());
        }
        self.take(request);
        true
    }

    /// The same of a caller that is known already.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_of<B>(&mut self, caller: Caller, request: &mut Request<B>) {
        self.caller = caller;
        if !caller.is_target() {
            let (texts, head) = (&self.endpoint.request.texts, RequestHead::from(&*request));
            self.captured.take(texts, head, None);
        }
        self.take(request);
    }

    /// Takes what conditions read.
    #[inline(always)]
    fn take<B>(&mut self, request: &mut Request<B>) {
        let endpoint: &CompiledEndpoint = &self.endpoint;
        let inputs = &endpoint.request;
        let head = RequestHead::from(&*request);
        if endpoint.reads_request_head() {
            self.excluded = endpoint.excluded_by(head);
        }
        if inputs.read_body() {
            let slot = CaptureSlot::insert(&self.endpoint, request.extensions_mut());
            self.body = Some(Box::new(RequestBody::Capturing(slot)));
        }
    }

    /// In which shape the response leaves. The one read of the flag that decides: once `set(false)` has returned, no response
    /// gets past it.
    #[inline]
    pub(super) fn course(&self, endpoint: &CompiledEndpoint, decision: Decision) -> Course {
        if !endpoint.is_dependent(decision, &self.caller) {
            return Course::Target;
        }
        if self.settings.flag.is_on() {
            return Course::Legacy;
        }
        let shape = endpoint.legacy_shape(decision);
        // Whether it is retired is asked where that is rare.
        if shape.is_some_and(|shape| self.settings.rehearsal.is_due(shape)) {
            return Course::Rehearsal;
        }
        Course::Target
    }

    // Rare, and outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    pub(super) fn is_to_be_rewritten(&self, decision: Decision) -> bool {
        self.course(&self.endpoint, decision) == Course::Legacy
    }

    pub(super) fn body_limit(&self) -> usize {
        self.endpoint.body_limit.unwrap_or(self.settings.body_limit)
    }

    /// The response has arrived: what has been read of the request by now is all that is known of it.
    #[inline]
    pub(super) fn end_capture(&mut self) {
        if let Some(body) = &mut self.body {
            body.end_capture();
        }
    }

    /// What is known of the request, its body's fields included.
    #[inline]
    pub(super) fn known(&self) -> KnownRequest<'_> {
        let known = self.captured_body();
        known.map_or_else(
            || KnownRequest::by_head(self.excluded),
            |captured| captured.known(self.excluded),
        )
    }

    /// What was captured of the request's body, if the endpoint reads any of it.
    pub(super) fn captured_body(&self) -> Option<&RequestFields> {
        match self.body.as_deref()? {
            RequestBody::Captured(captured) => Some(captured),
            RequestBody::Capturing(_) => None,
        }
    }

    #[inline]
    pub(super) fn observation(
        &self,
        decision: Decision,
        target_status: StatusCode,
    ) -> Observation<'_> {
        let (endpoint, caller): (&CompiledEndpoint, _) = (&self.endpoint, &self.caller);
        let mut observation = Observation::new(
            (&self.endpoint, endpoint),
            decision,
            caller,
            &self.settings.kinds,
            target_status,
        );
        if endpoint.is_legacy_for_some() && !caller.is_target() {
            observation.can_be_legacy = endpoint.can_be_legacy(self.known());
        }
        observation
    }

    /// Tells caches what the response depends on, and the observers what it was.
    #[inline]
    pub(super) fn leave(&self, headers: &mut HeaderMap, observation: &Observation<'_>) {
        add_vary(headers, &self.endpoint, &self.settings);
        self.settings.notify_observers(observation);
    }
}
