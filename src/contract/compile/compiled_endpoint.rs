//! A compiled endpoint.

use std::sync::atomic::AtomicBool;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{
    compiled_outcome::{CompiledOutcome, ConditionSources, Conditions, Decision, KnownRequest},
    compiled_shape::CompiledShape,
    headers::without_first_clone,
    label::is_label,
    matching::Matching,
    outcome_set::OutcomeSet,
    reachability::{check_conditions, check_reachable},
    request_head::{RequestHead, RequestInputs},
    shape_rules, status,
    status_tables::StatusTables,
    template_compiler::TemplateSources,
};
use crate::{
    caller::Caller,
    contract::definition::endpoint::{Endpoint, Outcome},
    diagnostics::{Diagnostics, FaultCode},
};

/// An endpoint, prepared to decide which outcome a response is.
#[derive(Debug)]
pub(crate) struct CompiledEndpoint {
    pub(crate) name: Box<str>,
    pub(crate) outcomes: Vec<CompiledOutcome>,
    /// What is read from the request.
    pub(crate) request: RequestInputs,
    pub(crate) has_legacy: bool,
    /// Whether an outcome has a legacy shape and no condition on the request.
    has_legacy_for_all: bool,
    pub(crate) is_get: bool,
    /// The request headers that conditions and placeholders read, for `Vary`.
    pub(crate) vary: Option<HeaderValue>,
    pub(crate) statuses: StatusTables,
    /// Those with conditions on the head of the request.
    by_request_head: Vec<usize>,
    /// The limit for its responses, in place of that of the layer.
    pub(crate) body_limit: Option<usize>,
    pub(crate) warned_of_size: AtomicBool,
}

impl CompiledEndpoint {
    /// The most outcomes an endpoint may have.
    const MAX_OUTCOMES: usize = 256;

    pub(super) fn compile(
        endpoint: &Endpoint,
        shared: &[Outcome],
        pattern: &str,
        method: Option<&Method>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let taken: Vec<_> = endpoint
            .outcomes
            .iter()
            .map(status::taken_statuses)
            .collect();
        let mut compiled = Self {
            name: endpoint.name.as_str().into(),
            outcomes: Vec::new(),
            request: RequestInputs::new(pattern),
            has_legacy: false,
            has_legacy_for_all: false,
            is_get: method == Some(&Method::GET),
            vary: None,
            statuses: StatusTables::new(&taken),
            by_request_head: Vec::new(),
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
            let earlier = endpoint.outcomes[..index].iter().zip(&taken);
            let earlier: Vec<_> = earlier.collect();
            let statuses = check_reachable(outcome, &taken[index], &earlier, diagnostics);
            // The faults of a shared outcome itself are at its own place.
            let place = shared.iter().position(|of| of.name == outcome.name);
            match place.filter(|_| outcome.is_shared) {
                Some(place) => diagnostics.elsewhere(format!("/outcomes/{place}"), |diagnostics| {
                    diagnostics.describe("outcome", &outcome.name);
                    compiled.add(outcome, &statuses, diagnostics);
                }),
                None => compiled.add(outcome, &statuses, diagnostics),
            }
            diagnostics.leave();
        }
        diagnostics.leave();
        compiled.statuses.tabulate(&compiled.outcomes);
        compiled.vary = vary(compiled.request.headers());
        compiled
    }

    /// Compiles the next outcome, of which responses of these statuses are.
    fn add(&mut self, outcome: &Outcome, statuses: &[StatusCode], diagnostics: &mut Diagnostics) {
        status::check(outcome, diagnostics);
        check_conditions(outcome, diagnostics);
        let index = self.outcomes.len();
        let fields = self.statuses.scanner_of(index);
        let request = &mut self.request;
        let sources = ConditionSources { fields, request };
        let conditions = Conditions::compile(&outcome.conditions, sources, diagnostics);
        if conditions.read_request_head() {
            self.by_request_head.push(index);
        }
        let shape = outcome.legacy.as_ref();
        let legacy = shape.and_then(|shape| {
            let mut sources = TemplateSources {
                response: self.statuses.scanner_of(index),
                request: &mut self.request,
            };
            diagnostics.at("legacy", |diagnostics| {
                shape_rules::check(shape, outcome, statuses, diagnostics)
                    .then(|| CompiledShape::compile(shape, statuses, &mut sources, diagnostics))?
            })
        });
        self.has_legacy |= legacy.is_some();
        self.has_legacy_for_all |= legacy.is_some() && !conditions.read_request();
        self.outcomes.push(CompiledOutcome {
            name: outcome.name.as_str().into(),
            legacy,
            conditions,
        });
    }

    /// Whether any outcome has conditions on the head of the request.
    #[inline]
    pub(crate) fn reads_request_head(&self) -> bool {
        !self.by_request_head.is_empty()
    }

    /// The outcomes that no response to a request with this head can be.
    pub(crate) fn excluded_by(&self, head: RequestHead<'_>) -> OutcomeSet {
        let mut excluded = OutcomeSet::default();
        for &index in &self.by_request_head {
            if !self.outcomes[index].conditions.by_request_head(head) {
                excluded.insert(index);
            }
        }
        excluded
    }

