//! One response on the contract: which outcome it is, and in which shape it leaves.

use bytes::Bytes;
use http::response;
use http_body::{Body, SizeHint};

use super::{
    body::ResponseBody,
    body_need::BodyNeed,
    capture_slot::RequestFields,
    exchange::{Course, Exchange},
    layer_settings::LayerSettings,
    peeked_body::FirstData,
    rewrite::{LegacyLines, has_space, rewrite_head},
};
use crate::{
    contract::compile::{
        CompiledEndpoint, CompiledShape, Decision, Matching, MissingInput, PlaceholderValues,
        RenderError,
    },
    json::{Fields, Scan, ScanStep},
    observation::SkipReason,
};

/// What is known of a response that has arrived, until it is known in which shape it leaves.
pub(super) struct Deciding {
    pub(super) matching: Matching,
    /// The outcome whose shape is applied, once that is known.
    pub(super) rewriting: Option<Decision>,
    /// Decided once, where the body has to be read at all.
    pub(super) need: Option<BodyNeed>,
    /// Whether all data of the body has been read.
    pub(super) is_complete: bool,
    /// Whether the text is whole and valid, so that the fields that were not found are absent.
    is_whole: bool,
}

/// The response itself, as far as it was read.
pub(super) struct Arrived<'r> {
    pub(super) exchange: &'r Exchange,
    /// That of the exchange.
    pub(super) endpoint: &'r CompiledEndpoint,
    pub(super) head: &'r mut response::Parts,
    /// The data of its body so far.
    pub(super) text: &'r [u8],
    /// How far that was scanned.
    pub(super) scan: &'r mut Scan,
}

/// The shape in which a response leaves.
pub(super) enum Conclusion {
    /// With its own body; its head may be rewritten.
    OwnBody,
    LegacyBody(Bytes),
}

impl Conclusion {
    /// The body as it leaves, of one of which at most the first frame was read.
    #[inline(always)]
    pub(super) fn body<B: Body>(self, first: Option<FirstData>, body: B) -> ResponseBody<B> {
        match self {
            Self::OwnBody => ResponseBody::begun(first, body),
            Self::LegacyBody(body) => ResponseBody::whole(body),
        }
    }
}

/// More of the body is needed.
pub(super) struct NeedsMore;

/// Why no response leaves yet.
pub(super) enum Undecided {
    NeedsMore,
    /// The target response leaves, after the legacy response of the outcome was rendered and dropped.
    Rehearsal(Decision),
}

impl From<NeedsMore> for Undecided {
    fn from(NeedsMore: NeedsMore) -> Self {
        Self::NeedsMore
    }
}

