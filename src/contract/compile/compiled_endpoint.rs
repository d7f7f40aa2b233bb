//! A compiled endpoint.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{
    compiled_outcome::{
        CompiledOutcome, ConditionResult, Conditions, Decision, MissingInput, RequestedFields,
    },
    compiled_shape::CompiledShape,
    headers::without_first_clone,
    reachability::check_reachable,
    request_head::{RequestInputs, TextSource},
    shape_rules, status,
};
use crate::{
    contract::definition::endpoint::{Endpoint, Outcome},
    diagnostics::{Diagnostics, FaultCode},
    json::{FieldScanner, Fields},
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
    by_status: Vec<Group>,
}

/// The outcomes of one status, in their order.
#[derive(Debug)]
struct Group {
    status: StatusCode,
    fields: FieldScanner,
    outcomes: Vec<usize>,
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
            by_status: Vec::new(),
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
        compiled.vary = vary(&compiled.request.texts);
        compiled
    }

    fn add(&mut self, outcome: &Outcome, diagnostics: &mut Diagnostics) {
        let status = diagnostics.at("status", |diagnostics| {
            // One that could not be read is reported already.
            status::target(outcome.status?, diagnostics)
        });
        let group = self.group(status.unwrap_or_default());
        let requested = RequestedFields {
            fields: &mut self.by_status[group].fields,
            request_fields: &mut self.request.fields,
        };
        let conditions = Conditions::compile(&outcome.conditions, requested, diagnostics);
        let shape = outcome.legacy.as_ref();
        let legacy = shape.and_then(|shape| {
            diagnostics.at("legacy", |diagnostics| {
                shape_rules::check(shape, outcome, status, diagnostics).then(|| {
                    CompiledShape::compile(shape, status, &mut self.request, diagnostics)
                })?
            })
        });
        self.has_legacy |= legacy.is_some();
        self.by_status[group].outcomes.push(self.outcomes.len());
        self.outcomes.push(CompiledOutcome {
            name: outcome.name.as_str().into(),
            legacy,
            conditions,
        });
    }

    fn group(&mut self, status: StatusCode) -> usize {
        self.by_status
            .iter()
            .position(|group| group.status == status)
            .unwrap_or_else(|| {
                self.by_status.push(Group {
                    status,
                    fields: FieldScanner::default(),
                    outcomes: Vec::new(),
                });
                self.by_status.len() - 1
            })
    }

    /// The outcome of a response, given what is known of its request; `None` if that depends on its body.
    pub(crate) fn decide_by_head(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        request: &Fields<'_>,
    ) -> Option<Decision> {
        let decision = self.decide(self.group_of(status), headers, None, request);
        (decision != Decision::Undetermined(MissingInput::Body)).then_some(decision)
    }

    /// The outcome of a response with this body.
    pub(crate) fn decide_by_body(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        request: &Fields<'_>,
    ) -> Decision {
        let group = self.group_of(status);
        let fields = group.map(|group| group.fields.scan(body));
        self.decide(group, headers, fields.as_ref(), request)
    }

    fn group_of(&self, status: StatusCode) -> Option<&Group> {
        self.by_status.iter().find(|group| group.status == status)
    }

    fn decide(
        &self,
        group: Option<&Group>,
        headers: &HeaderMap,
        fields: Option<&Fields<'_>>,
        request: &Fields<'_>,
    ) -> Decision {
        for &index in group.map_or(&[][..], |group| &group.outcomes) {
            let conditions = &self.outcomes[index].conditions;
            match conditions.result(headers, fields, request) {
                ConditionResult::Fulfilled => return Decision::Outcome(index),
                ConditionResult::Failed => {}
                ConditionResult::Undecided(missing) => return Decision::Undetermined(missing),
            }
        }
        Decision::Other
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

/// Names are labels in metrics, so they are short and plain.
pub(super) fn is_label(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
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
