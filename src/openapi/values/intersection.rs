//! What two alternatives both allow.

use serde_json::Number;

use super::{
    magnitude::{Magnitude, same_number},
    scalars,
    value_set::{
        Alternative, Bound, Items, Kind, Member, Members, Numbers, Others, Texts, ValueSet,
    },
};
use crate::openapi::document::place::Spoiled;

/// More alternatives than this are not compared.
const MAX_ALTERNATIVES: usize = 512;

/// All values.
pub(super) fn everything<'d>() -> Vec<Alternative<'d>> {
    let kinds = Kind::NAMES.into_iter().filter_map(Kind::named);
    kinds.map(Alternative::of).collect()
}

/// What both lists of alternatives allow.
pub(super) fn intersect<'d>(
    one: &[Alternative<'d>],
    other: &[Alternative<'d>],
) -> Result<Vec<Alternative<'d>>, Spoiled> {
    let mut both = Vec::new();
    for one in one {
        both.extend(other.iter().filter_map(|other| one.and(other)));
        if both.len() > MAX_ALTERNATIVES {
            return Err(Spoiled {
                reason: format!("more than {MAX_ALTERNATIVES} alternatives"),
                circular: false,
            });
        }
    }
    Ok(both)
}

impl Alternative<'_> {
    /// What both allow; `None` if that is certainly nothing.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let kind = match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => Kind::Null,
            (Kind::Boolean(one), Kind::Boolean(other)) => {
                let both = one.iter().copied().filter(|value| other.contains(value));
                Kind::Boolean(Some(both.collect::<Vec<_>>()).filter(|both| !both.is_empty())?)
            }
            (Kind::Number(one), Kind::Number(other)) => Kind::Number(one.and(other)?),
            (Kind::Text(one), Kind::Text(other)) => Kind::Text(one.and(other)?),
            (Kind::Array(one), Kind::Array(other)) => Kind::Array(one.and(other)),
            (Kind::Object(one), Kind::Object(other)) => Kind::Object(one.and(other)),
            _ => return None,
        };
        let opaque = self.opaque.iter().chain(&other.opaque).cloned().collect();
        let from = if self.says_more() || !other.says_more() {
            self.from.clone().or_else(|| other.from.clone())
        } else {
            other.from.clone()
        };
        Some(Self { kind, opaque, from })
    }

    /// Whether it lists values or members, so that a reader looks for the reason there.
    fn says_more(&self) -> bool {
        match &self.kind {
            Kind::Object(members) => !members.named.is_empty(),
            kind => kind.listed().is_some(),
        }
    }
}

impl Numbers {
    fn and(&self, other: &Self) -> Option<Self> {
        let values = both(self.values.as_deref(), other.values.as_deref(), same_number);
        let joined = Self {
            values,
            except: joined(&self.except, &other.except),
            integer: self.integer || other.integer,
            least: tighter(self.least, other.least, |one, other| one > other),
            most: tighter(self.most, other.most, |one, other| one < other),
            multiple_of: joined(&self.multiple_of, &other.multiple_of),
        };
        joined.without_refused()
    }

    /// Only the listed values that the other constraints allow; `None` if there are none.
    fn without_refused(mut self) -> Option<Self> {
        if let Some(values) = self.values.take() {
            let allows = |value: &Number| scalars::number_fits(&self, value);
            let values: Vec<_> = values.into_iter().filter(allows).collect();
            self.values = Some(values).filter(|values| !values.is_empty());
            self.values.as_ref()?;
        }
        Some(self)
    }
}

impl Texts {
    fn and(&self, other: &Self) -> Option<Self> {
        let values = both(
            self.values.as_deref(),
            other.values.as_deref(),
            PartialEq::eq,
        );
        let mut joined = Self {
            values,
            except: joined(&self.except, &other.except),
            least: self.least.max(other.least),
            most: least_of(self.most, other.most),
            patterns: joined(&self.patterns, &other.patterns),
            formats: joined(&self.formats, &other.formats),
        };
        if let Some(values) = joined.values.take() {
            let allows = |value: &String| scalars::plainly_fits(&joined, value);
            let values: Vec<_> = values.into_iter().filter(allows).collect();
            if values.is_empty() {
                return None;
            }
            joined.values = Some(values);
        }
        Some(joined)
    }
}

impl Items<'_> {
    fn and(&self, other: &Self) -> Self {
        let first = self.first.len().max(other.first.len());
        Self {
            first: (0..first)
                .map(|index| self.at(index).and(other.at(index)))
                .collect(),
            rest: Box::new(self.rest.and(&other.rest)),
            least: self.least.max(other.least),
            most: least_of(self.most, other.most),
            unique: self.unique || other.unique,
        }
    }
}

impl Members<'_> {
    fn and(&self, other: &Self) -> Self {
        let all = self.named.keys().chain(other.named.keys());
        let member = |name: &String| {
            let mixed = (self.mixed.contains(name), other.mixed.contains(name));
            let set = match mixed {
                (true, true) => ValueSet::Any,
                (true, false) if other.declares(name) => other.set_of(name),
                (false, true) if self.declares(name) => self.set_of(name),
                _ => self.set_of(name).and(&other.set_of(name)),
            };
            let required = self.requires(name) || other.requires(name);
            (name.clone(), Member { set, required })
        };
        let others = match (&self.others, &other.others) {
            (Others::Forbidden, _) | (_, Others::Forbidden) => Others::Forbidden,
            (Others::Each(one), Others::Each(other)) => Others::Each(one.and(other)),
            (Others::Each(set), _) | (_, Others::Each(set)) => Others::Each(set.clone()),
            (Others::Undeclared, _) | (_, Others::Undeclared) => Others::Undeclared,
            (Others::Free, Others::Free) => Others::Free,
        };
        let named = all.map(member).collect();
        let mixed = self.mixed.union(&other.mixed);
        let mixed = mixed.filter(|name| !self.declares(name) && !other.declares(name));
        let mixed = mixed.cloned().collect();
        Self {
            named,
            others,
            mixed,
        }
    }
}

fn both<T: Clone>(
    one: Option<&[T]>,
    other: Option<&[T]>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<Vec<T>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let kept = one
                .iter()
                .filter(|value| other.iter().any(|o| same(value, o)));
            Some(kept.cloned().collect())
        }
        (Some(values), None) | (None, Some(values)) => Some(values.to_vec()),
        (None, None) => None,
    }
}

fn joined<T: Clone + PartialEq>(one: &[T], other: &[T]) -> Vec<T> {
    let mut all = one.to_vec();
    let new = other.iter().filter(|value| !one.contains(value)).cloned();
    all.extend(new);
    all
}

fn least_of(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    [one, other].into_iter().flatten().min()
}

pub(super) fn tighter(
    one: Option<Bound>,
    other: Option<Bound>,
    beyond: impl Fn(Magnitude, Magnitude) -> bool,
) -> Option<Bound> {
    match (one, other) {
        (Some(a), Some(b)) if beyond(a.value, b.value) => Some(a),
        (Some(a), Some(b)) if beyond(b.value, a.value) => Some(b),
        (Some(a), Some(b)) => Some(Bound {
            value: a.value,
            exclusive: a.exclusive || b.exclusive,
        }),
        (bound, None) | (None, bound) => bound,
    }
}
