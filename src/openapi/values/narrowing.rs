//! The part of a set that satisfies a condition on a field, the part that does not, and the values of the field.

use serde_json::{Number, Value};

use super::{
    reader::Reader,
    scalars,
    value_set::{Alternative, Kind, Member, Members, Numbers, Others, Texts, ValueSet},
};
use crate::openapi::document::place::Spoiled;

/// What a field of a set can be.
pub(crate) struct FieldValues<'d> {
    pub(crate) set: ValueSet<'d>,
    pub(crate) can_be_absent: bool,
}

impl<'d> Reader<'d> {
    /// The values whose field at the tokens of a pointer is one of these scalars.
    pub(crate) fn with_field(
        &self,
        set: &ValueSet<'d>,
        pointer: &[String],
        values: &[Value],
    ) -> Result<ValueSet<'d>, Spoiled> {
        let Some((name, rest)) = pointer.split_first() else {
            return self.among(set, values);
        };
        self.each_alternative(set, |alternative| match &alternative.kind {
            Kind::Object(members) => {
                let field = self.with_field(&members.set_of_declared(name), rest, values)?;
                Ok(self.member_if_any(alternative, members, name, field, true))
            }
            Kind::Array(items) => match array_index(name, items.most) {
                Some(index) if index as u64 >= items.least => Ok(Some(alternative.clone())),
                Some(index) => {
                    let field = self.with_field(items.at(index), rest, values)?;
                    Ok((!self.is_empty(&field, 4)).then(|| alternative.clone()))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        })
    }

    /// The values whose field at the tokens of a pointer is absent or none of these scalars.
    pub(crate) fn without_field(
        &self,
        set: &ValueSet<'d>,
        pointer: &[String],
        values: &[Value],
    ) -> Result<ValueSet<'d>, Spoiled> {
        let Some((name, rest)) = pointer.split_first() else {
            return self.except(set, values);
        };
        self.each_alternative(set, |alternative| match &alternative.kind {
            Kind::Object(members) if members.named.contains_key(name) => {
                let field = self.without_field(&members.set_of(name), rest, values)?;
                let required = members.requires(name);
                Ok(self.member_if_any(alternative, members, name, field, required))
            }
            // A single element is not narrowed: this is more than there is.
            _ => Ok(Some(alternative.clone())),
        })
    }

    /// What the field at the tokens of a pointer can be.
    pub(crate) fn field(
        &self,
        set: &ValueSet<'d>,
        pointer: &[String],
    ) -> Result<FieldValues<'d>, Spoiled> {
        let Some((name, rest)) = pointer.split_first() else {
            let set = set.clone();
            let can_be_absent = false;
            return Ok(FieldValues { set, can_be_absent });
        };
        let mut found: Vec<Alternative<'d>> = Vec::new();
        let mut can_be_absent = false;
        let mut only = None;
        for alternative in self.alternatives(set)?.iter() {
            let (next, certain) = match &alternative.kind {
                Kind::Object(members) => (members.set_of_declared(name), members.requires(name)),
                Kind::Array(items) => match array_index(name, items.most) {
                    Some(index) => (items.at(index).clone(), (index as u64) < items.least),
                    None => (ValueSet::nothing(), false),
                },
                _ => (ValueSet::nothing(), false),
            };
            let field = self.field(&next, rest)?;
            can_be_absent |= field.can_be_absent || !certain;
            // A field that all alternatives have from one schema stays that schema.
            only = match only {
                None => Some(Some(field.set.clone())),
                Some(_) => Some(None),
            };
            found.extend(self.alternatives(&field.set)?.iter().cloned());
        }
        let set = match only {
            Some(Some(set)) => set,
            _ => ValueSet::any_of(found),
        };
        Ok(FieldValues { set, can_be_absent })
    }

    fn each_alternative(
        &self,
        set: &ValueSet<'d>,
        narrowed: impl Fn(&Alternative<'d>) -> Result<Option<Alternative<'d>>, Spoiled>,
    ) -> Result<ValueSet<'d>, Spoiled> {
        let mut left = Vec::new();
        for alternative in self.alternatives(set)?.iter() {
            left.extend(narrowed(alternative)?);
        }
        Ok(ValueSet::any_of(left))
    }

    /// The objects whose member is of a set; if that is empty, those without the member, unless it is required.
    fn member_if_any(
        &self,
        alternative: &Alternative<'d>,
        members: &Members<'d>,
        name: &str,
        set: ValueSet<'d>,
        required: bool,
    ) -> Option<Alternative<'d>> {
        let mut members = members.clone();
        if self.is_empty(&set, 4) {
            if required {
                return None;
            }
            members.named.remove(name);
        } else {
            let member = Member { set, required };
            members.named.insert(name.to_owned(), member);
        }
        Some(alternative.with_kind(Kind::Object(members)))
    }

    /// The values of a set that are among these scalars.
    fn among(&self, set: &ValueSet<'d>, values: &[Value]) -> Result<ValueSet<'d>, Spoiled> {
        let alternatives = self.alternatives(set)?;
        let allowed = values.iter().filter(|value| {
            alternatives
                .iter()
                .any(|alternative| self.checks.allows(&alternative.kind, value) != Some(false))
        });
        Ok(ValueSet::fixed(allowed))
    }

    /// The values of a set that are none of these scalars.
    fn except(&self, set: &ValueSet<'d>, values: &[Value]) -> Result<ValueSet<'d>, Spoiled> {
        self.each_alternative(set, |alternative| {
            Ok(alternative_except(&alternative.kind, values)
                .map(|kind| alternative.with_kind(kind)))
        })
    }
}

impl<'d> Members<'d> {
    /// What a member of this name can be; nothing if the schema does not mention it.
    fn set_of_declared(&self, name: &str) -> ValueSet<'d> {
        match (&self.others, self.named.contains_key(name)) {
            (Others::Undeclared, false) => ValueSet::nothing(),
            _ => self.set_of(name),
        }
    }
}

fn alternative_except<'d>(kind: &Kind<'d>, values: &[Value]) -> Option<Kind<'d>> {
    Some(match kind {
        Kind::Null if values.contains(&Value::Null) => return None,
        Kind::Boolean(own) => {
            let left = own.iter().copied();
            let left: Vec<bool> = left
                .filter(|v| !values.contains(&Value::Bool(*v)))
                .collect();
            Kind::Boolean(Some(left).filter(|left| !left.is_empty())?)
        }
        Kind::Number(numbers) => {
            let is_excepted = |number: &Number| {
                values.iter().any(
                    |value| matches!(value, Value::Number(v) if scalars::same_number(v, number)),
                )
            };
            let mut numbers: Numbers = numbers.clone();
            if let Some(own) = &mut numbers.values {
                own.retain(|number| !is_excepted(number));
                if own.is_empty() {
                    return None;
                }
            }
            numbers.except.extend(values.iter().cloned());
            Kind::Number(numbers)
        }
        Kind::Text(texts) => {
            let mut texts: Texts = texts.clone();
            if let Some(own) = &mut texts.values {
                own.retain(|text| !values.contains(&Value::from(text.as_str())));
                if own.is_empty() {
                    return None;
                }
            }
            texts.except.extend(values.iter().cloned());
            Kind::Text(texts)
        }
        other => other.clone(),
    })
}

fn array_index(token: &str, most: Option<u64>) -> Option<usize> {
    let index: usize = token.parse().ok()?;
    most.is_none_or(|most| (index as u64) < most)
        .then_some(index)
}
