//! Whether several alternatives together include one.

use std::rc::Rc;

use serde_json::Value;

use super::{
    gap::{Gap, GapRule, MAX_EXAMPLES, Witness},
    reader::Reader,
    value_set::{Alternative, ValueSet},
};

/// Within more parts of alternatives than this, none is split.
const MAX_SPLIT_WITHIN: u8 = 4;

/// How many values of several alternatives are tried for an example.
const MAX_TRIED: usize = 64;

impl<'d> Reader<'d> {
    pub(super) fn one_to_many(
        &self,
        source: &Alternative<'d>,
        target: &[&Alternative<'d>],
        splits: u8,
    ) -> Vec<Gap<'d>> {
        let all: Vec<Vec<Gap<'d>>> = target
            .iter()
            .map(|target| self.one_to_one(source, target))
            .collect();
        if all.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        // The parts have no key, by which a recursive schema would be known again.
        let may_split = splits > 0 && self.inclusions.unkeyed.get() < MAX_SPLIT_WITHIN;
        if let Some(parts) = self.split(source, target).filter(|_| may_split) {
            let target: Vec<_> = target.iter().map(|target| (*target).clone()).collect();
            let parts = parts.iter();
            return parts
                .flat_map(|part| self.alternative_gaps(part, &target, splits - 1))
                .collect();
        }
        let mut examples: Vec<Value> = Vec::new();
        let all = all.into_iter().flatten().flat_map(|gap| gap.examples);
        for example in all
            .flat_map(|witness| self.values_of(&witness))
            .take(MAX_TRIED)
        {
            let fixed = ValueSet::fixed([&example]);
            let fixed = self.alternatives(&fixed).unwrap_or_else(|_| Rc::new([]));
            let is_refused = target.iter().all(|target| {
                fixed.iter().all(|fixed| {
                    self.exclude_each_other(fixed, target, 3)
                        || !self.one_to_one(fixed, target).is_empty()
                })
            });
            if is_refused && examples.len() < MAX_EXAMPLES {
                examples.push(example);
            }
        }
        let detail = format!("none of {} alternatives allows all of it", target.len());
        let examples = examples.into_iter().map(Witness::Value).collect();
        vec![Gap::with_examples(GapRule::NoAlternative, detail, examples)]
    }

    /// The parts of an alternative by the values of a member that tells the targets apart.
    fn split(
        &self,
        source: &Alternative<'d>,
        target: &[&Alternative<'d>],
    ) -> Option<Vec<Alternative<'d>>> {
        let members = source.members()?;
        members.named.iter().find_map(|(name, member)| {
            let parts = self.alternatives(&member.set).ok()?;
            let listed: Vec<Value> = parts
                .iter()
                .map(|part| self.listed(&part.kind))
                .collect::<Option<Vec<_>>>()
                .map_or_else(Vec::new, |listed| listed.concat());
            let sets: Vec<ValueSet<'d>> = if listed.is_empty() {
                let parts = parts.iter().cloned();
                parts.map(|part| ValueSet::any_of(vec![part])).collect()
            } else {
                listed
                    .iter()
                    .map(|value| ValueSet::fixed([value]))
                    .collect()
            };
            let tells_apart = target.iter().any(|target| {
                target
                    .members()
                    .is_some_and(|members| members.named.contains_key(name))
            });
            let mut parts: Vec<_> = sets
                .into_iter()
                .map(|set| source.with_member(name, Some(set)))
                .collect();
            if !member.required {
                parts.push(source.with_member(name, None));
            }
            let shrinks = parts.len() > 1 && parts.len() <= 64 && tells_apart;
            let excludes = |part: &Alternative<'d>| {
                let mut target = target.iter();
                target.any(|target| self.exclude_each_other(part, target, 2))
            };
            (shrinks && parts.iter().any(excludes)).then_some(parts)
        })
    }
}
