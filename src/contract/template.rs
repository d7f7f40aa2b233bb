//! The JSON body of a legacy answer: a value with holes.

use serde_json::Value;

/// A JSON value with typed holes, whose objects keep the order of their members.
///
/// In a document, and wherever a [`Value`] is turned into a template, an object whose first member's name starts with
/// `$` is a hole:
///
/// | object | stands for |
/// | --- | --- |
/// | `{"$field": "/interval"}` | a field of the target answer by JSON pointer, with its JSON type |
/// | `{"$request_field": "/client_kind"}` | a field of the request by JSON pointer, with its JSON type |
/// | `{"$header": ["x-correlation-id", "x-request-id"]}` | the first of these request headers that is present, as a string |
/// | `{"$uuid": "v4"}` | a fresh random UUID, as a string |
/// | `{"$object": {…}, "omit_when_empty": true}` | an object, left out when all its members are |
///
/// The first three take `"default": …` (a value, or another hole) or `"optional": true`, by which the member whose value
/// they are is left out. Within `$object` names that start with `$` are plain names.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Template(pub(super) Node);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    Array(Vec<Node>),
    Object {
        members: Vec<(String, Node)>,
        omit_when_empty: bool,
    },
    Placeholder(Box<Placeholder>),
    /// A hole that could not be read, and what would be right. Refused when the contract is built.
    Invalid {
        value: String,
        expected: String,
    },
}

/// A place in a [`Template`] that is filled for each answer.
///
/// A hole whose value is absent, and that has neither a default nor is optional, keeps the answer from being rewritten.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Placeholder {
    pub(crate) source: Source,
    pub(crate) when_absent: WhenAbsent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Field(String),
    RequestField(String),
    Header(Vec<String>),
    Uuid,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WhenAbsent {
    Skip,
    Omit,
    Default(Node),
}

impl Template {
    /// An object with these members in this order.
    pub fn object<N: Into<String>, T: Into<Self>>(
        members: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.into(), value.into().0))
            .collect();
        Self(Node::Object {
            members,
            omit_when_empty: false,
        })
    }

    /// An array of these elements.
    pub fn array<T: Into<Self>>(elements: impl IntoIterator<Item = T>) -> Self {
        Self(Node::Array(
            elements
                .into_iter()
                .map(|element| element.into().0)
                .collect(),
        ))
    }

    /// This object, left out of the object around it when all its members are. No effect on anything but an object.
    pub fn omit_when_empty(mut self) -> Self {
        if let Node::Object {
            omit_when_empty, ..
        } = &mut self.0
        {
            *omit_when_empty = true;
        }
        self
    }
}

impl Placeholder {
    /// A field of the target answer by JSON pointer (RFC 6901), inserted with its JSON type.
    pub fn field(pointer: impl Into<String>) -> Self {
        Self::of(Source::Field(pointer.into()))
    }

    /// A field of the request by JSON pointer (RFC 6901), inserted with its JSON type. Needs a
    /// [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer) inside.
    pub fn request_field(pointer: impl Into<String>) -> Self {
        Self::of(Source::RequestField(pointer.into()))
    }

    /// The first of these request headers that is present with 1 to 128 bytes of visible ASCII (RFC 5234's `VCHAR`).
    pub fn header<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::of(Source::Header(names.into_iter().map(Into::into).collect()))
    }

    /// A fresh random UUID (RFC 9562, version 4).
    pub fn uuid() -> Self {
        Self::of(Source::Uuid)
    }

    /// This hole, filled with a value or another hole where its own value is absent.
    pub fn or(mut self, default: impl Into<Template>) -> Self {
        self.when_absent = WhenAbsent::Default(default.into().0);
        self
    }

    /// This hole, whose member is left out where its value is absent.
    pub fn optional(mut self) -> Self {
        self.when_absent = WhenAbsent::Omit;
        self
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            when_absent: WhenAbsent::Skip,
        }
    }
}

impl From<Placeholder> for Template {
    fn from(placeholder: Placeholder) -> Self {
        Self(Node::Placeholder(Box::new(placeholder)))
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self(Node::Scalar(text.into()))
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Self(Node::Scalar(text.into()))
    }
}

impl From<bool> for Template {
    fn from(value: bool) -> Self {
        Self(Node::Scalar(value.into()))
    }
}

impl From<i64> for Template {
    fn from(number: i64) -> Self {
        Self(Node::Scalar(number.into()))
    }
}
