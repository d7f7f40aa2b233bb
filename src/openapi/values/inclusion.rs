//! Whether a set includes another, and by what it does not.

use std::rc::Rc;

use super::{
    gap::{Gap, GapRule, Gaps, Known, Witness},
    reader::Reader,
    value_set::{Alternative, Kind, SetKey, ValueSet},
};
use crate::openapi::document::place::Spoiled;

/// After so many comparisons, what is left is not decided.
const BUDGET: u64 = 20_000_000;

/// Schemas within more schemas than this are not compared.
const MAX_DEPTH: usize = 20_000;

/// How many gaps of one pair of schemas are reported.
const MAX_GAPS: usize = 16;

/// How often an alternative is split by the values of a member.
const MAX_SPLITS: u8 = 3;

impl<'d> Reader<'d> {
    /// What `source` allows and `target` may not; nothing if all is allowed.
    pub(crate) fn gaps(&self, source: &ValueSet<'d>, target: &ValueSet<'d>) -> Gaps<'d> {
        if matches!(target, ValueSet::Any) || self.are_same(source, target) {
            return Rc::new([]);
        }
        let (Some(from), Some(to)) = (source.key(), target.key()) else {
            let unkeyed = &self.inclusions.unkeyed;
            let around = unkeyed.replace(unkeyed.get().saturating_add(1));
            let gaps = self.compare(source, target).into();
            unkeyed.set(around);
            return gaps;
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
        let unkeyed = state.unkeyed.take();
        let gaps: Gaps<'d> = self.compare(source, target).into();
        state.unkeyed.set(unkeyed);
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

    pub(super) fn alternative_gaps(
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

    pub(super) fn one_to_one(
        &self,
        source: &Alternative<'d>,
        target: &Alternative<'d>,
    ) -> Vec<Gap<'d>> {
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

    /// A constraint of the target that the source does not have word for word.
    pub(super) fn opaque_gap(
        &self,
        source: &Alternative<'d>,
        target: &Alternative<'d>,
    ) -> Option<Gap<'d>> {
        let lacks = |wanted: &&super::value_set::Opaque<'d>| {
            let mut own = source.opaque.iter();
            !own.any(|own| self.are_same_opaque(own, wanted))
        };
        let missing = target.opaque.iter().find(lacks)?;
        let examples = vec![Witness::Varied(Rc::new(source.clone()))];
        let detail = format!("`{}` is only compared word for word", missing.keyword());
        Some(Gap::with_examples(GapRule::Keyword, detail, examples))
    }
}
