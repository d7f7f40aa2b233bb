//! Whether an outcome can occur: its conditions do not exclude each other, and earlier outcomes leave responses to it.

use std::collections::BTreeSet;

use http::{HeaderMap, StatusCode, header};

use super::{
    matchers::refuse,
    pattern::Pattern,
    pointer,
    remainder::Remainder,
    target_body::{TargetBody, cause_of_exclusion, is_not_json},
};
use crate::{
    contract::definition::{
        condition::{Alternative, Condition, MatchTarget},
        endpoint::Outcome,
    },
    diagnostics::{Diagnostics, FaultCode, escape_token},
    http_syntax::is_form,
    json::OrderedValue,
};

/// The outcomes before one, each with the statuses that it takes.
pub(super) type Earlier<'o> = [(&'o Outcome, &'o BTreeSet<StatusCode>)];

/// Adds a fault if no response can ever count as `outcome`, or none of one of its statuses. Returns those of which some can.
pub(super) fn check_reachable(
    outcome: &Outcome,
    statuses: &BTreeSet<StatusCode>,
    earlier: &Earlier<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<StatusCode> {
    let mut coverage = Coverage::default();
    let left = statuses.iter().copied();
    let left = left.filter(|status| coverage.leaves(outcome, *status, earlier));
    let left: Vec<StatusCode> = left.collect();
    let covering = coverage.covering.into_iter();
    let covering: Vec<&str> = covering.map(|index| earlier[index].0.name()).collect();
    let covering = covering.join(" or ");
    if left.is_empty() && !statuses.is_empty() {
        let expected = format!("a response that does not match {covering}, which comes before it");
        diagnostics.add(FaultCode::UnreachableOutcome, &outcome.name, expected);
        return left;
    }
    for (index, entry) in outcome.statuses().0.iter().enumerate() {
        let mut own = super::status::of(entry).filter(|status| statuses.contains(status));
        let some = own.next();
        if some.is_some()
            && !some
                .into_iter()
                .chain(own)
                .any(|status| left.contains(&status))
        {
            let expected =
                format!("a status of which not all responses match {covering} before it");
            let place = format!("/status/{index}");
            diagnostics.add_at(
                place,
                FaultCode::UnreachableOutcome,
                entry.to_string(),
                expected,
            );
        }
    }
    left
}

/// Adds the faults of conditions that no response fulfils, or that none fails.
pub(super) fn check_conditions(outcome: &Outcome, diagnostics: &mut Diagnostics) {
    check_exclusion(&outcome.conditions, diagnostics);
    check_request_body(&outcome.conditions, diagnostics);
    check_body(outcome, diagnostics);
    for condition in &outcome.conditions {
        let mut steps = Search::MAX_STEPS;
        let alternatives = &condition.matcher.0;
        // Others have faults already.
        let expected = if alternatives.is_empty() || !alternatives.iter().all(is_valid) {
            continue;
        } else if Remainder::of(condition).is_empty(&mut steps) {
            "a value that the part can have: a path parameter is neither absent nor empty, a whole body never absent"
        } else if !condition.on.is_whole_body()
            && Remainder::anything(&condition.on)
                .without(&condition.matcher)
                .is_empty(&mut steps)
        {
            "a condition that not all responses fulfil"
        } else {
            continue;
        };
        let (member, name) = condition.on.place();
        diagnostics.enter(member);
        diagnostics.at(name, |diagnostics| refuse(condition, expected, diagnostics));
        diagnostics.leave();
    }
}

fn is_valid(alternative: &Alternative) -> bool {
    match alternative {
        Alternative::Value(value) => matches!(value, OrderedValue::Scalar(_)),
        Alternative::Pattern(text) => Pattern::parse(text).is_some(),
        Alternative::Present | Alternative::Absent => true,
    }
}

/// Which statuses earlier outcomes leave, found out once for all statuses that the same of them take.
#[derive(Default)]
struct Coverage {
    known: Vec<(Vec<usize>, bool)>,
    /// The outcomes that took responses away from a status of which none is left.
    covering: BTreeSet<usize>,
}

impl Coverage {
    fn leaves(&mut self, outcome: &Outcome, status: StatusCode, earlier: &Earlier<'_>) -> bool {
        let takes = |index: &usize| earlier[*index].1.contains(&status);
        let taking: Vec<usize> = (0..earlier.len()).filter(takes).collect();
        if let Some((_, left)) = self.known.iter().find(|(known, _)| *known == taking) {
            return *left;
        }
        let outcomes: Vec<&Outcome> = taking.iter().map(|index| earlier[*index].0).collect();
        let mut search = Search::new(outcome, &outcomes);
        let left = search.finds(outcome, &outcomes);
        if !left {
            let covering = search.covering.into_iter();
            self.covering.extend(covering.map(|number| taking[number]));
        }
        self.known.push((taking, left));
        left
    }
}

/// Looks for a response that no earlier outcome takes.
struct Search<'o> {
    /// Whether the outcome's responses are encoded: one with conditions on fields takes them too, as undetermined.
    is_encoded: bool,
    /// Parts on which all conditions of the earlier outcomes can fail at once, whatever the other parts are.
    free: Vec<&'o MatchTarget>,
    steps: usize,
    /// The earlier outcomes, by number, that took responses away.
    covering: BTreeSet<usize>,
}

