//! A compiled endpoint.

use std::sync::atomic::AtomicBool;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{
    compiled_outcome::{CompiledOutcome, Conditions, Decision, RequestedFields},
    compiled_shape::CompiledShape,
    headers::without_first_clone,
    label::is_label,
    matching::{Matching, Statuses},
    reachability::check_reachable,
    request_head::{RequestInputs, TextSource},
    shape_rules, status,
    template_compiler::TemplateSources,
};
use crate::{
    caller::Caller,
    contract::definition::endpoint::{Endpoint, Outcome},
    diagnostics::{Diagnostics, FaultCode},
    json::Fields,
};

/// An endpoint, prepared to decide which outcome a response is.
#[derive(Debug)]
pub(crate) struct CompiledEndpoint {
    pub(crate) name: Box<str>,
    pub(crate) outcomes: Vec<CompiledOutcome>,
    /// What is read from the request.
    pub(crate) request: RequestInputs,
    pub(crate) has_legacy: bool,
    pub(crate) is_get: bool,
    /// The request headers that placeholders read, for `Vary`.
    pub(crate) vary: Option<HeaderValue>,
    pub(crate) statuses: Statuses,
    /// The limit for its responses, in place of that of the layer.
    pub(crate) body_limit: Option<usize>,
    pub(crate) warned_of_size: AtomicBool,
}

impl CompiledEndpoint {
    /// The most outcomes an endpoint may have.
    const MAX_OUTCOMES: usize = 256;

    pub(super) fn compile(
        endpoint: &Endpoint,
        pattern: &str,
        method: Option<&Method>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut compiled = Self {
            name: endpoint.name.as_str().into(),
            outcomes: Vec::new(),
            request: RequestInputs::new(pattern),
            has_legacy: false,
            is_get: method == Some(&Method::GET),
            vary: None,
            statuses: Statuses::default(),
            body_limit: endpoint.body_limit,
            warned_of_size: AtomicBool::new(false),
        };
        let outcomes = endpoint.outcomes.len();
        diagnostics.at_most(Self::MAX_OUTCOMES, "outcomes", "/outcomes", outcomes);
        diagnostics.enter("outcomes");
        for (index, outcome) in endpoint.outcomes.iter().enumerate() {
            diagnostics.enter(index);
            diagnostics.describe("outcome", &outcome.name);
            check_name(outcome, &endpoint.outcomes[..index], diagnostics);
            check_reachable(outcome, &endpoint.outcomes[..index], diagnostics);
            compiled.add(outcome, diagnostics);
            diagnostics.leave();
        }
        diagnostics.leave();
        for of in &mut compiled.statuses.0 {
            of.tabulate(&compiled.outcomes);
        }
        compiled.vary = vary(&compiled.request.texts);
        compiled
    }

    fn add(&mut self, outcome: &Outcome, diagnostics: &mut Diagnostics) {
        let status = diagnostics.at("status", |diagnostics| {
            // One that could not be read is reported already.
            status::target(outcome.status?, diagnostics)
        });
        let index = self.statuses.index(status.unwrap_or_default());
        let of = &mut self.statuses.0[index];
        let requested = RequestedFields {
            fields: &mut of.fields,
            request_fields: &mut self.request.fields,
        };
        let conditions = Conditions::compile(&outcome.conditions, requested, diagnostics);
        let shape = outcome.legacy.as_ref();
        let legacy = shape.and_then(|shape| {
            let mut sources = TemplateSources {
                response: &mut of.fields,
                request: &mut self.request,
            };
            diagnostics.at("legacy", |diagnostics| {
                shape_rules::check(shape, outcome, status, diagnostics)
                    .then(|| CompiledShape::compile(shape, status, &mut sources, diagnostics))?
            })
        });
        self.has_legacy |= legacy.is_some();
        of.outcomes.push(self.outcomes.len());
        self.outcomes.push(CompiledOutcome {
            name: outcome.name.as_str().into(),
            legacy,
            conditions,
        });
    }

    /// What the head of a response and its request say of its outcome.
    pub(crate) fn match_head(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        request: Fields<'_>,
    ) -> Matching {
        Matching::by_head(&self.statuses.0, &self.outcomes, (status, headers), request)
    }

    /// The legacy shape of the outcome, if it is known and has one.
    pub(crate) fn legacy_shape(&self, decision: Decision) -> Option<&CompiledShape> {
        match decision {
            Decision::Outcome(index) => self.outcomes[index].legacy.as_ref(),
            Decision::Other | Decision::Undetermined { .. } => None,
        }
    }

    /// Whether this caller depends on the legacy shape of a response: the one place where that is decided.
    pub(crate) fn is_dependent(&self, decision: Decision, caller: &Caller) -> bool {
        let may_be_legacy = match decision {
            Decision::Undetermined { may_be_legacy } => may_be_legacy,
            decision => self.legacy_shape(decision).is_some(),
        };
        may_be_legacy && !caller.is_target()
    }
}

fn vary(texts: &[TextSource]) -> Option<HeaderValue> {
    let headers = texts.iter().filter_map(|source| match source {
        TextSource::Headers(names) => Some(names),
        TextSource::QueryParameter(_) | TextSource::PathParameter(_) => None,
    });
    let mut names: Vec<&str> = headers.flatten().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let list = (!names.is_empty()).then(|| names.join(", "))?;
    Some(without_first_clone(
        HeaderValue::from_str(&list).expect("header names are visible ASCII"),
    ))
}

fn check_name(outcome: &Outcome, earlier: &[Outcome], diagnostics: &mut Diagnostics) {
    let reserved = matches!(outcome.name.as_str(), "other" | "undetermined");
    if !is_label(&outcome.name) || reserved {
        let expected =
            "1 to 64 letters, digits, `_`, `-` and `.`, but not `other` or `undetermined`";
        diagnostics.add_at("/name", FaultCode::InvalidName, &outcome.name, expected);
    }
    if earlier.iter().any(|other| other.name == outcome.name) {
        let expected = "a name that no other outcome of the endpoint has";
        diagnostics.add_at("/name", FaultCode::DuplicateName, &outcome.name, expected);
    }
}
