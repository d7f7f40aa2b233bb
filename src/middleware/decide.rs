//! One request on the contract: which outcome its response is, and in which shape it leaves.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response};
use http_body::Body;

use super::{
    body::{BodyKind, PeekEnd, PeekedBody, ResponseBody},
    capture_slot::{CaptureSlot, RequestFields},
    layer_settings::LayerSettings,
    rewrite::rewrite_head,
    vary::add_vary,
};
use crate::{
    caller::Caller,
    contract::compile::{
        CapturedTexts, CompiledBody, CompiledContract, CompiledEndpoint, CompiledShape, Decision,
        MissingInput, RenderError, is_never_rewritten,
    },
    flag::FlagState,
    http_syntax::{is_encoded, is_json},
    json::Fields,
    observation::{Observation, SkipReason},
};

/// What is kept of a request on the contract until its response arrives.
pub(super) struct Exchange {
    pub(super) settings: Arc<LayerSettings>,
    /// The contract that was in use when the request arrived.
    pub(super) contract: Arc<CompiledContract>,
    pub(super) endpoint: usize,
    pub(super) caller: Caller,
    pub(super) captured: CapturedTexts,
    /// Where the request's fields are captured, if the endpoint reads any.
    pub(super) slot: Option<CaptureSlot>,
}

/// A request on the contract whose response has arrived.
pub(super) struct ResponseDecision {
    exchange: Exchange,
    request: RequestFields,
}

/// What is known of the response's body when its outcome is decided.
pub(super) enum BodyView<'b> {
    /// Nothing reads it.
    NotNeeded,
    Text(&'b [u8]),
    Unreadable(SkipReason),
}

/// Whether the body has to be peeked at before the outcome can be decided.
pub(super) enum BodyNeed {
    /// The head is enough.
    Nothing,
    Peek,
    /// It would have to be, and cannot be.
    Unreadable(SkipReason),
}

impl Exchange {
    /// The response has arrived: what has been read of the request by now is all that is known of it.
    pub(super) fn response_arrived(self) -> ResponseDecision {
        let request = self
            .slot
            .as_ref()
            .map(CaptureSlot::read)
            .unwrap_or_default();
        ResponseDecision {
            exchange: self,
            request,
        }
    }
}

impl ResponseDecision {
    /// Whether the body has to be peeked at, and can be.
    pub(super) fn body_need<B: Body>(&self, head: &response::Parts, body: &B) -> BodyNeed {
        let needed = match self.decide_by_head(head) {
            None => true,
            Some(decision) => self
                .legacy_shape(decision)
                .is_some_and(CompiledShape::needs_body),
        };
        if !needed {
            return BodyNeed::Nothing;
        }
        match unreadable(&head.headers, body, self.body_limit()) {
            Some(reason) => BodyNeed::Unreadable(reason),
            None => BodyNeed::Peek,
        }
    }

    /// How many bytes of the body may be peeked at.
    pub(super) fn body_limit(&self) -> usize {
        self.exchange.settings.body_limit
    }

    /// The response, unchanged or rewritten, without a peek at its body.
    pub(super) fn response<B: Body>(
        self,
        mut head: response::Parts,
        body: B,
        view: &BodyView<'_>,
    ) -> Response<ResponseBody<B>> {
        let body = match self.decide_and_apply(&mut head, view) {
            None => BodyKind::Unchanged(body),
            Some(bytes) => BodyKind::Rewritten(bytes),
        };
        Response::from_parts(head, ResponseBody(body))
    }

    /// The response, unchanged or rewritten, after a peek at its body.
    pub(super) fn response_after_peek<B: Body + Unpin>(
        self,
        mut head: response::Parts,
        peeked: PeekedBody<B>,
        end: PeekEnd,
    ) -> Response<ResponseBody<B>> {
        let new_body = match end {
            PeekEnd::Complete => self.decide_and_apply(&mut head, &BodyView::Text(&peeked.data())),
            PeekEnd::TooLarge => {
                self.decide_and_apply(&mut head, &BodyView::Unreadable(SkipReason::BodyTooLarge))
            }
            PeekEnd::Error => {
                self.decide_and_apply(&mut head, &BodyView::Unreadable(SkipReason::BodyError))
            }
        };
        let body = match new_body {
            None => BodyKind::Peeked(peeked),
            Some(bytes) => BodyKind::Rewritten(bytes),
        };
        Response::from_parts(head, ResponseBody(body))
    }

    /// Decides the outcome, reads the flag, rewrites the head of a legacy response, and notifies the observers. Returns
    /// the legacy body if there is a new one.
    fn decide_and_apply(&self, head: &mut response::Parts, view: &BodyView<'_>) -> Option<Bytes> {
        let settings = &self.exchange.settings;
        let decision = self.decide(head, view);
        let mut observation = Observation::new(
            &self.exchange.contract,
            self.exchange.endpoint,
            decision,
            self.exchange.caller,
            &settings.kinds,
            head.status,
        );
        let rewritten = self.try_rewrite(head, &mut observation, view);
        let body = rewritten.unwrap_or_else(|reason| {
            observation.skipped(reason);
            None
        });
        add_vary(&mut head.headers, self.endpoint(), settings);
        settings.notify_observers(&observation);
        body
    }

