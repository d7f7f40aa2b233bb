//! What objects and arrays of a set another does not allow.

use std::{cell::OnceCell, rc::Rc};

use super::{
    gap::{Gap, GapRule, Witness},
    reader::Reader,
    value_set::{Alternative, Items, Members, Others, ValueSet},
};

impl<'d> Reader<'d> {
    pub(super) fn member_gaps(
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
            let is_forbidden = matches!(wanted, ValueSet::AnyOf(_)) && self.is_empty(&wanted, 1);
            let inner = if is_forbidden {
                let examples = vec![Witness::Of(set.clone())];
                let detail = "other members are not allowed".to_owned();
                vec![Gap::with_examples(GapRule::ExtraMember, detail, examples)]
            } else {
                self.gaps(set, &wanted).to_vec()
            };
            let patterned = |(name, set): &(String, ValueSet<'d>)| {
                Witness::Member(
                    Rc::clone(&around),
                    name.clone(),
                    Rc::new(Witness::Of(set.clone())),
                )
            };
            gaps.extend(inner.into_iter().map(|gap| {
                let mut gap = gap.within(token, |example| {
                    Witness::Member(Rc::clone(&around), name.to_owned(), example)
                });
                if is_forbidden && token == "*" {
                    let patterned: Vec<_> =
                        source.patterned_members().iter().map(patterned).collect();
                    gap.add_examples(patterned);
                }
                gap
            }));
        }
        gaps
    }

    pub(super) fn item_gaps(
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
}
