//! One request on the contract, from its head to its answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use http::{HeaderMap, Response, response};
use http_body::Body;
use tracing::{Span, debug, warn};

use super::{
    body::ResponseBody,
    capture::{RequestFields, Slot},
    json_body::{is_encoded, is_json},
    replay::{Looked, Replay},
    rewrite::rewrite_head,
    settings::Settings,
    vary::add_vary,
};
use crate::{
    caller::Caller,
    contract::compile::{
        CapturedHeaders, CompiledBody, CompiledContract, CompiledEndpoint, CompiledShape, Decision,
        MissingInput, Unfilled, is_never_rewritten,
    },
    flag::FlagState,
    json::Fields,
    observation::{Observation, SkipReason},
};

/// What is kept of a request on the contract until its answer comes.
pub(super) struct Exchange {
    pub(super) settings: Arc<Settings>,
    /// The version that was in use when the request came.
    pub(super) plan: Arc<CompiledContract>,
    pub(super) endpoint: usize,
    pub(super) caller: Caller,
    pub(super) captured: CapturedHeaders,
    /// Where the fields of the request are noted, where the endpoint asks for any.
    pub(super) slot: Option<Slot>,
}

/// A request on the contract whose answer has come.
pub(super) struct Answered {
    exchange: Exchange,
    request: RequestFields,
}

/// What is known of the answer's body when its outcome has to be told.
pub(super) enum Known<'b> {
    /// Nothing has to be known.
    Nothing,
    Text(&'b [u8]),
    Unreadable(SkipReason),
}

/// What to do with an answer before its outcome can be told.
pub(super) enum Ask {
    /// Nothing more: the head tells enough.
    Nothing,
    /// Look at the body.
    Look,
    /// The body would have to be looked at, and cannot be.
    Refuse(SkipReason),
}

/// The answer's body as it leaves.
enum Leaving {
    AsItCame,
    Rewritten(Bytes),
}

impl Exchange {
    /// The answer has come: what has been read of the request by now is what is known of it.
    pub(super) fn answered(self) -> Answered {
        let request = self.slot.as_ref().map(Slot::read).unwrap_or_default();
        Answered {
            exchange: self,
            request,
        }
    }
}

impl Answered {
    /// Whether the body has to be looked at, and may be.
    pub(super) fn ask<B: Body>(&self, head: &response::Parts, body: &B) -> Ask {
        let needed = match self.decide_by_head(head) {
            None => true,
            Some(decision) => self
                .legacy_shape(decision)
                .is_some_and(CompiledShape::needs_body),
        };
        if !needed {
            return Ask::Nothing;
        }
        match unreadable(&head.headers, body, self.exchange.settings.body_limit) {
            Some(reason) => Ask::Refuse(reason),
            None => Ask::Look,
        }
    }

    /// The answer as it came, or rewritten, when nobody had to look at its body.
    pub(super) fn response<B: Body>(
        self,
        mut head: response::Parts,
        body: B,
        known: &Known<'_>,
    ) -> Response<ResponseBody<B>> {
        let body = match self.settle(&mut head, known) {
            Leaving::AsItCame => ResponseBody::untouched(body),
            Leaving::Rewritten(bytes) => ResponseBody::rewritten(bytes),
        };
        Response::from_parts(head, body)
    }

    /// The answer as it came, or rewritten, after a look at its body.
    pub(super) fn response_looked<B: Body + Unpin>(
        self,
        mut head: response::Parts,
        replay: Replay<B>,
        looked: Looked,
    ) -> Response<ResponseBody<B>> {
        let leaving = match looked {
            Looked::Whole => self.settle(&mut head, &Known::Text(&replay.data())),
            Looked::TooLarge => {
                self.settle(&mut head, &Known::Unreadable(SkipReason::BodyTooLarge))
            }
            Looked::Broken => self.settle(&mut head, &Known::Unreadable(SkipReason::BodyError)),
        };
        let body = match leaving {
            Leaving::AsItCame => ResponseBody::replayed(replay),
            Leaving::Rewritten(bytes) => ResponseBody::rewritten(bytes),
        };
        Response::from_parts(head, body)
    }

    /// Tells the outcome, reads the flag, rewrites the head where the answer becomes a legacy one, and hands the
    /// observation on.
    fn settle(&self, head: &mut response::Parts, known: &Known<'_>) -> Leaving {
        let decision = self.decide(head, known);
        let mut observation = Observation::new(
            &self.exchange.plan,
            self.exchange.endpoint,
            decision,
            self.exchange.caller,
            &self.exchange.settings.kinds,
            head.status,
        );
        let mut leaving = Leaving::AsItCame;
        match self.try_rewrite(head, decision, known) {
            Ok(None) => {}
            Ok(Some(body)) => {
                observation.served_legacy();
                leaving = body;
            }
            Err(reason) => observation.skipped(reason),
        }
        self.add_vary(&mut head.headers);
        self.report(&observation);
        leaving
    }

