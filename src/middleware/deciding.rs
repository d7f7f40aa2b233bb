//! One response on the contract: which outcome it is, and in which shape it leaves.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response};
use http_body::Body;

use super::{
    body::ResponseBody,
    body_need::BodyNeed,
    capture_slot::{CaptureSlot, RequestFields},
    compat_body::BodyMode,
    layer_settings::LayerSettings,
    peek::{Peek, PeekStep},
    peek_timer::PeekTimer,
    rewrite::{LegacyLines, has_space, rewrite_head},
    vary::add_vary,
};
use crate::{
    caller::Caller,
    contract::compile::{
        CapturedTexts, CompiledShape, Decision, EndpointHandle, Matching, MissingInput, OutcomeSet,
        PlaceholderValues, RenderError,
    },
    flag::FlagState,
    json::{Fields, Scan, ScanStep},
    observation::{Observation, RehearsalResult, SkipReason},
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
    /// Where the request's fields are captured, if the endpoint reads any.
    pub(super) slot: Option<CaptureSlot>,
}

/// A response that has arrived, until it is known in which shape it leaves.
pub(super) struct Deciding<B: Body> {
    pub(super) request: RequestFields,
    pub(super) head: response::Parts,
    pub(super) peek: Peek<B>,
    matching: Matching,
    /// The outcome whose shape is applied, once that is known.
    pub(super) rewriting: Option<Decision>,
    /// Whether what is rendered is dropped, and the target response leaves.
    pub(super) is_rehearsal: bool,
    /// Decided once, where the body has to be read at all.
    need: Option<BodyNeed>,
    /// Whether all data of the body has been read.
    is_complete: bool,
    /// Whether the text is whole and valid, so that the fields that were not found are absent.
    is_whole: bool,
    timer: Option<PeekTimer>,
}

/// The shape in which a response leaves.
pub(super) enum Conclusion {
    /// With its own body; its head may be rewritten.
    OwnBody,
    LegacyBody(Bytes),
}

/// What becomes of a response whose outcome is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Target,
    /// As [`Target`](Self::Target), after its legacy response was rendered and dropped.
    Rehearsal,
    Legacy,
}

/// More of the body is needed.
struct NeedsMore;

impl<B: Body + Unpin> Deciding<B> {
    /// The response has arrived: what has been read of the request by now is all that is known of it.
    #[inline(always)]
    pub(super) fn new(exchange: &Exchange, response: Response<B>) -> Self {
        let request = exchange.slot.as_ref().map(CaptureSlot::read);
        let request = request.unwrap_or_default();
        let (head, body) = response.into_parts();
        let endpoint = &exchange.endpoint;
        let known = request.known(exchange.excluded);
        let matching = endpoint.match_head(head.status, &head.headers, known);
        Self {
            request,
            head,
            peek: Peek::new(body),
            matching,
            rewriting: None,
            is_rehearsal: false,
            need: None,
            is_complete: false,
            is_whole: false,
            timer: None,
        }
    }

    /// Reads no more of the body than the decision needs, and for no longer than it may take.
    ///
    /// The scan is not part of the decision because it is large, and stays where it is while the rest moves.
    pub(super) fn poll(
        &mut self,
        exchange: &Exchange,
        scan: &mut Scan,
        cx: &mut Context<'_>,
    ) -> Poll<Conclusion> {
        loop {
            if let Ok(conclusion) = self.decide(exchange, scan) {
                return Poll::Ready(conclusion);
            }
            if self.is_rehearsal && !self.is_at_hand() {
                return Poll::Ready(self.end_rehearsal(exchange, None));
            }
            match self.peek.poll_next(exchange.body_limit(), cx) {
                Poll::Ready(PeekStep::Data) => {}
                Poll::Ready(PeekStep::End) => self.is_complete = true,
                Poll::Ready(PeekStep::TooLarge) => {
                    return Poll::Ready(self.give_up(exchange, SkipReason::BodyTooLarge));
                }
                Poll::Ready(PeekStep::Error) => {
                    return Poll::Ready(self.give_up(exchange, SkipReason::BodyError));
                }
                Poll::Pending if self.is_rehearsal => {
                    return Poll::Ready(self.end_rehearsal(exchange, None));
                }
                Poll::Pending => {
                    let time = exchange.settings.peek_timeout;
                    let timer = self.timer.get_or_insert_with(|| PeekTimer::new(time));
                    return timer
                        .poll(cx)
                        .map(|()| self.give_up(exchange, SkipReason::BodySlow));
                }
            }
        }
    }