impl Deciding {
    /// Of a response that nothing is known of; [`match_head`](Self::match_head) follows, where it stays.
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self {
            matching: Matching::new(),
            rewriting: None,
            need: None,
            is_complete: false,
            is_whole: false,
        }
    }

    /// What can be known without the body.
    #[inline(always)]
    pub(super) fn match_head(
        &mut self,
        exchange: &Exchange,
        endpoint: &CompiledEndpoint,
        head: &response::Parts,
    ) {
        let matching = &mut self.matching;
        endpoint.match_head(matching, head.status, &head.headers, || exchange.known());
    }

    /// Finds out what a body of this size hint can tell, of which as many bytes are read at most.
    #[inline(always)]
    pub(super) fn learn_need<B: Body>(
        &mut self,
        endpoint: &CompiledEndpoint,
        head: &response::Parts,
        body: &B,
        (size_hint, limit): (&SizeHint, usize),
    ) {
        let lower = size_hint.lower();
        let need = BodyNeed::by_head(&head.headers, body.is_end_stream(), lower, limit);
        self.need = Some(need);
        if need == BodyNeed::Unreadable(SkipReason::BodyTooLarge) {
            LayerSettings::warn_of_size(endpoint, lower, limit);
        }
    }

    /// Decides by what is known by now.
    pub(super) fn decide(&mut self, arrived: &mut Arrived<'_>) -> Result<Conclusion, Undecided> {
        loop {
            if let Some(decision) = self.rewriting {
                if self.can_render(arrived, decision) {
                    return Ok(self.apply(arrived, decision));
                }
            } else {
                match self.matching.decision {
                    Ok(decision) => match arrived.exchange.course(arrived.endpoint, decision) {
                        Course::Legacy => {
                            self.rewriting = Some(decision);
                            continue;
                        }
                        Course::Target => {
                            return Ok(self.leave_unchanged(arrived, decision, None));
                        }
                        Course::Rehearsal => return Err(Undecided::Rehearsal(decision)),
                    },
                    Err(MissingInput::Request) => {
                        return Ok(self.give_up(arrived, SkipReason::RequestFieldsNotCaptured));
                    }
                    Err(MissingInput::Body) => {}
                }
            }
            if let Some(reason) = self.read_on(arrived)? {
                return Ok(self.give_up(arrived, reason));
            }
        }
    }

    /// Whether all is known that the shape of the outcome reads.
    #[inline]
    pub(super) fn can_render(&self, arrived: &Arrived<'_>, decision: Decision) -> bool {
        let shape = arrived.endpoint.legacy_shape(decision);
        let fields = shape.map_or(0, CompiledShape::fields);
        let is_enough =
            fields & !arrived.scan.known() == 0 && !shape.is_some_and(CompiledShape::reads_whole);
        self.is_whole || is_enough
    }

    /// Learns one thing more from the body, or why nothing more can be learnt.
    #[inline(always)]
    pub(super) fn read_on(
        &mut self,
        arrived: &mut Arrived<'_>,
    ) -> Result<Option<SkipReason>, NeedsMore> {
        let Arrived { endpoint, text, .. } = *arrived;
        match self.need.ok_or(NeedsMore)? {
            BodyNeed::Fields if !text.is_empty() => return self.scan_on(arrived),
            BodyNeed::Fields if !self.is_complete => return Err(NeedsMore),
            BodyNeed::Fields => self.need = Some(BodyNeed::NoFields),
            BodyNeed::Beginning => {
                let need = BodyNeed::by_beginning(text, self.is_complete);
                self.need = Some(need.ok_or(NeedsMore)?);
            }
            // What no body has, no template can take from it.
            BodyNeed::NoFields if self.rewriting.is_some() => return Ok(Some(SkipReason::NotJson)),
            BodyNeed::NoFields => self.matching.no_fields(&endpoint.statuses),
            BodyNeed::Unreadable(reason) => return Ok(Some(reason)),
        }
        Ok(None)
    }

    /// Scans the text up to the next field.
    #[inline(always)]
    fn scan_on(&mut self, arrived: &mut Arrived<'_>) -> Result<Option<SkipReason>, NeedsMore> {
        let Arrived {
            endpoint,
            text,
            ref mut scan,
            ..
        } = *arrived;
        let statuses = &endpoint.statuses;
        let scanner = self.matching.scanner(statuses);
        let scanner = scanner.expect("without an outcome of the status, no field is needed");
        match scan.next(scanner, text) {
            ScanStep::Found(slot) => {
                // What is being rewritten is decided.
                if self.rewriting.is_none() {
                    let field = fields(scan, text, false).get(slot);
                    self.matching.know(statuses, slot, field);
                }
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
    #[cold]
    #[inline(never)]
    pub(super) fn give_up(&mut self, arrived: &mut Arrived<'_>, reason: SkipReason) -> Conclusion {
        if reason == SkipReason::RequestFieldsNotCaptured {
            Self::warn_of_missing_capture(arrived.exchange);
        }
        let statuses = &arrived.endpoint.statuses;
        let decision = self.rewriting;
        let decision = decision.unwrap_or_else(|| self.matching.undetermined(statuses));
        self.leave_unchanged(arrived, decision, Some(reason))
    }

    fn warn_of_missing_capture(exchange: &Exchange) {
        if exchange
            .captured_body()
            .is_some_and(RequestFields::not_seen)
        {
            exchange.settings.warn_of_missing_capture();
        }
    }

    /// Applies the shape of the outcome, the fields of which are known.
    fn apply(&mut self, arrived: &mut Arrived<'_>, decision: Decision) -> Conclusion {
        let exchange = arrived.exchange;
        let shape = arrived.endpoint.legacy_shape(decision);
        let shape = shape.expect("only an outcome with a shape is rewritten");
        let (lines, body) = match self.render(arrived, shape) {
            Ok(rendered) => rendered,
            Err(reason) => return self.leave_unchanged(arrived, decision, Some(reason)),
        };
        let head = &mut *arrived.head;
        let mut observation = exchange.observation(decision, head.status);
        observation.served_legacy();
        let is_get = exchange.endpoint.is_get;
        let notice = &exchange.endpoint.contract().notice;
        rewrite_head(head, shape, &lines, is_get, notice, body.as_ref());
        exchange.leave(&mut head.headers, &observation);
        body.map_or(Conclusion::OwnBody, Conclusion::LegacyBody)
    }

    /// The header lines, and the new body; `None` where it stays as it is. Or why there can be none.
    #[inline(always)]
    pub(super) fn render<'s>(
        &self,
        arrived: &Arrived<'_>,
        shape: &'s CompiledShape,
    ) -> Result<(LegacyLines<'s>, Option<Bytes>), SkipReason> {
        let rendered = self.fill(arrived, shape);
        let rendered = rendered.map_err(|error| Self::skip_reason(arrived.exchange, &error))?;
        let notice = &arrived.exchange.endpoint.contract().notice;
        if has_space(&arrived.head.headers, shape, notice) {
            Ok(rendered)
        } else {
            Err(SkipReason::TooManyHeaders)
        }
    }

    #[inline(always)]
    fn fill<'s>(
        &self,
        arrived: &Arrived<'_>,
        shape: &'s CompiledShape,
    ) -> Result<(LegacyLines<'s>, Option<Bytes>), RenderError> {
        let Arrived { text, ref scan, .. } = *arrived;
        let request = arrived.exchange.captured_body();
        let values = PlaceholderValues {
            fields: fields(scan, text, self.is_whole),
            item: Fields::Unknown,
            status: arrived.head.status,
            headers: &arrived.head.headers,
            request: request.map_or(Fields::Unknown, RequestFields::fields),
            captured: &arrived.exchange.captured,
        };
        let lines = LegacyLines::of(shape, &values)?;
        Ok((lines, shape.body.render(text, &values)?))
    }

    fn skip_reason(exchange: &Exchange, error: &RenderError) -> SkipReason {
        match error {
            RenderError::MissingValue => SkipReason::MissingValue,
            RenderError::Malformed => SkipReason::NotJson,
            RenderError::NoLegacyBody => SkipReason::NoLegacyBody,
            RenderError::RequestFieldsNotCaptured => {
                Self::warn_of_missing_capture(exchange);
                SkipReason::RequestFieldsNotCaptured
            }
        }
    }

    /// The target response leaves, and `reason` says what kept it from being a legacy one or from being determined.
    #[inline]
    fn leave_unchanged(
        &mut self,
        arrived: &mut Arrived<'_>,
        decision: Decision,
        reason: Option<SkipReason>,
    ) -> Conclusion {
        let Arrived { exchange, head, .. } = arrived;
        let mut observation = exchange.observation(decision, head.status);
        if let Some(reason) = reason {
            if observation.is_undetermined() {
                observation.undetermined(reason);
            }
            if self.rewriting.is_some() || exchange.is_to_be_rewritten(decision) {
                observation.skipped(reason);
            }
        }
        exchange.leave(&mut head.headers, &observation);
        Conclusion::OwnBody
    }
}

fn fields<'t>(scan: &'t Scan, text: &'t [u8], is_whole: bool) -> Fields<'t> {
    Fields::Scanned {
        scan,
        text,
        is_whole,
    }
}