    fn decide(&self, head: &response::Parts, view: &BodyView<'_>) -> Decision {
        match view {
            BodyView::Text(text) => self.with_request(|request| {
                self.endpoint()
                    .decide_by_body(head.status, &head.headers, text, request)
            }),
            BodyView::NotNeeded | BodyView::Unreadable(_) => {
                let decision = self.decide_by_head(head);
                decision.unwrap_or(Decision::Undetermined(MissingInput::Body))
            }
        }
    }

    fn decide_by_head(&self, head: &response::Parts) -> Option<Decision> {
        self.with_request(|request| {
            self.endpoint()
                .decide_by_head(head.status, &head.headers, request)
        })
    }

    fn with_request<T>(&self, read: impl FnOnce(&Fields<'_>) -> T) -> T {
        static NOT_CAPTURED: Fields<'static> = Fields::unknown();
        match &self.exchange.slot {
            Some(_) => read(&self.request.fields()),
            None => read(&NOT_CAPTURED),
        }
    }

    /// Rewrites the head and returns the legacy body if there is a new one, unless the target response is the right one.
    fn try_rewrite(
        &self,
        head: &mut response::Parts,
        observation: &mut Observation<'_>,
        view: &BodyView<'_>,
    ) -> Result<Option<Bytes>, SkipReason> {
        let decision = observation.decision();
        let Some(shape) = self.shape_to_apply(head.status, decision, view)? else {
            return Ok(None);
        };
        // The one read that decides: once `set(false)` has returned, no response gets past it.
        if self.exchange.settings.flag.state() != FlagState::On {
            return Ok(None);
        }
        let body = self.render(shape, view)?;
        let notice = &self.exchange.contract.notice;
        rewrite_head(head, shape, self.endpoint().is_get, notice, body.as_ref());
        observation.served_legacy();
        Ok(body)
    }

    /// The shape that the caller depends on, or why that cannot be decided.
    fn shape_to_apply(
        &self,
        status: StatusCode,
        decision: Decision,
        view: &BodyView<'_>,
    ) -> Result<Option<&CompiledShape>, SkipReason> {
        match (decision, view) {
            (Decision::Undetermined(MissingInput::Request), _) => {
                Err(self.request_fields_not_captured())
            }
            (Decision::Undetermined(_), BodyView::Unreadable(reason)) => Err(*reason),
            (Decision::Undetermined(_), _) => Err(SkipReason::NotJson),
            (Decision::Other, _) if self.endpoint().has_legacy && is_never_rewritten(status) => {
                Err(without_body(status))
            }
            _ => Ok(self.legacy_shape(decision)),
        }
    }

    /// The new body; `None` where it stays as it is.
    fn render(
        &self,
        shape: &CompiledShape,
        view: &BodyView<'_>,
    ) -> Result<Option<Bytes>, SkipReason> {
        let template = match &shape.body {
            CompiledBody::AsIs => return Ok(None),
            CompiledBody::Empty => return Ok(Some(Bytes::new())),
            CompiledBody::Json(template) => template,
        };
        let text: &[u8] = match view {
            BodyView::Text(text) => text,
            BodyView::Unreadable(reason) if shape.needs_body() => return Err(*reason),
            BodyView::NotNeeded | BodyView::Unreadable(_) => &[],
        };
        let captured = &self.exchange.captured;
        match self.with_request(|request| template.render(text, request, captured)) {
            Ok(body) => Ok(Some(body.into())),
            Err(RenderError::Malformed) => Err(SkipReason::NotJson),
            Err(RenderError::RequestFieldsNotCaptured) => Err(self.request_fields_not_captured()),
            Err(RenderError::MissingValue) => Err(SkipReason::MissingValue),
        }
    }

    fn endpoint(&self) -> &CompiledEndpoint {
        &self.exchange.contract.endpoints[self.exchange.endpoint]
    }

    /// The shape that this caller depends on for such an outcome.
    fn legacy_shape(&self, decision: Decision) -> Option<&CompiledShape> {
        match decision {
            Decision::Outcome(index) if !self.exchange.caller.is_target() => {
                self.endpoint().outcomes[index].legacy.as_ref()
            }
            _ => None,
        }
    }

    fn request_fields_not_captured(&self) -> SkipReason {
        if self.request.not_seen() {
            self.exchange.settings.warn_of_missing_capture();
        }
        SkipReason::RequestFieldsNotCaptured
    }
}

fn without_body(status: StatusCode) -> SkipReason {
    if status == StatusCode::SWITCHING_PROTOCOLS {
        SkipReason::Upgrade
    } else {
        SkipReason::StatusWithoutBody
    }
}

/// Why a body cannot be peeked at, as far as its head and its size hint say.
fn unreadable<B: Body>(headers: &HeaderMap, body: &B, limit: usize) -> Option<SkipReason> {
    if is_encoded(headers) {
        Some(SkipReason::BodyEncoded)
    } else if !is_json(headers) {
        Some(SkipReason::NotJson)
    } else if body.size_hint().lower() > limit as u64 {
        Some(SkipReason::BodyTooLarge)
    } else {
        None
    }
}