    /// Decides by what is known by now.
    fn decide(&mut self, exchange: &Exchange, scan: &mut Scan) -> Result<Conclusion, NeedsMore> {
        loop {
            if let Some(decision) = self.rewriting {
                if self.can_render(exchange, scan, decision) {
                    return Ok(self.apply(exchange, scan, decision));
                }
            } else {
                match self.matching.decision {
                    Ok(decision) => match exchange.course(decision) {
                        Course::Legacy => {
                            self.rewriting = Some(decision);
                            continue;
                        }
                        Course::Rehearsal if self.begin_rehearsal(exchange, decision) => continue,
                        Course::Target | Course::Rehearsal => {
                            return Ok(self.leave_unchanged(exchange, decision, None));
                        }
                    },
                    Err(MissingInput::Request) => {
                        return Ok(self.give_up(exchange, SkipReason::RequestFieldsNotCaptured));
                    }
                    Err(MissingInput::Body) => {}
                }
            }
            if let Some(reason) = self.read_on(exchange, scan)? {
                return Ok(self.give_up(exchange, reason));
            }
        }
    }

    /// Whether all is known that the shape of the outcome reads.
    #[inline]
    fn can_render(&self, exchange: &Exchange, scan: &Scan, decision: Decision) -> bool {
        let shape = exchange.endpoint.legacy_shape(decision);
        let fields = shape.map_or(0, CompiledShape::fields);
        let is_enough =
            fields & !scan.known() == 0 && !shape.is_some_and(CompiledShape::reads_whole);
        self.is_whole || is_enough
    }

    /// Learns one thing more from the body, or why nothing more can be learnt.
    fn read_on(
        &mut self,
        exchange: &Exchange,
        scan: &mut Scan,
    ) -> Result<Option<SkipReason>, NeedsMore> {
        let need = self.need.unwrap_or_else(|| {
            BodyNeed::by_head(&self.head.headers, self.peek.inner(), exchange.body_limit())
        });
        self.need = Some(need);
        let text = self.peek.text();
        match need {
            BodyNeed::Fields if text.is_empty() && self.is_complete => {
                self.need = Some(BodyNeed::NoFields);
            }
            BodyNeed::Fields if text.is_empty() => return Err(NeedsMore),
            BodyNeed::Fields => return self.scan_on(exchange, scan),
            BodyNeed::Beginning => {
                let need = BodyNeed::by_beginning(text, self.is_complete);
                self.need = Some(need.ok_or(NeedsMore)?);
            }
            // What no body has, no template can take from it.
            BodyNeed::NoFields if self.rewriting.is_some() => return Ok(Some(SkipReason::NotJson)),
            BodyNeed::NoFields => self.matching.no_fields(&exchange.endpoint.statuses),
            BodyNeed::Unreadable(reason) => return Ok(Some(reason)),
        }
        Ok(None)
    }

    /// Scans the text up to the next field.
    fn scan_on(
        &mut self,
        exchange: &Exchange,
        scan: &mut Scan,
    ) -> Result<Option<SkipReason>, NeedsMore> {
        let statuses = &exchange.endpoint.statuses;
        let text = self.peek.text();
        let scanner = self.matching.scanner(statuses);
        let scanner = scanner.expect("without an outcome of the status, no field is needed");
        match scan.next(scanner, text) {
            ScanStep::Found(slot) => {
                let field = fields(scan, text, false).get(slot);
                self.matching.know(statuses, slot, field);
                Ok(None)
            }
            ScanStep::Malformed => Ok(Some(SkipReason::NotJson)),
            ScanStep::End if !self.is_complete => Err(NeedsMore),
            ScanStep::End if !scan.is_whole(scanner, text) => Ok(Some(SkipReason::NotJson)),
            ScanStep::End => {
                self.is_whole = true;
                for slot in 0..scanner.len() {
                    let field = fields(scan, text, true).get(slot);
                    self.matching.know(statuses, slot, field);
                }
                Ok(None)
            }
        }
    }

    /// Nothing more can be learnt.
    fn give_up(&mut self, exchange: &Exchange, reason: SkipReason) -> Conclusion {
        if self.is_rehearsal {
            return self.end_rehearsal(exchange, RehearsalResult::of(reason));
        }
        let Exchange {
            settings, endpoint, ..
        } = exchange;
        match reason {
            SkipReason::BodyTooLarge => {
                LayerSettings::warn_of_size(endpoint, self.peek.length(), exchange.body_limit());
            }
            SkipReason::RequestFieldsNotCaptured if self.request.not_seen() => {
                settings.warn_of_missing_capture();
            }
            _ => {}
        }
        let decision = self.rewriting;
        let decision = decision.unwrap_or_else(|| self.matching.undetermined(&endpoint.statuses));
        self.leave_unchanged(exchange, decision, Some(reason))
    }

    /// Applies the shape of the outcome, the fields of which are known.
    fn apply(&mut self, exchange: &Exchange, scan: &Scan, decision: Decision) -> Conclusion {
        let shape = exchange.endpoint.legacy_shape(decision);
        let shape = shape.expect("only an outcome with a shape is rewritten");
        let rendered = self.render(exchange, scan, shape);
        if self.is_rehearsal {
            let result = rendered.map_or_else(RehearsalResult::of, |_| Some(RehearsalResult::Ok));
            return self.end_rehearsal(exchange, result);
        }
        let (lines, body) = match rendered {
            Ok(rendered) => rendered,
            Err(reason) => return self.leave_unchanged(exchange, decision, Some(reason)),
        };
        let mut observation = exchange.observation(decision, self.head.status, &self.request);
        observation.served_legacy();
        let is_get = exchange.endpoint.is_get;
        let notice = &exchange.endpoint.contract().notice;
        rewrite_head(&mut self.head, shape, &lines, is_get, notice, body.as_ref());
        exchange.leave(&mut self.head.headers, &observation);
        body.map_or(Conclusion::OwnBody, Conclusion::LegacyBody)
    }