impl<'o> Search<'o> {
    /// After so many steps an outcome counts as reachable.
    const MAX_STEPS: usize = 100_000;

    fn new(outcome: &Outcome, earlier: &[&'o Outcome]) -> Self {
        let mut search = Self {
            is_encoded: TargetBody::is_encoded(outcome),
            free: Vec::new(),
            steps: Self::MAX_STEPS,
            covering: BTreeSet::new(),
        };
        let own = outcome.conditions.iter().map(|condition| &condition.on);
        let own: Vec<&MatchTarget> = own.collect();
        let conditions = earlier.iter().flat_map(|earlier| &earlier.conditions);
        for Condition { on, .. } in conditions.clone() {
            let known = own.iter().chain(&search.free);
            if known.copied().any(|known| known.is_same(on)) {
                continue;
            }
            let all = own.iter().copied();
            let mut all = all.chain(conditions.clone().map(|other| &other.on));
            let is_related = all.any(|other| is_within(other, on) || is_within(on, other));
            let taken = conditions.clone().filter(|other| other.on.is_same(on));
            let anything = Remainder::anything(on);
            let left = taken.fold(anything, |left, other| left.without(&other.matcher));
            if !has_body_of(&own, on) || !is_related && !left.is_empty(&mut search.steps) {
                search.free.push(on);
            }
        }
        search
    }

    fn finds(&mut self, outcome: &Outcome, earlier: &[&Outcome]) -> bool {
        let mut parts: Vec<_> = outcome.conditions.iter().map(Remainder::of).collect();
        if !agree(&parts) {
            // That is a fault of its own.
            return true;
        }
        let conditions = earlier.iter().flat_map(|earlier| &earlier.conditions);
        for Condition { on, .. } in conditions {
            let free = self.free.iter().any(|free| free.is_same(on));
            if !free && !parts.iter().any(|part| part.on.is_same(on)) {
                parts.push(Remainder::anything(on));
            }
        }
        self.is_left(&parts, earlier)
    }

    /// Whether some response with these parts matches none of the `earlier` outcomes.
    ///
    /// For each of these, in turn, one of its conditions must fail. On a part that is free, which is not among the `parts`, it does.
    fn is_left(&mut self, parts: &[Remainder<'_>], earlier: &[&Outcome]) -> bool {
        self.steps = self.steps.saturating_sub(1);
        let Some((next, rest)) = earlier.split_last() else {
            return true;
        };
        if self.steps == 0 {
            return true;
        }
        let decided = next.conditions.iter();
        let decided = decided.filter(|condition| !self.is_encoded || !condition.on.is_field());
        let conditions: Vec<_> = decided.collect();
        let mut fails = conditions.iter().map(|condition| {
            let Some((_, part)) = part(parts, &condition.on) else {
                return true;
            };
            part.within(&condition.matcher).is_empty(&mut self.steps)
        });
        if fails.any(|fails| fails) {
            return self.is_left(parts, rest);
        }
        self.covering.insert(rest.len());
        conditions.into_iter().any(|condition| {
            let (index, part) = part(parts, &condition.on).expect("a free part fails");
            let left = part.without(&condition.matcher);
            !left.is_empty(&mut self.steps) && {
                let mut parts = parts.to_vec();
                parts[index] = left;
                agree(&parts) && self.is_left(&parts, rest)
            }
        })
    }
}

fn part<'p, 'c>(
    parts: &'p [Remainder<'c>],
    on: &MatchTarget,
) -> Option<(usize, &'p Remainder<'c>)> {
    let mut parts = parts.iter().enumerate();
    parts.find(|(_, part)| part.on.is_same(on))
}

/// Whether one response can have all these parts: what has a field within it is neither a scalar nor absent.
fn agree(parts: &[Remainder<'_>]) -> bool {
    let mut inner = parts.iter().filter(|inner| !inner.has_absence());
    inner.all(|inner| {
        let mut outer = parts.iter().filter(|outer| is_within(inner.on, outer.on));
        outer.all(Remainder::has_object)
    })
}

/// Whether one is a field within the other.
fn is_within(inner: &MatchTarget, outer: &MatchTarget) -> bool {
    let are_fields = inner.is_json_field();
    let ((member, inner), (of, outer)) = (inner.place(), outer.place());
    are_fields && member == of && pointer::is_within(inner, outer)
}

/// Whether conditions on these parts leave only bodies that have the part `on`. Without, a body of another form has it not, and a
/// condition on it fails.
fn has_body_of(own: &[&MatchTarget], on: &MatchTarget) -> bool {
    use MatchTarget::{Field, RequestField, RequestFormField};
    match on {
        Field(_) => own.iter().any(|own| own.is_field()),
        RequestField(_) => own.iter().any(|own| matches!(own, RequestField(_))),
        RequestFormField(_) => own.iter().any(|own| matches!(own, RequestFormField(_))),
        _ => true,
    }
}

/// A response without a JSON body has no fields.
fn check_body(outcome: &Outcome, diagnostics: &mut Diagnostics) {
    if let TargetBody::Without { cause, reason } = TargetBody::of(outcome)
        && outcome.reads_fields()
    {
        let expected = format!("conditions on headers only: {reason}");
        diagnostics.add_at("/fields", FaultCode::InvalidCondition, cause, expected);
    }
}

/// A body is either JSON or a form.
fn check_request_body(conditions: &[Condition], diagnostics: &mut Diagnostics) {
    let mut targets = conditions.iter().map(|condition| &condition.on);
    let has_fields = targets
        .clone()
        .any(|on| matches!(on, MatchTarget::RequestField(_)));
    let form = targets.find(|on| matches!(on, MatchTarget::RequestFormField(_)));
    if let Some(form) = form.filter(|_| has_fields) {
        let (member, name) = form.place();
        let expected =
            "no condition on a form beside request_fields, which are those of a JSON body";
        let place = format!("/{member}");
        diagnostics.add_at(place, FaultCode::InvalidCondition, name, expected);
    }
    let on = MatchTarget::RequestHeader(header::CONTENT_TYPE.to_string());
    let excluded = |excludes: fn(&HeaderMap) -> bool| {
        cause_of_exclusion(conditions, (&on, &header::CONTENT_TYPE), excludes)
    };
    let (what, cause) = match (has_fields, form.is_some()) {
        (true, _) => (
            "request_fields: they are those of a JSON body",
            excluded(is_not_json),
        ),
        (_, true) => (
            "request_form: they are those of a form",
            excluded(|lines| !is_form(lines)),
        ),
        _ => return,
    };
    let mut conditions = conditions.iter();
    let condition = conditions.find(|condition| condition.on.is_same(&on));
    if let Some((cause, condition)) = cause.zip(condition) {
        let place = format!("/request_headers/{}", escape_token(condition.on.place().1));
        let expected = format!("no media type that excludes the conditions in {what}");
        diagnostics.add_at(place, FaultCode::InvalidCondition, cause, expected);
    }
}

/// A field that must be a scalar, or absent, has no fields within it.
fn check_exclusion(conditions: &[Condition], diagnostics: &mut Diagnostics) {
    let inner = conditions.iter();
    for condition in inner.filter(|inner| !inner.matcher.allows_absence()) {
        let (member, pointer) = condition.on.place();
        let outer = conditions.iter();
        let outer = outer.filter(|outer| is_within(&condition.on, &outer.on));
        for outer in outer.filter(|outer| outer.matcher.excludes_fields()) {
            let outer = outer.on.place().1;
            let place = format!("/{member}/{}", escape_token(pointer));
            let expected =
                format!("no condition within {outer}, which another one requires to be a scalar");
            diagnostics.add_at(place, FaultCode::InvalidCondition, pointer, expected);
        }
    }
}
