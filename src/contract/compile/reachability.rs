//! Whether an outcome can occur: its conditions do not exclude each other, and earlier outcomes leave responses to it.

use super::{pointer, target_body::TargetBody};
use crate::{
    contract::definition::endpoint::{Condition, MatchTarget, Outcome},
    diagnostics::{Diagnostics, FaultCode, escape_token},
    json::OrderedValue,
};

/// Adds a fault if no response can ever count as `outcome`.
pub(super) fn check_reachable(
    outcome: &Outcome,
    earlier: &[Outcome],
    diagnostics: &mut Diagnostics,
) {
    check_exclusion(&outcome.conditions, diagnostics);
    check_body(outcome, diagnostics);
    if outcome
        .conditions
        .iter()
        .any(|condition| condition.values.is_empty())
    {
        return;
    }
    let mut search = Search {
        is_encoded: TargetBody::is_encoded(outcome),
        ..Search::default()
    };
    let same_status = |other: &&Outcome| outcome.status.is_some() && other.status == outcome.status;
    let earlier: Vec<&Outcome> = earlier.iter().filter(same_status).collect();
    let all = outcome.conditions.iter();
    let all = all.map(|condition| (&condition.on, condition.values.iter().collect()));
    if search.is_left(&all.collect::<Vec<_>>(), &earlier) {
        return;
    }
    let expected = format!(
        "a response that does not match {}, which comes before it",
        search.covering(&earlier).join(" or ")
    );
    diagnostics.add(FaultCode::UnreachableOutcome, &outcome.name, expected);
}

/// Parts of a response, each with the values that it may still have.
type Parts<'c> = [(&'c MatchTarget, Vec<&'c OrderedValue>)];

/// Looks for a response that no earlier outcome takes.
#[derive(Default)]
struct Search {
    /// Whether the outcome's responses are encoded: one with conditions on fields takes them too, as undetermined.
    is_encoded: bool,
    steps: usize,
    /// The earlier outcomes, by number, that took responses away.
    covering: Vec<usize>,
}

impl Search {
    /// After so many steps an outcome counts as reachable.
    const MAX_STEPS: usize = 100_000;

    /// Whether some response with these parts matches none of the `earlier` outcomes.
    ///
    /// For each of these, in turn, one of its conditions must fail: on a part that is not restricted it always can.
    fn is_left(&mut self, parts: &Parts<'_>, earlier: &[&Outcome]) -> bool {
        self.steps += 1;
        let Some((next, rest)) = earlier.split_last() else {
            return true;
        };
        if self.steps > Self::MAX_STEPS {
            return true;
        }
        let decided = next.conditions.iter();
        let decided = decided.filter(|condition| !self.is_encoded || !condition.on.is_field());
        let conditions = decided.map(|condition| {
            let same = |(on, _): &(&MatchTarget, _)| on.is_same(&condition.on);
            (condition, parts.iter().position(same))
        });
        let conditions: Vec<_> = conditions.collect();
        if conditions.iter().any(|(_, part)| part.is_none()) {
            return self.is_left(parts, rest);
        }
        let left = conditions.into_iter().map(|(condition, part)| {
            let mut parts = parts.to_vec();
            let values = &mut parts[part.unwrap_or_default()].1;
            let before = values.len();
            values.retain(|value| !condition.values.iter().any(|other| is_same(other, value)));
            (before == values.len(), !values.is_empty(), parts)
        });
        let left: Vec<_> = left.collect();
        if let Some((_, _, parts)) = left.iter().find(|(all, ..)| *all) {
            return self.is_left(parts, rest);
        }
        if !self.covering.contains(&rest.len()) {
            self.covering.push(rest.len());
        }
        let mut left = left.into_iter().filter(|(_, some, _)| *some);
        left.any(|(_, _, parts)| self.is_left(&parts, rest))
    }

    /// The names of the outcomes that took responses away, in their order.
    fn covering<'o>(&self, earlier: &[&'o Outcome]) -> Vec<&'o str> {
        let mut numbers = self.covering.clone();
        numbers.sort_unstable();
        numbers
            .iter()
            .map(|number| earlier[*number].name.as_str())
            .collect()
    }
}

fn is_same(one: &OrderedValue, other: &OrderedValue) -> bool {
    match (one, other) {
        (OrderedValue::Scalar(one), OrderedValue::Scalar(other)) => one.is_same(other),
        _ => one == other,
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

/// A field that must be a scalar has no fields within it.
fn check_exclusion(conditions: &[Condition], diagnostics: &mut Diagnostics) {
    for condition in conditions {
        let (member, pointer) = condition.on.place();
        let same_body = conditions.iter().map(|other| other.on.place());
        let outer = same_body.filter(|(other, _)| *other == member && member != "headers");
        for (_, outer) in outer.filter(|(_, outer)| pointer::is_within(pointer, outer)) {
            let place = format!("/{member}/{}", escape_token(pointer));
            let expected =
                format!("no condition within {outer}, which another one requires to be a scalar");
            diagnostics.add_at(place, FaultCode::InvalidCondition, pointer, expected);
        }
    }
}
