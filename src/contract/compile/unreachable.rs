//! Whether an outcome can ever match after those before it.

use serde_json::Value;

use super::compiled_outcome::same_number;
use crate::contract::definition::outcome::{Condition, MatchTarget, Outcome};

/// More combinations of values than this are not checked.
const MAX_COMBINATIONS: usize = 4096;

/// The earlier outcomes that together match every response that `outcome` would match, if there are such.
pub(super) fn covered_by<'o>(outcome: &Outcome, earlier: &'o [Outcome]) -> Option<Vec<&'o str>> {
    let mut covering: Vec<&str> = Vec::new();
    for combination in combinations(&outcome.conditions)? {
        let first = earlier
            .iter()
            .filter(|candidate| candidate.status == outcome.status)
            .find(|candidate| {
                candidate
                    .conditions
                    .iter()
                    .all(|condition| covers(condition, &combination))
            })?;
        if !covering.contains(&first.name.as_str()) {
            covering.push(&first.name);
        }
    }
    (!covering.is_empty()).then_some(covering)
}

type Combination<'c> = Vec<(&'c MatchTarget, &'c Value)>;

/// Each way to fulfil the conditions with one value for each.
fn combinations(conditions: &[Condition]) -> Option<Vec<Combination<'_>>> {
    let count = conditions.iter().try_fold(1_usize, |n, condition| {
        n.checked_mul(condition.values.len())
    })?;
    if count > MAX_COMBINATIONS {
        return None;
    }
    Some(conditions.iter().fold(vec![Vec::new()], |made, condition| {
        let longer = |before| {
            condition
                .values
                .iter()
                .map(move |value| with(before, (&condition.on, value)))
        };
        made.iter().flat_map(longer).collect()
    }))
}

fn with<'c>(before: &Combination<'c>, next: (&'c MatchTarget, &'c Value)) -> Combination<'c> {
    let mut longer = before.clone();
    longer.push(next);
    longer
}

/// Whether a response with these parts certainly fulfils the condition.
///
/// A header may have several lines: a condition on one value does not exclude others, but requires this line.
fn covers(condition: &Condition, combination: &Combination<'_>) -> bool {
    combination.iter().any(|(on, value)| {
        same_part(&condition.on, on) && condition.values.iter().any(|v| same(v, value))
    })
}

fn same_part(one: &MatchTarget, other: &MatchTarget) -> bool {
    match (one, other) {
        (MatchTarget::Header(one), MatchTarget::Header(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        _ => one == other,
    }
}
