//! Whether an outcome can ever be met behind those before it.

use serde_json::Value;

use super::outcome::same_number;
use crate::contract::definition::outcome::{Condition, MatchTarget, Outcome};

/// More combinations of values than this are not looked through one by one.
const MAX_COMBINATIONS: usize = 4096;

/// The outcomes before it that together match every answer that `outcome` would match, or nothing.
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
                    .all(|asked| covers(asked, &combination))
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

/// Whether an answer with these parts fulfils the condition for certain.
///
/// A header may have several lines, so a condition on one value says nothing of the others, but it does say that this
/// line is there.
fn covers(asked: &Condition, combination: &Combination<'_>) -> bool {
    combination
        .iter()
        .any(|(on, value)| same_part(&asked.on, on) && asked.values.iter().any(|v| same(v, value)))
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
