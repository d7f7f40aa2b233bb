//! A set of JSON values, and the alternatives that make it up.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use serde_json::{Number, Value};

use super::magnitude::Magnitude;
use crate::openapi::document::place::{Place, Side};

/// A set of JSON values, read only as far as a question needs.
///
/// A schema of NEW is read as documentation of what can be sent: an object that names members has no others, unless
/// `additionalProperties` says so. The same schema in OLD is read as what a client must expect: it allows others.
#[derive(Clone)]
pub(crate) enum ValueSet<'d> {
    Any,
    Schema(Place<'d>),
    /// What all of these allow.
    All(Rc<[ValueSet<'d>]>),
    /// What any of these allow, which are not read yet.
    Union(Rc<[ValueSet<'d>]>),
    /// What any of these allow; nothing if there are none.
    AnyOf(Rc<[Alternative<'d>]>),
}

/// Tells apart sets that come from schemas; those of a template or a condition are small and have none.
pub(crate) type SetKey = Vec<(Side, usize)>;

impl<'d> ValueSet<'d> {
    pub(crate) fn nothing() -> Self {
        Self::AnyOf(Rc::new([]))
    }

    pub(crate) fn any_of(alternatives: Vec<Alternative<'d>>) -> Self {
        Self::AnyOf(alternatives.into())
    }

    /// Exactly these values.
    pub(crate) fn fixed<'v>(values: impl IntoIterator<Item = &'v Value>) -> Self {
        Self::any_of(values.into_iter().map(Alternative::fixed).collect())
    }

    pub(crate) fn kind(kind: Kind<'d>) -> Self {
        Self::any_of(vec![Alternative::of(kind)])
    }

    /// All objects with these members and no others.
    pub(crate) fn object(members: Vec<(String, Member<'d>)>) -> Self {
        Self::kind(Kind::Object(Members {
            named: members.into_iter().collect(),
            others: Others::Forbidden,
            ..Members::default()
        }))
    }

    /// All arrays of these elements.
    pub(crate) fn tuple(elements: Vec<ValueSet<'d>>) -> Self {
        let length = elements.len() as u64;
        Self::kind(Kind::Array(Items {
            first: elements,
            rest: Box::new(Self::Any),
            least: length,
            most: Some(length),
            unique: false,
        }))
    }

    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, set) | (set, Self::Any) => set.clone(),
            (one, other) => Self::All(Rc::new([one.clone(), other.clone()])),
        }
    }

    pub(crate) fn key(&self) -> Option<SetKey> {
        match self {
            Self::Any => Some(Vec::new()),
            Self::Schema(place) => Some(vec![place.key()]),
            Self::All(sets) => {
                let keys: Option<Vec<SetKey>> = sets.iter().map(Self::key).collect();
                let mut key = keys?.concat();
                key.sort_unstable_by_key(|(_, address)| *address);
                key.dedup();
                Some(key)
            }
            Self::Union(sets) => Some(vec![(Side::New, sets.as_ptr() as usize)]),
            Self::AnyOf(_) => None,
        }
    }
}

impl Alternative<'_> {
    fn fixed(value: &Value) -> Self {
        Self::of(match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Boolean(vec![*value]),
            Value::Number(number) => Kind::Number(Numbers {
                values: Some(vec![number.clone()]),
                ..Numbers::default()
            }),
            Value::String(text) => Kind::Text(Texts {
                values: Some(vec![text.clone()]),
                ..Texts::default()
            }),
            Value::Array(items) => {
                let first: Vec<_> = items.iter().map(|item| ValueSet::fixed([item])).collect();
                let length = first.len() as u64;
                Kind::Array(Items {
                    first,
                    rest: Box::new(ValueSet::Any),
                    least: length,
                    most: Some(length),
                    unique: false,
                })
            }
            Value::Object(members) => Kind::Object(Members {
                named: members
                    .iter()
                    .map(|(name, value)| {
                        let set = ValueSet::fixed([value]);
                        (
                            name.clone(),
                            Member {
                                set,
                                required: true,
                            },
                        )
                    })
                    .collect(),
                others: Others::Forbidden,
                ..Members::default()
            }),
        })
    }
}

/// Values of one JSON type under a list of constraints.
#[derive(Clone)]
pub(crate) struct Alternative<'d> {
    pub(crate) kind: Kind<'d>,
    /// Constraints that are only compared word for word.
    pub(crate) opaque: Vec<Opaque<'d>>,
    /// The schema that it comes from.
    pub(crate) from: Option<Place<'d>>,
}

#[derive(Clone)]
pub(crate) enum Kind<'d> {
    Null,
    Boolean(Vec<bool>),
    Number(Numbers),
    Text(Texts),
    Array(Items<'d>),
    Object(Members<'d>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// The only ones, if they are listed.
    pub(crate) values: Option<Vec<Number>>,
    pub(crate) except: Vec<Value>,
    pub(crate) integer: bool,
    pub(crate) least: Option<Bound>,
    pub(crate) most: Option<Bound>,
    pub(crate) multiple_of: Vec<Magnitude>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Magnitude,
    pub(crate) exclusive: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// The only ones, if they are listed.
    pub(crate) values: Option<Vec<String>>,
    pub(crate) except: Vec<Value>,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    pub(crate) patterns: Vec<String>,
    pub(crate) formats: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Items<'d> {
    pub(crate) first: Vec<ValueSet<'d>>,
    pub(crate) rest: Box<ValueSet<'d>>,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    pub(crate) unique: bool,
}

#[derive(Clone)]
pub(crate) struct Members<'d> {
    pub(crate) named: BTreeMap<String, Member<'d>>,
    pub(crate) others: Others<'d>,
    /// The named ones that only another part of an `anyOf` names.
    pub(crate) mixed: BTreeSet<String>,
}

