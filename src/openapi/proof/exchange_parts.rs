//! The parts of an exchange that a legacy body is made of, and the way back from the one to the other.

use std::{fmt, ops::ControlFlow};

use serde_json::{Map, Value};

/// Where a part of a legacy body comes from.
#[derive(Clone)]
pub(crate) struct Input {
    /// The tokens of the place in the legacy body.
    pub(crate) at: Vec<String>,
    pub(crate) origin: Origin,
    /// Why it may not be there, for a sentence.
    pub(crate) lack: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The tokens of a pointer into the target response.
    Field(Vec<String>),
    /// The tokens of a pointer into the request.
    RequestField(Vec<String>),
    /// The first of these request headers.
    Header(Vec<String>),
    /// Another part of the exchange, of which no example is made.
    Other(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(pointer) => write!(f, "the field /{}", pointer.join("/")),
            Self::RequestField(pointer) => write!(f, "the request's field /{}", pointer.join("/")),
            Self::Header(names) => write!(f, "the request header {}", names.join(" or ")),
            Self::Other(part) => f.write_str(part),
        }
    }
}

/// An exchange whose legacy body may be the given one.
#[derive(Clone, Default)]
pub(crate) struct Inverse {
    pub(crate) body: Value,
    pub(crate) request_body: Option<Value>,
    pub(crate) request_headers: Map<String, Value>,
}

impl Inverse {
    /// Puts a value where an input comes from; none removes it.
    pub(crate) fn fill(&mut self, input: &Input, value: Option<&Value>) {
        match &input.origin {
            Origin::Field(pointer) => put(&mut self.body, pointer, value),
            Origin::RequestField(pointer) => {
                put(self.request_body.get_or_insert_default(), pointer, value);
            }
            Origin::Header(names) => {
                if let (Some(name), Some(Value::String(text))) = (names.first(), value)
                    && !text.is_empty()
                {
                    self.request_headers
                        .insert(name.clone(), text.as_str().into());
                }
            }
            Origin::Other(_) => {}
        }
    }
}

impl Input {
    /// Whether an example can be made of a value in its place.
    pub(super) fn has_way_back(&self) -> bool {
        !matches!(self.origin, Origin::Other(_))
    }

    /// What a legacy body has in its place.
    pub(crate) fn of<'v>(&self, legacy: &'v Value) -> Option<&'v Value> {
        at(legacy, &self.at)
    }
}

fn at<'v>(value: &'v Value, tokens: &[String]) -> Option<&'v Value> {
    let found = tokens.iter().try_fold(value, |value, token| {
        let next = match value {
            Value::Object(members) => members.get(token),
            Value::Array(items) => token
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => None,
        };
        next.map_or(ControlFlow::Break(()), ControlFlow::Continue)
    });
    match found {
        ControlFlow::Continue(value) => Some(value),
        ControlFlow::Break(()) => None,
    }
}

/// Sets a field, or removes it.
pub(crate) fn put(value: &mut Value, pointer: &[String], new: Option<&Value>) {
    match (pointer, new) {
        ([], Some(new)) => *value = new.clone(),
        ([], None) => {}
        ([name], None) => {
            if let Value::Object(members) = value {
                members.remove(name);
            }
        }
        ([name, rest @ ..], new) => {
            if value.is_null() && new.is_some() {
                *value = Value::Object(Map::new());
            }
            match value {
                Value::Object(members) if new.is_some() || members.contains_key(name) => {
                    put(
                        members.entry(name.clone()).or_insert(Value::Null),
                        rest,
                        new,
                    );
                }
                Value::Array(items) => {
                    let index = name.parse::<usize>().ok();
                    if let Some(item) = index.and_then(|index| items.get_mut(index)) {
                        put(item, rest, new);
                    }
                }
                _ => {}
            }
        }
    }
}
