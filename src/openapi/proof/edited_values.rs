//! What edits make of a body.

use super::{
    condition::tokens,
    exchange_parts::{Input, Origin},
    template_values::TemplateReader,
};
use crate::{
    contract::definition::{edit::BodyEdit, template::Template},
    openapi::{
        document::place::Spoiled,
        values::value_set::{Alternative, Items, Kind, Member, Members, Others, ValueSet},
    },
};

/// The parts of a body that change.
#[derive(Default)]
pub(super) struct EditTree<'c> {
    /// By member name or index; `*` is each element of an array.
    parts: Vec<(String, EditTree<'c>)>,
    rename: Option<&'c str>,
    change: Option<Change<'c>>,
}

enum Change<'c> {
    Remove,
    Set(&'c Template),
}

impl<'c> EditTree<'c> {
    pub(super) fn of(edit: &'c BodyEdit) -> Self {
        let mut tree = Self::default();
        for (pointer, name) in &edit.rename {
            tree.at(pointer).rename = Some(name);
        }
        for (pointer, value) in &edit.set {
            tree.at(pointer).change = Some(Change::Set(value));
        }
        for pointer in &edit.remove {
            tree.at(pointer).change = Some(Change::Remove);
        }
        tree
    }

    fn at(&mut self, pointer: &str) -> &mut Self {
        tokens(pointer).into_iter().fold(self, |tree, token| {
            let known = tree.parts.iter().position(|(name, _)| *name == token);
            let index = known.unwrap_or_else(|| {
                tree.parts.push((token, Self::default()));
                tree.parts.len() - 1
            });
            &mut tree.parts[index].1
        })
    }

    fn part(&self, token: &str) -> Option<&Self> {
        let mut parts = self.parts.iter();
        parts.find(|(name, _)| name == token).map(|(_, part)| part)
    }

    /// Whether a member keeps its name and stays.
    fn keeps(&self, name: &str) -> bool {
        self.part(name).is_none_or(|part| {
            part.rename.is_none() && !matches!(part.change, Some(Change::Remove))
        })
    }
}

