//! The part of a set that satisfies a condition on a field, the part that does not, and the values of the field.

use serde_json::Value;

use super::{
    magnitude::same_number,
    reader::Reader,
    value_set::{Alternative, Kind, Member, Members, Numbers, Others, Texts, ValueSet},
};
use crate::{contract::compile::Pattern, openapi::document::place::Spoiled};

/// What a field must be: one of the values, a text of one of the patterns, any, or absent.
#[derive(Default)]
pub(crate) struct FieldTest {
    pub(crate) values: Vec<Value>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) present: bool,
    pub(crate) absent: bool,
}

impl FieldTest {
    /// One of these values.
    pub(crate) fn values(values: Vec<Value>) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    fn allows(&self, value: &Value) -> bool {
        let same = |own: &Value| match (own, value) {
            (Value::Number(own), Value::Number(value)) => same_number(own, value),
            (own, value) => own == value,
        };
        let matches = |text: &str| {
            self.patterns
                .iter()
                .any(|pattern| pattern.matches(text.as_bytes()))
        };
        self.present || self.values.iter().any(same) || value.as_str().is_some_and(matches)
    }
}

/// What a field of a set can be.
pub(crate) struct FieldValues<'d> {
    pub(crate) set: ValueSet<'d>,
    pub(crate) can_be_absent: bool,
}

impl<'d> Reader<'d> {
    /// The values whose field at the tokens of a pointer fulfils a test, or does not; where that is not known, more.
    pub(crate) fn where_field(
        &self,
        set: &ValueSet<'d>,
        pointer: &[String],
        test: &FieldTest,
        fulfils: bool,
    ) -> Result<ValueSet<'d>, Spoiled> {
        let Some((name, rest)) = pointer.split_first() else {
            return self.each_alternative(set, |alternative| {
                let kept = self.kept(&alternative.kind, test, fulfils);
                Ok(kept.map(|kind| alternative.with_kind(kind)))
            });
        };
        let fits_absence = test.absent == fulfils;
        let part = |set: &ValueSet<'d>| self.where_field(set, rest, test, fulfils);
        self.each_alternative(set, |alternative| match &alternative.kind {
            Kind::Object(members) => {
                let field = part(&members.set_of_declared(name))?;
                Ok(self.object_with(alternative, members, (name, field), fits_absence))
            }
            Kind::Array(items) => {
                let Some(index) = array_index(name, items.most) else {
                    return Ok(fits_absence.then(|| alternative.clone()));
                };
                let can_be_absent = fits_absence && index as u64 >= items.least;
                // A single element is not narrowed.
                let is_possible = can_be_absent || !self.is_empty(&part(items.at(index))?, 4);
                Ok(is_possible.then(|| alternative.clone()))
            }
            _ => Ok(fits_absence.then(|| alternative.clone())),
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

    /// The objects whose member is of a set, and, if that fits, those without the member.
    fn object_with(
        &self,
        alternative: &Alternative<'d>,
        members: &Members<'d>,
        (name, set): (&str, ValueSet<'d>),
        fits_absence: bool,
    ) -> Option<Alternative<'d>> {
        let can_be_absent = fits_absence && !members.requires(name);
        let mut members = members.clone();
        if self.is_empty(&set, 4) {
            members.named.remove(name);
            if !can_be_absent {
                return None;
            }
        } else {
            let required = !can_be_absent;
            let member = Member { set, required };
            members.named.insert(name.to_owned(), member);
        }
        Some(alternative.with_kind(Kind::Object(members)))
    }

    /// The values of a kind that fulfil a test, or do not.
    fn kept(&self, kind: &Kind<'d>, test: &FieldTest, fulfils: bool) -> Option<Kind<'d>> {
        if test.present {
            return fulfils.then(|| kind.clone());
        }
        if let Some(mut values) = kind.listed() {
            values.retain(|value| test.allows(value) == fulfils);
            return (!values.is_empty()).then(|| kind.with_listed(values));
        }
        let allowed = || {
            let values = test.values.iter();
            let allows = |value: &&Value| self.checks.allows(kind, value) != Some(false);
            values.filter(allows).cloned().collect::<Vec<_>>()
        };
        Some(match kind {
            // Which texts match a pattern is not computed.
            Kind::Text(_) if fulfils && !test.patterns.is_empty() => kind.clone(),
            Kind::Text(_) | Kind::Number(_) if fulfils => {
                let allowed = allowed();
                return (!allowed.is_empty()).then(|| kind.with_listed(allowed));
            }
            Kind::Number(numbers) => {
                let mut numbers = numbers.clone();
                numbers.except.extend(test.values.iter().cloned());
                Kind::Number(numbers)
            }
            Kind::Text(texts) => {
                let mut texts = texts.clone();
                texts.except.extend(test.values.iter().cloned());
                Kind::Text(texts)
            }
            // No condition is on an array or object itself.
            other => return (!fulfils).then(|| other.clone()),
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

impl Kind<'_> {
    /// Only these values of it.
    fn with_listed(&self, listed: Vec<Value>) -> Self {
        let texts = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        let numbers = |value: Value| match value {
            Value::Number(number) => Some(number),
            _ => None,
        };
        match self {
            Self::Text(own) => {
                let values = Some(listed.into_iter().filter_map(texts).collect());
                Self::Text(Texts {
                    values,
                    ..own.clone()
                })
            }
            Self::Number(own) => {
                let values = Some(listed.into_iter().filter_map(numbers).collect());
                Self::Number(Numbers {
                    values,
                    ..own.clone()
                })
            }
            Self::Boolean(_) => Self::Boolean(listed.iter().filter_map(Value::as_bool).collect()),
            _ => Self::Null,
        }
    }
}

fn array_index(token: &str, most: Option<u64>) -> Option<usize> {
    let index: usize = token.parse().ok()?;
    most.is_none_or(|most| (index as u64) < most)
        .then_some(index)
}
