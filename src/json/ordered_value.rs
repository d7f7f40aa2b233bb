//! A JSON value whose objects keep the order and the repetitions of their members.
//!
//! `serde_json::Value` sorts members unless a feature of it is switched on, and that feature would change every other
//! user of `serde_json` in the same build. A legacy body has to keep the order it always had.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{
    fields::text_of,
    number::{Number, is_same_number},
};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum OrderedValue {
    Scalar(Scalar),
    Array(Vec<OrderedValue>),
    Object(#[serde(serialize_with = "as_object")] Vec<(String, OrderedValue)>),
}

/// A JSON value that is neither array nor object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
}

impl Scalar {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether both are the same value; numbers are compared exactly, however they are written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                is_same_number(one.as_str(), other.as_str())
            }
            _ => self == other,
        }
    }

    /// Whether the JSON text is this value.
    pub(crate) fn is_written_as(&self, json: &str) -> bool {
        match self {
            Self::Null => json == "null",
            Self::Bool(true) => json == "true",
            Self::Bool(false) => json == "false",
            Self::Number(number) => {
                json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                    && is_same_number(number.as_str(), json)
            }
            Self::String(text) => text_of(json).is_some_and(|other| *other == **text),
        }
    }
}

impl OrderedValue {
    /// The member of this name taken out of an object; the first, where it is repeated.
    pub(crate) fn take_member(&mut self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let index = members.iter().position(|(member, _)| member == name)?;
        Some(members.remove(index).1)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) => scalar.as_str(),
            _ => None,
        }
    }

    /// A list of strings, or a single string in place of a list of one.
    pub(crate) fn string_list(&self) -> Option<Vec<String>> {
        let items = match self {
            Self::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let string = |item: &Self| item.as_str().map(str::to_owned);
        items.iter().map(string).collect()
    }

    /// What a message calls a value of this type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Scalar(Scalar::Null) => "null",
            Self::Scalar(Scalar::Bool(_)) => "a boolean",
            Self::Scalar(Scalar::Number(_)) => "a number",
            Self::Scalar(Scalar::String(_)) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl PartialEq<str> for Scalar {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl fmt::Display for OrderedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl From<Value> for OrderedValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, value.into()))
                    .collect(),
            ),
            Value::Null => Self::Scalar(Scalar::Null),
            Value::Bool(flag) => Self::Scalar(Scalar::Bool(flag)),
            Value::Number(number) => Self::Scalar(Scalar::Number(number.into())),
            Value::String(text) => Self::Scalar(Scalar::String(text)),
        }
    }
}

/// Writes pairs of name and value as an object.
pub(crate) fn as_object<S: Serializer, V: Serialize>(
    members: &[(String, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
}

impl<'de> Deserialize<'de> for OrderedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderedValueVisitor)
    }
}

/// The only member of the object as which `serde_json` gives a fraction where its feature `arbitrary_precision` is on,
/// which any crate of a build can switch on for all.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

struct OrderedValueVisitor;

impl<'de> Visitor<'de> for OrderedValueVisitor {
    type Value = OrderedValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<OrderedValue, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<OrderedValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<OrderedValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<OrderedValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<OrderedValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<OrderedValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OrderedValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(OrderedValue::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OrderedValue, A::Error> {
        let mut members: Vec<(String, OrderedValue)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        match members.as_slice() {
            [(token, OrderedValue::Scalar(Scalar::String(number)))] if token == NUMBER_TOKEN => {
                Number::parse(number).map(|number| OrderedValue::Scalar(Scalar::Number(number)))
            }
            _ => Ok(OrderedValue::Object(members)),
        }
    }
}