#[derive(Clone)]
pub(crate) struct Member<'d> {
    pub(crate) set: ValueSet<'d>,
    pub(crate) required: bool,
}

/// The members that are not named.
#[derive(Clone)]
pub(crate) enum Others<'d> {
    /// The schema names no members: an object of any.
    Free,
    /// The schema names some members, and does not mention these.
    Undeclared,
    Forbidden,
    Each(ValueSet<'d>),
}

/// Keywords of a schema that have a meaning together, and are only compared word for word.
#[derive(Clone)]
pub(crate) struct Opaque<'d> {
    pub(super) keywords: &'static [&'static str],
    /// The schema.
    pub(super) place: Place<'d>,
}

impl<'d> Alternative<'d> {
    pub(crate) fn of(kind: Kind<'d>) -> Self {
        Self {
            kind,
            opaque: Vec::new(),
            from: None,
        }
    }

    pub(crate) fn with_kind(&self, kind: Kind<'d>) -> Self {
        Self {
            kind,
            ..self.clone()
        }
    }

    /// The objects of this alternative whose member is of this set, or which do not have it.
    pub(crate) fn with_member(&self, name: &str, set: Option<ValueSet<'d>>) -> Self {
        let mut members = self.members().cloned().unwrap_or_default();
        match set {
            Some(set) => {
                let required = true;
                members
                    .named
                    .insert(name.to_owned(), Member { set, required });
            }
            None => {
                members.named.remove(name);
            }
        }
        self.with_kind(Kind::Object(members))
    }

    pub(crate) fn members(&self) -> Option<&Members<'d>> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }
}

impl Kind<'_> {
    pub(crate) const NAMES: [&'static str; 6] =
        ["null", "boolean", "number", "string", "array", "object"];

    /// All values of a JSON type by its name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean(vec![false, true]),
            "number" => Self::Number(Numbers::default()),
            "integer" => Self::Number(Numbers {
                integer: true,
                ..Numbers::default()
            }),
            "string" => Self::Text(Texts::default()),
            "array" => Self::Array(Items::default()),
            "object" => Self::Object(Members::default()),
            _ => return None,
        })
    }

    /// The name of the JSON type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(numbers) if numbers.integer => "integer",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Whether both are of the same JSON type.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// All values, if it is a scalar whose values are listed.
    pub(crate) fn listed(&self) -> Option<Vec<Value>> {
        match self {
            Self::Null => Some(vec![Value::Null]),
            Self::Boolean(values) => Some(values.iter().copied().map(Value::from).collect()),
            Self::Number(numbers) => {
                let values = numbers.values.as_ref()?;
                Some(values.iter().cloned().map(Value::from).collect())
            }
            Self::Text(texts) => {
                let values = texts.values.as_ref()?;
                Some(values.iter().cloned().map(Value::from).collect())
            }
            Self::Array(_) | Self::Object(_) => None,
        }
    }
}

impl Default for Items<'_> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            rest: Box::new(ValueSet::Any),
            least: 0,
            most: None,
            unique: false,
        }
    }
}

impl<'d> Items<'d> {
    /// The sets of all elements that there can be.
    pub(crate) fn elements(&self) -> Vec<ValueSet<'d>> {
        let most = self.most.unwrap_or(u64::MAX);
        let count = usize::try_from(most)
            .unwrap_or(usize::MAX)
            .min(self.first.len());
        let rest = (most > count as u64).then(|| (*self.rest).clone());
        self.first[..count].iter().cloned().chain(rest).collect()
    }

    /// The set of the element at an index.
    pub(crate) fn at(&self, index: usize) -> &ValueSet<'d> {
        self.first.get(index).unwrap_or(&self.rest)
    }
}

impl Default for Members<'_> {
    fn default() -> Self {
        Self {
            named: BTreeMap::new(),
            others: Others::Free,
            mixed: BTreeSet::new(),
        }
    }
}

impl<'d> Members<'d> {
    /// What a member of this name can be, were it present.
    pub(crate) fn set_of(&self, name: &str) -> ValueSet<'d> {
        let named = self.named.get(name);
        named.map_or_else(|| self.set_of_others(), |member| member.set.clone())
    }

    /// What a member that is not named can be.
    pub(crate) fn set_of_others(&self) -> ValueSet<'d> {
        match &self.others {
            Others::Free | Others::Undeclared => ValueSet::Any,
            Others::Forbidden => ValueSet::nothing(),
            Others::Each(set) => set.clone(),
        }
    }

    /// Whether it says itself what a member of this name can be.
    pub(super) fn declares(&self, name: &str) -> bool {
        match self.named.get(name) {
            Some(member) => !self.mixed.contains(name) && !matches!(member.set, ValueSet::Any),
            None => matches!(self.others, Others::Forbidden | Others::Each(_)),
        }
    }

    pub(crate) fn requires(&self, name: &str) -> bool {
        self.named.get(name).is_some_and(|member| member.required)
    }
}
