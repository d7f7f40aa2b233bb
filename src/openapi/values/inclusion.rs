//! Whether a set includes another, and by what it does not.

use std::{cell::OnceCell, rc::Rc};

use serde_json::Value;

use super::{
    gap::{Gap, GapRule, Gaps, Known, MAX_EXAMPLES, Witness},
    reader::Reader,
    scalars,
    value_set::{Alternative, Items, Kind, Members, Others, SetKey, ValueSet},
};
use crate::openapi::document::place::Spoiled;

/// After so many comparisons, what is left is not decided.
const BUDGET: u64 = 20_000_000;

/// Schemas within more schemas than this are not compared.
const MAX_DEPTH: usize = 20_000;

/// How many gaps of one pair of schemas are reported.
const MAX_GAPS: usize = 16;

/// How many values of several alternatives are tried for an example.
const MAX_TRIED: usize = 64;

/// How often an alternative is split by the values of a member.
const MAX_SPLITS: u8 = 3;

impl<'d> Reader<'d> {
    /// What `source` allows and `target` may not; nothing if all is allowed.
    pub(crate) fn gaps(&self, source: &ValueSet<'d>, target: &ValueSet<'d>) -> Gaps<'d> {
        if matches!(target, ValueSet::Any) || self.are_same(source, target) {
            return Rc::new([]);
        }
        let (Some(from), Some(to)) = (source.key(), target.key()) else {
            return self.compare(source, target).into();
        };
        let key = (from, to);
        let known = self.inclusions.known.borrow().get(&key).cloned();
        match known {
            Some(Known::Done(gaps)) => return gaps,
            Some(Known::InProgress(depth)) => {
                // What holds for all smaller values holds for this one.
                let outermost = self.inclusions.rests_on.get().min(depth);
                self.inclusions.rests_on.set(outermost);
                return Rc::new([]);
            }
            None => {}
        }
        self.remembered_gaps(key, source, target)
    }

    fn remembered_gaps(
        &self,
        key: (SetKey, SetKey),
        source: &ValueSet<'d>,
        target: &ValueSet<'d>,
    ) -> Gaps<'d> {
        let state = &self.inclusions;
        let depth = state.depth.get();
        if depth > MAX_DEPTH {
            return Rc::new([Gap::undecided(
                GapRule::Budget,
                "schemas are nested too deeply",
            )]);
        }
        let around = state.rests_on.replace(usize::MAX);
        let before = state.provisional.borrow().len();
        state.depth.set(depth + 1);
        let in_progress = Known::InProgress(depth);
        state.known.borrow_mut().insert(key.clone(), in_progress);
        let gaps: Gaps<'d> = self.compare(source, target).into();
        state.depth.set(depth);
        let rests_on = state.rests_on.get();
        let done = Known::Done(Rc::clone(&gaps));
        state.known.borrow_mut().insert(key.clone(), done);
        if !gaps.is_empty() {
            // What was proved by assuming this one has to be proved anew.
            for key in state.provisional.borrow_mut().drain(before..) {
                state.known.borrow_mut().remove(&key);
            }
        } else if rests_on < depth {
            state.provisional.borrow_mut().push(key);
        } else {
            state.provisional.borrow_mut().truncate(before);
        }
        let rests_on = if rests_on < depth {
            rests_on
        } else {
            usize::MAX
        };
        state.rests_on.set(around.min(rests_on));
        gaps
    }

    fn compare(&self, source: &ValueSet<'d>, target: &ValueSet<'d>) -> Vec<Gap<'d>> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > BUDGET {
            return vec![Gap::undecided(GapRule::Budget, "the budget is used up")];
        }
        let read = || Ok((self.alternatives(source)?, self.alternatives(target)?));
        let (source, target) = match read() {
            Ok(read) => read,
            Err(Spoiled { reason, .. }) => return vec![Gap::undecided(GapRule::Schema, &reason)],
        };
        let mut gaps: Vec<Gap<'d>> = Vec::new();
        for alternative in source.iter() {
            let found = self.alternative_gaps(alternative, &target, MAX_SPLITS);
            let only = || ValueSet::any_of(vec![alternative.clone()]);
            if found.is_empty() || self.is_empty(&only(), 4) {
                continue;
            }
            for gap in found {
                match gaps.iter().position(|known| known.is_like(&gap)) {
                    Some(known) => gaps[known].add_examples(gap.examples),
                    None if gaps.len() < MAX_GAPS => gaps.push(gap),
                    None => {}
                }
            }
        }
        gaps
    }

    fn alternative_gaps(
        &self,
        source: &Alternative<'d>,
        target: &[Alternative<'d>],
        splits: u8,
    ) -> Vec<Gap<'d>> {
        let possible: Vec<&Alternative<'d>> = target
            .iter()
            .filter(|target| !self.exclude_each_other(source, target, 2))
            .collect();
        let gaps = match (&source.kind, possible.as_slice()) {
            (Kind::Array(_) | Kind::Object(_), [only]) => self.one_to_one(source, only),
            (Kind::Array(_) | Kind::Object(_), [_, _, ..]) => {
                self.one_to_many(source, &possible, splits)
            }
            (Kind::Array(_) | Kind::Object(_), []) => self.outside(source, target),
            _ => self.scalar_gaps(source, target),
        };
        let alike = target
            .iter()
            .find(|target| target.kind.is_like(&source.kind));
        let nearest = possible.first().copied().or(alike).or(target.first());
        gaps.into_iter()
            .map(|gap| gap.between(source, nearest))
            .collect()
    }

    /// No alternative of the target has any of the values.
    fn outside(&self, source: &Alternative<'d>, target: &[Alternative<'d>]) -> Vec<Gap<'d>> {
        let alike: Vec<_> = target
            .iter()
            .filter(|target| target.kind.is_like(&source.kind))
            .collect();
        let gaps = match alike.as_slice() {
            // The most precise reason is why the only alternative of this type does not have them.
            [only] => self.one_to_one(source, only),
            _ => Vec::new(),
        };
        if !gaps.is_empty() {
            return gaps;
        }
        let (rule, detail) = if alike.is_empty() {
            (
                GapRule::Type,
                format!("{} is not allowed", source.kind.name()),
            )
        } else {
            let detail = "no alternative allows it".to_owned();
            (GapRule::NoAlternative, detail)
        };
        vec![Gap::with_examples(
            rule,
            detail,
            vec![Witness::of(source.clone())],
        )]
    }

    fn one_to_one(&self, source: &Alternative<'d>, target: &Alternative<'d>) -> Vec<Gap<'d>> {
        let mut gaps = match (&source.kind, &target.kind) {
            (Kind::Object(from), Kind::Object(to)) => self.member_gaps(source, from, to),
            (Kind::Array(from), Kind::Array(to)) => self.item_gaps(source, from, to),
            _ => Vec::new(),
        };
        gaps.extend(self.opaque_gap(source, target));
        gaps.into_iter()
            .map(|gap| gap.between(source, Some(target)))
            .collect()
    }

    fn one_to_many(
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
        if let Some(parts) = self.split(source, target).filter(|_| splits > 0) {
            let target: Vec<_> = target.iter().map(|target| (*target).clone()).collect();
            let parts = parts.iter();
            return parts
                .flat_map(|part| self.alternative_gaps(part, &target, splits - 1))
                .collect();
        }
        let mut examples: Vec<Value> = Vec::new();
        let all = all.into_iter().flatten().flat_map(|gap| gap.examples);
        for example in all
            .filter_map(|witness| self.value_of(&witness))
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

    fn scalar_gaps(&self, source: &Alternative<'d>, target: &[Alternative<'d>]) -> Vec<Gap<'d>> {
        let alike: Vec<_> = target
            .iter()
            .filter(|target| target.kind.is_like(&source.kind))
            .collect();
        if let Some(values) = self.listed(&source.kind) {
            return self.listed_gaps(&values, &alike, source);
        }
        let proved = alike.iter().any(|target| {
            scalars::implies(&source.kind, &target.kind)
                && self.opaque_gap(source, target).is_none()
        });
        if proved {
            return Vec::new();
        }
        let pool = self.pool(source, &alike);
        let refused = |value: &Value| {
            alike
                .iter()
                .all(|target| self.checks.allows(&target.kind, value) == Some(false))
        };
        let examples: Vec<Value> = pool.into_iter().filter(|value| refused(value)).collect();
        let rule = match alike.as_slice() {
            [] => GapRule::Type,
            alike if alike.iter().all(|target| target.kind.listed().is_some()) => GapRule::Value,
            _ => GapRule::Constraint,
        };
        let detail = match rule {
            GapRule::Type => format!("{} is not allowed", source.kind.name()),
            GapRule::Value => "a value that is not listed".to_owned(),
            _ => "not all values satisfy the constraints".to_owned(),
        };
        let examples = examples
            .into_iter()
            .take(MAX_EXAMPLES)
            .map(Witness::Value)
            .collect();
        vec![Gap::with_examples(rule, detail, examples)]
    }

    fn listed_gaps(
        &self,
        values: &[Value],
        target: &[&Alternative<'d>],
        source: &Alternative<'d>,
    ) -> Vec<Gap<'d>> {
        let allows = |value: &Value| {
            target.iter().any(|target| {
                self.checks.allows(&target.kind, value) == Some(true)
                    && self.opaque_gap(source, target).is_none()
            })
        };
        let refused: Vec<Value> = values.iter().filter(|v| !allows(v)).cloned().collect();
        if refused.is_empty() {
            return Vec::new();
        }
        let rule = match target {
            [] => GapRule::Type,
            target if target.iter().all(|target| target.kind.listed().is_some()) => GapRule::Value,
            _ => GapRule::Constraint,
        };
        let shown: Vec<String> = refused.iter().map(Value::to_string).collect();
        let detail = format!("{} is not allowed", shown.join(", "));
        let examples = refused
            .into_iter()
            .take(MAX_EXAMPLES)
            .map(Witness::Value)
            .collect();
        vec![Gap::with_examples(rule, detail, examples)]
    }

    fn member_gaps(
        &self,
        source: &Alternative<'d>,
        from: &Members<'d>,
        to: &Members<'d>,
    ) -> Vec<Gap<'d>> {
        let shared = OnceCell::new();
        let around = || shared.get_or_init(|| Rc::new(source.clone()));
        let mut gaps = Vec::new();
        for (name, _) in to.named.iter().filter(|(_, member)| member.required) {
            if !from.requires(name) {
                let without = Witness::of(source.with_member(name, None));
                let detail = format!("`{name}` can be absent");
                let gap = Gap::with_examples(GapRule::MissingMember, detail, vec![without]);
                gaps.push(gap.within(name, |example| (*example).clone()));
            }
        }
        for (name, member) in &from.named {
            if self.is_empty(&member.set, 4) {
                continue;
            }
            let wanted = to.set_of(name);
            let forbidden = !to.named.contains_key(name) && matches!(to.others, Others::Forbidden);
            let inner = if forbidden {
                let example = Witness::Of(member.set.clone());
                let detail = format!("the member `{name}` is not allowed");
                vec![Gap::with_examples(
                    GapRule::ExtraMember,
                    detail,
                    vec![example],
                )]
            } else {
                self.gaps(&member.set, &wanted).to_vec()
            };
            for gap in inner {
                gaps.push(gap.within(name, |example| {
                    Witness::Member(Rc::clone(around()), name.clone(), example)
                }));
            }
        }
        gaps.extend(self.other_member_gaps(source, from, to));
        gaps
    }

    /// Gaps of the members that the source does not name.
    fn other_member_gaps(
        &self,
        source: &Alternative<'d>,
        from: &Members<'d>,
        to: &Members<'d>,
    ) -> Vec<Gap<'d>> {
        let set = match &from.others {
            Others::Free => &ValueSet::Any,
            Others::Each(set) => set,
            Others::Undeclared | Others::Forbidden => return Vec::new(),
        };
        if self.is_empty(set, 4) {
            return Vec::new();
        }
        let unnamed = to.named.iter();
        let unnamed = unnamed.filter(|(name, _)| !from.named.contains_key(*name));
        let mut wanted: Vec<(&str, &str, ValueSet<'d>)> = unnamed
            .map(|(name, member)| (name.as_str(), name.as_str(), member.set.clone()))
            .collect();
        wanted.push(("*", "another", to.set_of_others()));
        let around = Rc::new(source.clone());
        let mut gaps = Vec::new();
        for (token, name, wanted) in wanted {
            let inner = if matches!(wanted, ValueSet::AnyOf(_)) && self.is_empty(&wanted, 1) {
                let examples = vec![Witness::Of(set.clone())];
                let detail = "other members are not allowed".to_owned();
                vec![Gap::with_examples(GapRule::ExtraMember, detail, examples)]
            } else {
                self.gaps(set, &wanted).to_vec()
            };
            gaps.extend(inner.into_iter().map(|gap| {
                gap.within(token, |example| {
                    Witness::Member(Rc::clone(&around), name.to_owned(), example)
                })
            }));
        }
        gaps
    }

    fn item_gaps(
        &self,
        source: &Alternative<'d>,
        from: &Items<'d>,
        to: &Items<'d>,
    ) -> Vec<Gap<'d>> {
        let mut gaps = Vec::new();
        let most = from.most.unwrap_or(u64::MAX);
        let too_few = from.least < to.least;
        let too_many = to.most.is_some_and(|limit| most > limit);
        if too_few || too_many || to.unique && !from.unique && most > 1 {
            let lengths = [from.least, to.most.map_or(2, |most| most + 1).min(most)];
            let examples = lengths
                .into_iter()
                .filter_map(|length| self.array_of(from, length.min(1_000), None))
                .map(Witness::Value)
                .collect();
            let detail = "not all lengths are allowed".to_owned();
            gaps.push(Gap::with_examples(GapRule::Constraint, detail, examples));
        }
        let positions = from.first.len().max(to.first.len());
        for index in 0..=positions {
            if index as u64 >= most {
                break;
            }
            let token = if index == positions {
                "*".to_owned()
            } else {
                index.to_string()
            };
            for gap in self.gaps(from.at(index), to.at(index)).iter().cloned() {
                gaps.push(gap.within(&token, |example| {
                    Witness::Element(Rc::new(source.clone()), index, example)
                }));
            }
        }
        gaps
    }

    /// A constraint of the target that the source does not have word for word.
    fn opaque_gap(&self, source: &Alternative<'d>, target: &Alternative<'d>) -> Option<Gap<'d>> {
        let lacks = |wanted: &&super::opaque::Opaque<'d>| {
            let mut own = source.opaque.iter();
            !own.any(|own| self.are_same_opaque(own, wanted))
        };
        let missing = target.opaque.iter().find(lacks)?;
        let examples = vec![Witness::of(source.clone())];
        let detail = format!("`{}` is only compared word for word", missing.keyword());
        Some(Gap::with_examples(GapRule::Keyword, detail, examples))
    }
}