impl<'d> TemplateReader<'_, 'd> {
    /// What an edit makes of the values of a set.
    pub(super) fn edited(
        &mut self,
        set: &ValueSet<'d>,
        tree: &EditTree<'_>,
    ) -> Result<ValueSet<'d>, Spoiled> {
        if tree.parts.is_empty() {
            return Ok(set.clone());
        }
        let mut edited = Vec::new();
        for alternative in self.reader.alternatives(set)?.iter() {
            let kind = match &alternative.kind {
                Kind::Object(members) => Kind::Object(self.edited_object(members, tree)?),
                Kind::Array(items) => Kind::Array(self.edited_array(items, tree)?),
                other => other.clone(),
            };
            // What was said of the whole need not hold any more.
            edited.push(Alternative::of(kind));
        }
        Ok(ValueSet::any_of(edited))
    }

    fn edited_object(
        &mut self,
        members: &Members<'d>,
        tree: &EditTree<'_>,
    ) -> Result<Members<'d>, Spoiled> {
        let mut edited = Members {
            named: members.named.clone(),
            others: members.others.clone(),
            mixed: members.mixed.clone(),
        };
        edited.named.retain(|name, _| tree.part(name).is_none());
        for (token, part) in &tree.parts {
            let present = members.named.get(token).cloned();
            let present = present.or_else(|| members.other_member());
            self.note_conflict(members, tree, (token, part), present.as_ref());
            let member = match &part.change {
                Some(Change::Remove) => None,
                Some(Change::Set(value)) => {
                    let values = self.within(token, &value.0)?;
                    let required = !values.can_be_absent;
                    Some(Member {
                        set: values.set,
                        required,
                    })
                }
                None => match present {
                    Some(Member { set, required }) => {
                        let set = self.edited_part(token, &set, part)?;
                        Some(Member { set, required })
                    }
                    None => None,
                },
            };
            let name = part.rename.unwrap_or(token);
            if let Some(member) = member {
                let member = match edited.named.get(name) {
                    Some(own) => Member {
                        set: self.reader.union(vec![own.set.clone(), member.set]),
                        required: own.required || member.required,
                    },
                    None => member,
                };
                edited.named.insert(name.to_owned(), member);
            }
        }
        Ok(edited)
    }

    /// A renamed member must not have the name of another, or the response is not rewritten.
    fn note_conflict(
        &mut self,
        members: &Members<'d>,
        tree: &EditTree<'_>,
        (token, part): (&str, &EditTree<'_>),
        present: Option<&Member<'d>>,
    ) {
        let Some(name) = part.rename.filter(|name| tree.keeps(name)) else {
            return;
        };
        let other = members
            .named
            .get(name)
            .cloned()
            .or_else(|| members.other_member());
        let can_be = |member: Option<&Member<'d>>| {
            member.is_some_and(|member| !self.reader.is_empty(&member.set, 4))
        };
        if can_be(present) && can_be(other.as_ref()) {
            let mut at = self.at.clone();
            at.push(token.to_owned());
            self.stranding.push(Input {
                at,
                origin: Origin::Other(format!("the member {name}")),
                lack: "can be there already",
            });
        }
    }

    fn edited_array(
        &mut self,
        items: &Items<'d>,
        tree: &EditTree<'_>,
    ) -> Result<Items<'d>, Spoiled> {
        if let Some(every) = tree.part("*") {
            return self.edited_elements(items, every);
        }
        let mut edited = Items {
            unique: false,
            ..items.clone()
        };
        let mut removed = Vec::new();
        for (token, part) in &tree.parts {
            let Ok(index) = token.parse::<usize>() else {
                continue;
            };
            if items.most.is_some_and(|most| index as u64 >= most) {
                continue;
            }
            while edited.first.len() <= index {
                edited.first.push((*items.rest).clone());
            }
            match &part.change {
                Some(Change::Remove) => removed.push(index),
                Some(Change::Set(value)) => {
                    let values = self.within(token, &value.0)?;
                    edited.first[index] = values.set;
                    removed.extend(values.can_be_absent.then_some(index));
                }
                None => edited.first[index] = self.edited_part(token, items.at(index), part)?,
            }
        }
        Ok(if removed.is_empty() {
            edited
        } else {
            // Which elements are where then is left open.
            Items {
                rest: Box::new(self.reader.union(edited.elements())),
                first: Vec::new(),
                least: edited.least.saturating_sub(removed.len() as u64),
                ..edited
            }
        })
    }

    /// Each element.
    fn edited_elements(
        &mut self,
        items: &Items<'d>,
        every: &EditTree<'_>,
    ) -> Result<Items<'d>, Spoiled> {
        let mut vanish = false;
        let mut element = |template: &mut Self, item: &ValueSet<'d>| {
            template.for_item(item.clone(), |template| match &every.change {
                Some(Change::Remove) => {
                    vanish = true;
                    Ok(ValueSet::nothing())
                }
                Some(Change::Set(value)) => {
                    let values = template.within("*", &value.0)?;
                    vanish |= values.can_be_absent;
                    Ok(values.set)
                }
                None => template.edited_part("*", item, every),
            })
        };
        let first = items.first.iter().map(|item| element(self, item));
        let first: Vec<ValueSet<'d>> = first.collect::<Result<_, _>>()?;
        let rest = element(self, &items.rest)?;
        let all = Items {
            first,
            rest: Box::new(rest),
            unique: false,
            ..items.clone()
        };
        Ok(if vanish {
            Items {
                rest: Box::new(self.reader.union(all.elements())),
                first: Vec::new(),
                least: 0,
                ..all
            }
        } else {
            all
        })
    }

    fn edited_part(
        &mut self,
        token: &str,
        set: &ValueSet<'d>,
        part: &EditTree<'_>,
    ) -> Result<ValueSet<'d>, Spoiled> {
        self.at.push(token.to_owned());
        let edited = self.edited(set, part);
        self.at.pop();
        edited
    }
}

impl<'d> Members<'d> {
    /// A member that is not named, if there can be some.
    fn other_member(&self) -> Option<Member<'d>> {
        let set = match &self.others {
            Others::Free => ValueSet::Any,
            Others::Each(set) => set.clone(),
            Others::Undeclared | Others::Forbidden => return None,
        };
        let required = false;
        Some(Member { set, required })
    }
}