    /// The header lines, and the new body; `None` where it stays as it is. Or why there can be none.
    fn render<'s>(
        &self,
        exchange: &Exchange,
        scan: &Scan,
        shape: &'s CompiledShape,
    ) -> Result<(LegacyLines<'s>, Option<Bytes>), SkipReason> {
        let rendered = self.fill(exchange, scan, shape);
        let rendered = rendered.map_err(|error| self.skip_reason(exchange, &error))?;
        let notice = &exchange.endpoint.contract().notice;
        if has_space(&self.head.headers, shape, notice) {
            Ok(rendered)
        } else {
            Err(SkipReason::TooManyHeaders)
        }
    }

    fn fill<'s>(
        &self,
        exchange: &Exchange,
        scan: &Scan,
        shape: &'s CompiledShape,
    ) -> Result<(LegacyLines<'s>, Option<Bytes>), RenderError> {
        let text = self.peek.text();
        let values = PlaceholderValues {
            fields: fields(scan, text, self.is_whole),
            item: Fields::Unknown,
            status: self.head.status,
            headers: &self.head.headers,
            request: self.request.fields(),
            captured: &exchange.captured,
        };
        let lines = LegacyLines::of(shape, &values)?;
        Ok((lines, shape.body.render(text, &values)?))
    }

    fn skip_reason(&self, exchange: &Exchange, error: &RenderError) -> SkipReason {
        match error {
            RenderError::MissingValue => SkipReason::MissingValue,
            RenderError::Malformed => SkipReason::NotJson,
            RenderError::NoLegacyBody => SkipReason::NoLegacyBody,
            RenderError::RequestFieldsNotCaptured => {
                if self.request.not_seen() {
                    exchange.settings.warn_of_missing_capture();
                }
                SkipReason::RequestFieldsNotCaptured
            }
        }
    }

    /// The target response leaves, and `reason` says what kept it from being a legacy one or from being determined.
    fn leave_unchanged(
        &mut self,
        exchange: &Exchange,
        decision: Decision,
        reason: Option<SkipReason>,
    ) -> Conclusion {
        let mut observation = exchange.observation(decision, self.head.status, &self.request);
        if let Some(reason) = reason {
            if observation.is_undetermined() {
                observation.undetermined(reason);
            }
            if self.rewriting.is_some() || exchange.is_to_be_rewritten(decision) {
                observation.skipped(reason);
            }
        }
        exchange.leave(&mut self.head.headers, &observation);
        Conclusion::OwnBody
    }
}

impl Conclusion {
    /// The response as it leaves.
    #[inline(always)]
    pub(super) fn response<B: Body + Unpin, M: BodyMode<B>>(
        self,
        head: response::Parts,
        peek: Peek<B>,
    ) -> Response<M::Body> {
        let body = match self {
            Self::OwnBody => ResponseBody::peeked(peek.into_body()),
            Self::LegacyBody(body) => ResponseBody::rewritten(body),
        };
        Response::from_parts(head, M::decided(body))
    }
}

impl Exchange {
    /// In which shape the response leaves. The one read of the flag that decides: once `set(false)` has returned, no response
    /// gets past it.
    #[inline]
    fn course(&self, decision: Decision) -> Course {
        let shape = self.endpoint.legacy_shape(decision);
        if !self.endpoint.is_dependent(decision, &self.caller) {
            return Course::Target;
        }
        match self.settings.flag.state() {
            FlagState::On => Course::Legacy,
            FlagState::Off if self.settings.rehearsal.is_due(shape) => Course::Rehearsal,
            FlagState::Off | FlagState::Retired => Course::Target,
        }
    }

    // Rare, and outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    fn is_to_be_rewritten(&self, decision: Decision) -> bool {
        self.course(decision) == Course::Legacy
    }

    pub(super) fn body_limit(&self) -> usize {
        self.endpoint.body_limit.unwrap_or(self.settings.body_limit)
    }

    #[inline]
    pub(super) fn observation(
        &self,
        decision: Decision,
        target_status: StatusCode,
        request: &RequestFields,
    ) -> Observation<'_> {
        let (endpoint, caller) = (&self.endpoint, self.caller);
        let mut observation = Observation::new(
            endpoint,
            decision,
            caller,
            &self.settings.kinds,
            target_status,
        );
        if observation.can_be_legacy && !caller.is_target() {
            observation.can_be_legacy = endpoint.can_be_legacy(request.known(self.excluded));
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

fn fields<'t>(scan: &'t Scan, text: &'t [u8], is_whole: bool) -> Fields<'t> {
    Fields::Scanned {
        scan,
        text,
        is_whole,
    }
}