    /// What the head of a response and its request say of its outcome.
    #[inline(always)]
    pub(crate) fn match_head<'r>(
        &self,
        matching: &mut Matching,
        status: StatusCode,
        headers: &HeaderMap,
        request: impl FnOnce() -> KnownRequest<'r>,
    ) {
        matching.by_status(&self.statuses, status);
        matching.by_head(&self.statuses, &self.outcomes, headers, request);
    }

    /// Whether some requests can have a response with a legacy shape, and others cannot.
    #[inline]
    pub(crate) fn is_legacy_for_some(&self) -> bool {
        self.has_legacy && !self.has_legacy_for_all
    }

    /// Whether a request can have a response with a legacy shape, as far as what is known of it decides that.
    pub(crate) fn can_be_legacy(&self, request: KnownRequest<'_>) -> bool {
        if self.has_legacy_for_all {
            return true;
        }
        let is_possible = |(index, outcome): (usize, &CompiledOutcome)| {
            outcome.legacy.is_some()
                && !request.excluded.contains(index)
                && outcome.conditions.allow(request)
        };
        self.has_legacy && self.outcomes.iter().enumerate().any(is_possible)
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

fn vary<'n>(headers: impl Iterator<Item = &'n HeaderName>) -> Option<HeaderValue> {
    let mut names: Vec<&str> = headers.map(HeaderName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let list = (!names.is_empty()).then(|| names.join(", "))?;
    Some(without_first_clone(
        HeaderValue::from_str(&list).expect("header names are visible ASCII"),
    ))
}

pub(super) fn check_name(outcome: &Outcome, earlier: &[Outcome], diagnostics: &mut Diagnostics) {
    let reserved = matches!(outcome.name.as_str(), "other" | "undetermined");
    let place = if outcome.is_shared { "" } else { "/name" };
    if (!is_label(&outcome.name) || reserved) && !outcome.is_shared {
        let expected =
            "1 to 64 letters, digits, `_`, `-` and `.`, but not `other` or `undetermined`";
        diagnostics.add_at("/name", FaultCode::InvalidName, &outcome.name, expected);
    }
    if earlier.iter().any(|other| other.name == outcome.name) {
        let expected = "a name that no other outcome has";
        diagnostics.add_at(place, FaultCode::DuplicateName, &outcome.name, expected);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::{
        Contract,
        compile::{compiled_contract::EndpointHandle, compiled_lines::CompiledLines},
    };

    /// The endpoint with one outcome of these members.
    fn endpoint(outcome: &Value) -> EndpointHandle {
        let plain = json!({"name": "A", "status": 200});
        let (Value::Object(mut members), Value::Object(more)) = (plain, outcome.clone()) else {
            panic!("an outcome has members")
        };
        members.extend(more);
        let document = json!({"endpoints": [
            {"name": "e", "method": "POST", "path": "/e/{id}", "outcomes": [members]},
        ]});
        let contract = Contract::from_json(&document.to_string()).unwrap();
        let found = contract.into_compiled().find(&Method::POST, "/e/7");
        found.unwrap()
    }

    /// What the layer does for a request and a response beyond finding the outcome of a status.
    fn extra(endpoint: &CompiledEndpoint) -> Vec<&'static str> {
        let outcome = &endpoint.outcomes[0];
        let shape = outcome.legacy.as_ref();
        let table = endpoint.statuses.index(StatusCode::OK).unwrap();
        let is_filled = |lines: &CompiledLines| matches!(lines, CompiledLines::Filled(_));
        let extra = [
            ("copies of the head", !endpoint.request.texts.is_empty()),
            ("a look at the head", !endpoint.by_request_head.is_empty()),
            (
                "a slot for the request's body",
                endpoint.request.read_body(),
            ),
            (
                "a look at headers",
                outcome.conditions.read_head() && !outcome.conditions.read_request(),
            ),
            ("a scan", !endpoint.statuses.scanner(table).is_empty()),
            (
                "the whole body",
                shape.is_some_and(CompiledShape::reads_whole),
            ),
            (
                "values of headers",
                shape.is_some_and(|shape| is_filled(&shape.lines)),
            ),
            ("Vary", endpoint.vary.is_some()),
        ];
        extra
            .into_iter()
            .filter(|(_, is_done)| *is_done)
            .map(|(what, _)| what)
            .collect()
    }

    #[test]
    fn a_form_that_an_outcome_does_not_use_costs_it_nothing() {
        let with = |legacy: Value| json!({"legacy": legacy});
        let made = |body: Value| with(json!({"status": 404, "body": body}));
        for (outcome, expected) in [
            (json!({}), &[][..]),
            (json!({"status": [200, "4xx"]}), &[]),
            (
                with(json!({"status": 404, "set_headers": {"x-a": "b"}})),
                &[],
            ),
            (
                made(json!({"json": {"a": {"$status": "target"}, "b": {"$uuid": "v4"}}})),
                &[],
            ),
            (made(json!({"text": "gone"})), &[]),
            (
                json!({"headers": {"x-a": {"present": true}}}),
                &["a look at headers"],
            ),
            (
                json!({"path_parameters": {"id": "7"}}),
                &["a look at the head"],
            ),
            (
                json!({"query_parameters": {"a": {"absent": true}}}),
                &["a look at the head"],
            ),
            (
                json!({"request_headers": {"x-a": {"pattern": "b*"}}}),
                &["a look at the head", "Vary"],
            ),
            (
                json!({"request_form": {"a": "b"}}),
                &["a slot for the request's body"],
            ),
            (json!({"fields": {"/a": {"absent": true}}}), &["a scan"]),
            (
                made(json!({"form": {"a": {"$path": "id"}}})),
                &["copies of the head"],
            ),
            (
                made(json!({"json": {"$each": "/a", "json": {"$item": "/b"}}})),
                &["a scan"],
            ),
            (
                made(json!({"edit": {"remove": ["/a"]}})),
                &["the whole body"],
            ),
            (
                with(json!({"status": 404, "set_headers": {"x-a": {"$response_header": "x-b"}}})),
                &["values of headers"],
            ),
        ] {
            assert_eq!(extra(&endpoint(&outcome)), expected, "{outcome}");
        }
    }
}