    fn decide(&self, head: &response::Parts, known: &Known<'_>) -> Decision {
        match known {
            Known::Text(text) => self.with_request(|request| {
                self.endpoint()
                    .decide_by_body(head.status, &head.headers, text, request)
            }),
            Known::Nothing | Known::Unreadable(_) => {
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

    fn with_request<T>(&self, ask: impl FnOnce(&Fields<'_>) -> T) -> T {
        static NOT_ASKED: Fields<'static> = Fields::unknown();
        match &self.exchange.slot {
            Some(_) => ask(&self.request.fields()),
            None => ask(&NOT_ASKED),
        }
    }

    /// The legacy answer's body, or nothing where the target answer is the right one, or why there is none.
    fn try_rewrite(
        &self,
        head: &mut response::Parts,
        decision: Decision,
        known: &Known<'_>,
    ) -> Result<Option<Leaving>, SkipReason> {
        match (decision, known) {
            (Decision::Undetermined(MissingInput::Request), _) => return Err(self.request_unread()),
            (Decision::Undetermined(_), Known::Unreadable(reason)) => return Err(*reason),
            (Decision::Undetermined(_), _) => return Err(SkipReason::NotJson),
            (Decision::Other, _)
                if self.endpoint().has_legacy && is_never_rewritten(head.status) =>
            {
                return Err(bodiless(head));
            }
            _ => {}
        }
        let Some(shape) = self.legacy_shape(decision) else {
            return Ok(None);
        };
        // The one read that decides: whoever switched off before it gets no rewritten answer any more.
        if self.exchange.settings.flag.state() != FlagState::On {
            return Ok(None);
        }
        let body = self.render(shape, known)?;
        rewrite_head(head, shape, &self.exchange.plan.notice, body.as_ref());
        Ok(Some(body.map_or(Leaving::AsItCame, Leaving::Rewritten)))
    }

    /// The new body; nothing where it stays as it is.
    fn render(
        &self,
        shape: &CompiledShape,
        known: &Known<'_>,
    ) -> Result<Option<Bytes>, SkipReason> {
        let template = match &shape.body {
            CompiledBody::AsIs => return Ok(None),
            CompiledBody::Empty => return Ok(Some(Bytes::new())),
            CompiledBody::Json(template) => template,
        };
        let text: &[u8] = match known {
            Known::Text(text) => text,
            Known::Unreadable(reason) if shape.needs_body() => return Err(*reason),
            Known::Nothing | Known::Unreadable(_) => &[],
        };
        let captured = &self.exchange.captured;
        match self.with_request(|request| template.render(text, request, captured)) {
            Ok(body) => Ok(Some(body.into())),
            Err(Unfilled::Malformed) => Err(SkipReason::NotJson),
            Err(Unfilled::RequestUnread) => Err(self.request_unread()),
            Err(Unfilled::MissingValue) => Err(SkipReason::MissingValue),
        }
    }

    /// How many bytes of the body may be looked at.
    pub(super) fn body_limit(&self) -> usize {
        self.exchange.settings.body_limit
    }

    fn endpoint(&self) -> &CompiledEndpoint {
        &self.exchange.plan.endpoints[self.exchange.endpoint]
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

    fn request_unread(&self) -> SkipReason {
        if self.request.untaken() && first_time(&self.exchange.settings.warned_of_capture) {
            warn!(
                "the contract asks for fields of requests, and no CaptureRequestFieldsLayer stands inside \
                 LegacyHttpCompatLayer to note them"
            );
        }
        SkipReason::RequestUnread
    }

    fn add_vary(&self, headers: &mut HeaderMap) {
        let endpoint = self.endpoint();
        if endpoint.is_get && endpoint.has_legacy {
            let values = [endpoint.vary.as_ref(), self.exchange.settings.vary.as_ref()];
            values
                .into_iter()
                .flatten()
                .for_each(|value| add_vary(headers, value));
        }
    }

    fn report(&self, observation: &Observation<'_>) {
        let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
        if let Some(reason) = observation.skip_reason() {
            debug!(
                endpoint,
                outcome,
                reason = reason.as_str(),
                "answer not rewritten"
            );
            Span::current().record(SPAN_FIELD, reason.as_str());
            let settings = &self.exchange.settings;
            if reason == SkipReason::BodyEncoded && first_time(&settings.warned_of_placement) {
                warn_of_placement();
            }
        } else if observation.shape().is_legacy() {
            debug!(endpoint, outcome, "answer rewritten");
            Span::current().record(SPAN_FIELD, "rewritten");
        }
        self.exchange
            .settings
            .observers
            .iter()
            .for_each(|observer| observer.observe(observation));
    }
}

/// The field that a span may declare (as empty) to learn what became of the answer.
const SPAN_FIELD: &str = "legacy_http_compat";

fn bodiless(head: &response::Parts) -> SkipReason {
    if head.status == http::StatusCode::SWITCHING_PROTOCOLS {
        SkipReason::Upgrade
    } else {
        SkipReason::StatusWithoutBody
    }
}

/// Why a body cannot be looked at, as far as the head and the body's size tell.
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

fn first_time(said: &AtomicBool) -> bool {
    // Relaxed: nothing is read on the strength of it, and the swap alone makes this the only first time.
    !said.swap(true, Ordering::Relaxed)
}

fn warn_of_placement() {
    warn!(
        "answers reach LegacyHttpCompatLayer with a Content-Encoding and cannot be rewritten: \
         place it inside the compression layer"
    );
}
