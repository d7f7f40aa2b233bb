//! From schemas to alternatives.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use serde_json::Value;

use super::{
    discriminator::Discriminator,
    gap::Inclusions,
    intersection::{everything, intersect},
    keywords::{listed, own},
    scalars::TextChecks,
    value_set::{Alternative, Kind, Member, Opaque, Others, SetKey, ValueSet},
};
use crate::openapi::document::place::{Place, Spoiled};

/// Reads sets, remembering what it has read.
#[derive(Default)]
pub(crate) struct Reader<'d> {
    read: RefCell<HashMap<SetKey, Reading<'d>>>,
    pub(crate) checks: TextChecks,
    pub(super) inclusions: Inclusions<'d>,
    pub(super) steps: Cell<u64>,
    /// Unions are known by their addresses, so they are kept.
    unions: RefCell<Vec<ValueSet<'d>>>,
}

#[derive(Clone)]
enum Reading<'d> {
    InProgress,
    Done(Result<Rc<[Alternative<'d>]>, Spoiled>),
}

impl<'d> Reader<'d> {
    /// The alternatives of a set.
    pub(crate) fn alternatives(
        &self,
        set: &ValueSet<'d>,
    ) -> Result<Rc<[Alternative<'d>]>, Spoiled> {
        match set {
            ValueSet::AnyOf(alternatives) => Ok(Rc::clone(alternatives)),
            ValueSet::Any => Ok(everything().into()),
            ValueSet::Schema(place) => self.remembered(set, || self.schema(place)),
            ValueSet::Union(sets) => {
                let mut any = Vec::new();
                for set in sets.iter() {
                    any.extend(self.alternatives(set)?.iter().cloned());
                }
                Ok(any.into())
            }
            ValueSet::All(sets) => self.remembered(set, || {
                let mut all = everything();
                for set in sets.iter() {
                    all = intersect(&all, &self.alternatives(set)?)?;
                }
                Ok(all)
            }),
        }
    }

    fn remembered(
        &self,
        set: &ValueSet<'d>,
        read: impl FnOnce() -> Result<Vec<Alternative<'d>>, Spoiled>,
    ) -> Result<Rc<[Alternative<'d>]>, Spoiled> {
        let Some(key) = set.key() else {
            return read().map(Into::into);
        };
        let known = self.read.borrow().get(&key).cloned();
        match known {
            Some(Reading::Done(done)) => return done,
            Some(Reading::InProgress) => {
                return Err(Spoiled {
                    reason: "a schema consists of itself".to_owned(),
                    circular: true,
                });
            }
            None => {}
        }
        self.read
            .borrow_mut()
            .insert(key.clone(), Reading::InProgress);
        let done: Result<Rc<[_]>, _> = read().map(Into::into);
        if done.as_ref().is_err_and(|spoiled| spoiled.circular) {
            // It may be read by another way, which does not pass through the schema in progress.
            self.read.borrow_mut().remove(&key);
        } else {
            let reading = Reading::Done(done.clone());
            self.read.borrow_mut().insert(key, reading);
        }
        done
    }

    fn schema(&self, place: &Place<'d>) -> Result<Vec<Alternative<'d>>, Spoiled> {
        match place.value {
            Value::Bool(true) => return Ok(everything()),
            Value::Bool(false) => return Ok(Vec::new()),
            Value::Object(_) => {}
            _ => return Err(place.spoiled("a schema is an object or a boolean")),
        }
        let mut read = match place.reference()? {
            Some(target) => {
                let mut target = self.alternatives(&ValueSet::Schema(target))?.to_vec();
                if place.document.is_3_0() {
                    target.extend(loosely_nullable(place));
                    return Ok(target);
                }
                intersect(&target, &own(place)?)?
            }
            None => own(place)?,
        };
        for part in listed(place, "allOf")? {
            read = intersect(&read, &self.alternatives(&ValueSet::Schema(part))?)?;
        }
        let parts = listed(place, "anyOf")?;
        if !parts.is_empty() {
            let mut parts = self.each_of(place, &parts)?;
            if place.side.is_sent() {
                self.mix(&mut parts);
            }
            read = intersect(&read, &parts.concat())?;
        }
        let parts = listed(place, "oneOf")?;
        if !parts.is_empty() {
            let mut parts = self.each_of(place, &parts)?;
            if !self.are_disjoint(&parts) {
                let ambiguous = Opaque::one_of(place);
                let alternatives = parts.iter_mut().flatten();
                alternatives.for_each(|part| part.opaque.push(ambiguous.clone()));
            }
            read = intersect(&read, &parts.concat())?;
        }
        self.close(place, &mut read);
        if place.document.is_3_0() {
            read.extend(loosely_nullable(place));
        }
        Ok(read)
    }

    /// The alternatives of each part of an `anyOf` or `oneOf`, each with the value of the discriminator that selects it.
    fn each_of(
        &self,
        place: &Place<'d>,
        parts: &[Place<'d>],
    ) -> Result<Vec<Vec<Alternative<'d>>>, Spoiled> {
        let discriminator = Discriminator::of(place);
        let read = parts.iter().map(|part| {
            let read = self.alternatives(&ValueSet::Schema(part.clone()))?;
            match discriminator.as_ref() {
                Some(discriminator) => intersect(&read, &[discriminator.selecting(part)]),
                None => Ok(read.to_vec()),
            }
        });
        read.collect()
    }

    /// A value of several parts of an `anyOf` of NEW may have the members that any of them names.
    fn mix(&self, parts: &mut [Vec<Alternative<'d>>]) {
        let unmixed = parts.to_vec();
        for (index, part) in parts.iter_mut().enumerate() {
            for alternative in part {
                let others = unmixed.iter().enumerate();
                let others = others.filter(|(other, _)| *other != index);
                let others = others.flat_map(|(_, other)| other);
                let mixed: Vec<&Alternative<'d>> = others
                    .filter(|other| !self.exclude_each_other(alternative, other, 3))
                    .collect();
                self.add_members(alternative, &mixed);
            }
        }
    }

    /// Adds what other alternatives name, unless the alternative allows it already.
    fn add_members(&self, to: &mut Alternative<'d>, others: &[&Alternative<'d>]) {
        let Kind::Object(members) = &mut to.kind else {
            return;
        };
        if !matches!(members.others, Others::Undeclared) {
            return;
        }
        let mut added: BTreeMap<&String, Vec<ValueSet<'d>>> = BTreeMap::new();
        for (name, member) in others
            .iter()
            .filter_map(|other| other.members())
            .flat_map(|other| &other.named)
        {
            if !members.named.contains_key(name) {
                added.entry(name).or_default().push(member.set.clone());
            }
        }
        for (name, sets) in added {
            let set = self.union(sets);
            let member = Member {
                set,
                required: false,
            };
            members.named.insert(name.clone(), member);
            members.mixed.insert(name.clone());
        }
    }

    /// What any of the sets allows.
    pub(crate) fn union(&self, mut sets: Vec<ValueSet<'d>>) -> ValueSet<'d> {
        match sets.len() {
            0 => ValueSet::nothing(),
            1 => sets.remove(0),
            _ => {
                let union = ValueSet::Union(sets.into());
                self.unions.borrow_mut().push(union.clone());
                union
            }
        }
    }

    fn are_disjoint(&self, parts: &[Vec<Alternative<'d>>]) -> bool {
        let pairs = |index: usize| parts[index + 1..].iter().map(move |other| (index, other));
        (0..parts.len()).flat_map(pairs).all(|(index, others)| {
            parts[index].iter().all(|one| {
                others
                    .iter()
                    .all(|other| self.exclude_each_other(one, other, 3))
            })
        })
    }

    /// `unevaluatedProperties` is about the members that no part of the schema names.
    fn close(&self, place: &Place<'d>, read: &mut [Alternative<'d>]) {
        let Some(unevaluated) = place.member("unevaluatedProperties") else {
            return;
        };
        for alternative in read {
            let names_more =
                place.side.is_sent() && alternative.opaque.iter().any(Opaque::names_members);
            let Kind::Object(members) = &mut alternative.kind else {
                continue;
            };
            if !matches!(members.others, Others::Free | Others::Undeclared) {
                continue;
            }
            members.others = match unevaluated.value {
                _ if names_more => Others::Each(ValueSet::Any),
                Value::Bool(false) => Others::Forbidden,
                _ => Others::Each(ValueSet::Schema(unevaluated.clone())),
            };
            let Others::Each(others) = &members.others else {
                continue;
            };
            // Where the part that names a mixed member does not match, no part does.
            for name in &members.mixed {
                if let Some(member) = members.named.get_mut(name) {
                    let sets = vec![member.set.clone(), others.clone()];
                    member.set = self.union(sets);
                }
            }
        }
    }
}

/// `null`, where `nullable` stands without a `type`: to the letter of `OpenAPI` 3.0.3 it says nothing there, but many mean it.
/// It is compared word for word.
fn loosely_nullable<'d>(place: &Place<'d>) -> Option<Alternative<'d>> {
    let says = |keyword, wanted: &Value| place.value.get(keyword) == Some(wanted);
    let is_loose = says("nullable", &Value::Bool(true)) && place.value.get("type").is_none();
    is_loose.then(|| Alternative {
        kind: Kind::Null,
        opaque: vec![Opaque::nullable(place)],
        from: Some(place.clone()),
    })
}
