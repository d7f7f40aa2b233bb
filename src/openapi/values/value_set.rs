//! A set of JSON values.

use std::rc::Rc;

use serde_json::Value;

use super::alternative::{Alternative, Items, Kind, Member, Members, Numbers, Others, Texts};
use crate::openapi::document::place::{Place, Side};

/// A set of JSON values, read only as far as a question needs.
///
/// A schema of NEW is read as documentation of what can be sent: an object without `additionalProperties` has no members
/// but those named. The same schema in OLD is read as what a client must expect: it allows others.
#[derive(Clone)]
pub(crate) enum ValueSet<'d> {
    Any,
    Schema(Place<'d>),
    /// What all of these allow.
    All(Rc<[ValueSet<'d>]>),
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
            }),
        })
    }
}
