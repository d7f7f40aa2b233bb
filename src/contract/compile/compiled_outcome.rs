//! A compiled outcome, and whether a response matches it.

use http::{HeaderMap, HeaderName};

use super::{
    compiled_shape::CompiledShape,
    headers,
    matchers::{FieldMatcher, TextMatcher, refuse},
    outcome_set::OutcomeSet,
    pointer,
    request_head::{RequestHead, RequestInputs, TextSource},
};
use crate::{
    contract::definition::condition::{Condition, MatchTarget},
    diagnostics::Diagnostics,
    json::{FieldScanner, Fields},
};

/// An outcome, prepared to be matched with responses of its status.
#[derive(Debug)]
pub(crate) struct CompiledOutcome {
    pub(crate) name: Box<str>,
    pub(crate) legacy: Option<CompiledShape>,
    pub(super) conditions: Conditions,
}

/// The outcome of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The outcome at this index of the endpoint.
    Outcome(usize),
    /// None of them.
    Other,
    /// Undecided, because a condition could not be evaluated.
    Undetermined {
        /// Whether an outcome that is still possible has a legacy shape.
        may_be_legacy: bool,
    },
}

/// What a condition could not be evaluated without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingInput {
    /// A field of the response.
    Body,
    /// A field of the request.
    Request,
}

#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) fields: Vec<FieldCondition>,
    headers: Vec<(HeaderName, TextMatcher)>,
    request_fields: Vec<FieldCondition>,
    /// The index of a field of forms.
    request_form: Vec<(usize, TextMatcher)>,
    request_head: Vec<(TextSource, TextMatcher)>,
}

/// The slot of a field and what it must be.
type FieldCondition = (usize, FieldMatcher);

/// What the conditions of an endpoint's outcomes read, of the response's body and of the request.
pub(super) struct ConditionSources<'s> {
    pub(super) fields: &'s mut FieldScanner,
    pub(super) request: &'s mut RequestInputs,
}

/// What is known of a request when its response is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownRequest<'r> {
    /// The outcomes of the endpoint with a condition that its head does not fulfil.
    pub(crate) excluded: OutcomeSet,
    pub(crate) fields: Fields<'r>,
    pub(crate) form: FormFields<'r>,
}

/// What is known of the fields of a request's form, by the indexes of [`RequestInputs::form`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum FormFields<'r> {
    Unknown,
    /// The body is no form.
    NoForm,
    /// The values of each.
    Kept(&'r [Vec<Box<[u8]>>]),
}

/// Whether a response fulfils the conditions of one outcome.
pub(super) enum ConditionResult {
    Fulfilled,
    Failed,
    Undecided,
}

impl KnownRequest<'_> {
    /// Of a request that nothing but the head is known of.
    #[inline]
    pub(crate) const fn by_head(excluded: OutcomeSet) -> Self {
        Self {
            excluded,
            fields: Fields::Unknown,
            form: FormFields::Unknown,
        }
    }
}

impl Conditions {
    pub(super) fn compile(
        conditions: &[Condition],
        mut sources: ConditionSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut compiled = Self::default();
        for (index, condition) in conditions.iter().enumerate() {
            let (member, name) = condition.on.place();
            diagnostics.enter(member);
            diagnostics.enter(name);
            let mut earlier = conditions[..index].iter();
            if earlier.any(|earlier| earlier.on.is_same(&condition.on)) {
                let expected = "one condition on each field, header and parameter";
                refuse(condition, expected, diagnostics);
            }
            if condition.matcher.0.is_empty() {
                refuse(condition, "at least one value", diagnostics);
            }
            compiled.add(condition, &mut sources, diagnostics);
            diagnostics.leave();
            diagnostics.leave();
        }
        compiled
    }

    fn add(
        &mut self,
        condition: &Condition,
        sources: &mut ConditionSources<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let request = &mut *sources.request;
        match &condition.on {
            MatchTarget::Field(pointer) => {
                let field = field(condition, pointer, sources.fields, diagnostics);
                self.fields.extend(field);
            }
            MatchTarget::RequestField(pointer) => {
                let field = field(condition, pointer, &mut request.fields, diagnostics);
                self.request_fields.extend(field);
            }
            MatchTarget::Header(name) => {
                let name = headers::header_name(name, diagnostics);
                let matcher = TextMatcher::compile(condition, diagnostics);
                self.headers.extend(name.map(|name| (name, matcher)));
            }
            MatchTarget::RequestFormField(name) => {
                let matcher = TextMatcher::compile(condition, diagnostics);
                self.request_form.push((request.form_field(name), matcher));
            }
            MatchTarget::RequestHeader(_)
            | MatchTarget::QueryParameter(_)
            | MatchTarget::PathParameter(_) => {
                let source = request.head_part(condition, diagnostics);
                let matcher = TextMatcher::compile(condition, diagnostics);
                self.request_head
                    .extend(source.map(|source| (source, matcher)));
            }
        }
    }

    /// Whether any is on a header of the response or on its request.
    pub(super) fn read_head(&self) -> bool {
        !self.headers.is_empty() || self.read_request()
    }

    /// Whether any is on the request.
    pub(super) fn read_request(&self) -> bool {
        !(self.request_fields.is_empty()
            && self.request_form.is_empty()
            && self.request_head.is_empty())
    }

    /// Whether any is on the head of the request.
    pub(super) fn read_request_head(&self) -> bool {
        !self.request_head.is_empty()
    }

    /// Whether the head of a request fulfils those on it.
    pub(super) fn by_request_head(&self, head: RequestHead<'_>) -> bool {
        let mut conditions = self.request_head.iter();
        conditions.all(|(source, matcher)| source.is_allowed(head, matcher))
    }

    /// Evaluates those on headers and on the body of the request, which may be unknown. One failed condition decides.
    pub(super) fn by_head(
        &self,
        headers: &HeaderMap,
        request: KnownRequest<'_>,
    ) -> ConditionResult {
        let mut lines = self.headers.iter();
        if !lines.all(|(name, matcher)| matcher.allows(headers.get_all(name).iter())) {
            return ConditionResult::Failed;
        }
        self.by_request(request)
    }

    /// Whether the request leaves the outcome possible.
    pub(super) fn allow(&self, request: KnownRequest<'_>) -> bool {
        !matches!(self.by_request(request), ConditionResult::Failed)
    }

    fn by_request(&self, request: KnownRequest<'_>) -> ConditionResult {
        let fields = self.request_fields.iter().map(|(slot, matcher)| {
            // A body that is no JSON has no fields, not even absent ones.
            match request.fields {
                Fields::Absent => Some(false),
                fields => matcher.allows(fields.get(*slot)),
            }
        });
        let form = self.request_form.iter().map(|(index, matcher)| {
            Some(match request.form {
                FormFields::Unknown => return None,
                FormFields::NoForm => false,
                FormFields::Kept(fields) => matcher.allows(fields[*index].iter()),
            })
        });
        let mut result = ConditionResult::Fulfilled;
        for fulfilled in fields.chain(form) {
            match fulfilled {
                Some(true) => {}
                Some(false) => return ConditionResult::Failed,
                None => result = ConditionResult::Undecided,
            }
        }
        result
    }
}

fn field(
    condition: &Condition,
    pointer: &str,
    scanner: &mut FieldScanner,
    diagnostics: &mut Diagnostics,
) -> Option<FieldCondition> {
    pointer::check(pointer, diagnostics);
    let slot = scanner.add(pointer, diagnostics);
    let matcher = FieldMatcher::compile(condition, diagnostics);
    slot.map(|slot| (slot, matcher))
}
