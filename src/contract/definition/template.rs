//! The JSON body of a legacy response: a value with placeholders.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use crate::{
    diagnostics::Diagnostics,
    json::{ObjectReader, OrderedValue, Scalar, as_object},
};

/// A JSON value with typed placeholders, whose objects keep the order of their members.
///
/// In a document, and wherever a [`Value`] is turned into a template, an object whose first member's name starts with
/// `$` is a placeholder:
///
/// | object | is replaced by |
/// | --- | --- |
/// | `{"$field": "/interval"}` | a field of the target response by JSON pointer, with its JSON type |
/// | `{"$request_field": "/client_kind"}` | a field of the request by JSON pointer, with its JSON type |
/// | `{"$header": ["x-correlation-id", "x-request-id"]}` | the first of these request headers that is present, as a string |
/// | `{"$uuid": "v4"}` | a fresh random UUID, as a string |
/// | `{"$object": {…}, "omit_when_empty": true}` | an object, omitted when all its members are |
///
/// The first three take `"default": …` (a value, or another placeholder) or `"omit_if_absent": true`, which omits the
/// member whose value they are. Within `$object`, names that start with `$` are plain names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct Template(pub(crate) Node);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Scalar(Scalar),
    Array(Vec<Node>),
    Object {
        members: Vec<(String, Node)>,
        omit_when_empty: bool,
    },
    Placeholder(Box<Placeholder>),
    /// A malformed placeholder, and what is expected. Refused when the contract is built.
    Invalid {
        value: String,
        expected: String,
    },
}

/// A part of a [`Template`] that is filled for each response.
///
/// If the value of a placeholder is absent, and it has no default and is not omitted, the response is not rewritten.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Placeholder {
    pub(crate) source: PlaceholderSource,
    pub(crate) when_absent: WhenAbsent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlaceholderSource {
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
    /// An object with these members, in this order.
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

    /// Omits this object from the object around it when all its members are omitted. Only objects are affected.
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
    /// A field of the target response by JSON pointer (RFC 6901), inserted with its JSON type.
    pub fn field(pointer: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::Field(pointer.into()))
    }

    /// A field of the request by JSON pointer (RFC 6901), inserted with its JSON type. Needs a
    /// [`CaptureRequestFieldsLayer`](crate::middleware::CaptureRequestFieldsLayer) inside.
    pub fn request_field(pointer: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::RequestField(pointer.into()))
    }

    /// The first of these request headers that is present with 1 to 128 bytes of visible ASCII (RFC 5234's `VCHAR`).
    pub fn header<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::of(PlaceholderSource::Header(
            names.into_iter().map(Into::into).collect(),
        ))
    }

    /// A fresh random UUID (RFC 9562, version 4).
    pub fn uuid() -> Self {
        Self::of(PlaceholderSource::Uuid)
    }

    /// Fills this placeholder with a value or another placeholder if its own value is absent.
    pub fn default(mut self, default: impl Into<Template>) -> Self {
        self.when_absent = WhenAbsent::Default(default.into().0);
        self
    }

    /// Omits the member whose value this placeholder is, if its value is absent.
    pub fn omit_if_absent(mut self) -> Self {
        self.when_absent = WhenAbsent::Omit;
        self
    }

    fn of(source: PlaceholderSource) -> Self {
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

/// Scalars become templates without placeholders.
macro_rules! from_scalars {
    ($($scalar:ty),+) => {
        $(impl From<$scalar> for Template {
            fn from(value: $scalar) -> Self {
                Value::from(value).into()
            }
        })+
    };
}

from_scalars!(&str, String, bool, i64);

impl From<Value> for Template {
    fn from(value: Value) -> Self {
        Self::from_tree(&value.into())
    }
}

impl Template {
    pub(crate) fn from_tree(tree: &OrderedValue) -> Self {
        Self(read(tree))
    }
}

impl Node {
    /// Whether its form in a document has more than `levels` of arrays and objects. Goes no deeper than that.
    pub(in crate::contract) fn is_deeper_than(&self, levels: usize) -> bool {
        let Some(within) = levels.checked_sub(1) else {
            return !matches!(self, Self::Scalar(_) | Self::Invalid { .. });
        };
        match self {
            Self::Scalar(_) | Self::Invalid { .. } => false,
            Self::Array(items) => items.iter().any(|item| item.is_deeper_than(within)),
            Self::Object { members, .. } if self.is_wrapped() => {
                within == 0
                    || members
                        .iter()
                        .any(|(_, member)| member.is_deeper_than(within - 1))
            }
            Self::Object { members, .. } => members
                .iter()
                .any(|(_, member)| member.is_deeper_than(within)),
            Self::Placeholder(placeholder) => match &placeholder.when_absent {
                WhenAbsent::Default(default) => default.is_deeper_than(within),
                // The list of a header's names.
                WhenAbsent::Skip | WhenAbsent::Omit => within == 0,
            },
        }
    }

    /// Whether it can be absent from a response.
    pub(in crate::contract) fn may_be_absent(&self) -> bool {
        match self {
            Self::Placeholder(placeholder) => match &placeholder.when_absent {
                WhenAbsent::Skip => false,
                WhenAbsent::Omit => true,
                WhenAbsent::Default(default) => default.may_be_absent(),
            },
            Self::Object {
                members,
                omit_when_empty: true,
            } => members.iter().all(|(_, value)| value.may_be_absent()),
            _ => false,
        }
    }

    /// Whether a document has it within `$object`.
    fn is_wrapped(&self) -> bool {
        matches!(self, Self::Object { members, omit_when_empty }
            if *omit_when_empty || members.iter().any(|(name, _)| name.starts_with('$')))
    }
}

fn read(tree: &OrderedValue) -> Node {
    match tree {
        OrderedValue::Scalar(value) => Node::Scalar(value.clone()),
        OrderedValue::Array(items) => Node::Array(items.iter().map(read).collect()),
        OrderedValue::Object(members) if members.iter().any(|(name, _)| name.starts_with('$')) => {
            read_special(tree)
        }
        OrderedValue::Object(members) => read_object(members, false),
    }
}

fn read_object(members: &[(String, OrderedValue)], omit_when_empty: bool) -> Node {
    let members = members
        .iter()
        .map(|(name, value)| (name.clone(), read(value)))
        .collect();
    Node::Object {
        members,
        omit_when_empty,
    }
}

/// An object with a member whose name starts with `$`.
fn read_special(tree: &OrderedValue) -> Node {
    let mut diagnostics = Diagnostics::default();
    let mut reader = ObjectReader::new(tree, &mut diagnostics);
    let node = read_members(&mut reader);
    reader.finish();
    match (node, diagnostics.into_faults().first()) {
        (Some(node), None) => node,
        (_, Some(fault)) => Node::Invalid {
            value: format!("{tree}: {}", fault.value()),
            expected: fault.expected().to_owned(),
        },
        (None, None) => Node::Invalid {
            value: tree.to_string(),
            expected: "one of $field, $request_field, $header, $uuid with at most one of default and omit_if_absent, or \
                       $object with an object"
                .to_owned(),
        },
    }
}

fn read_members(reader: &mut ObjectReader<'_, '_>) -> Option<Node> {
    let object = reader.any("$object");
    let sources = [
        reader.string("$field").map(PlaceholderSource::Field),
        reader
            .string("$request_field")
            .map(PlaceholderSource::RequestField),
        reader
            .any("$header")
            .map(|names| PlaceholderSource::Header(names.string_list().unwrap_or_default())),
        reader
            .string("$uuid")
            .filter(|version| version == "v4")
            .map(|_| PlaceholderSource::Uuid),
    ];
    let mut sources = sources.into_iter().flatten();
    match (object, sources.next(), sources.next()) {
        (Some(OrderedValue::Object(plain)), None, None) => {
            let omit_when_empty = reader.boolean("omit_when_empty").unwrap_or_default();
            Some(read_object(plain, omit_when_empty))
        }
        (None, Some(source), None) => {
            let when_absent = read_when_absent(reader)?;
            Some(Node::Placeholder(Box::new(Placeholder {
                source,
                when_absent,
            })))
        }
        _ => None,
    }
}

fn read_when_absent(reader: &mut ObjectReader<'_, '_>) -> Option<WhenAbsent> {
    match (
        reader.any("default"),
        reader.boolean("omit_if_absent").unwrap_or_default(),
    ) {
        (Some(default), false) => Some(WhenAbsent::Default(read(default))),
        (None, true) => Some(WhenAbsent::Omit),
        (None, false) => Some(WhenAbsent::Skip),
        (Some(_), true) => None,
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object {
                members,
                omit_when_empty,
            } if self.is_wrapped() => {
                let mut object = serializer.serialize_map(None)?;
                object.serialize_entry("$object", &Members(members))?;
                if *omit_when_empty {
                    object.serialize_entry("omit_when_empty", &true)?;
                }
                object.end()
            }
            Self::Object { members, .. } => Members(members).serialize(serializer),
            Self::Placeholder(placeholder) => placeholder.serialize(serializer),
            Self::Invalid { value, .. } => value.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Members<'n>(#[serde(serialize_with = "as_object")] &'n [(String, Node)]);

impl Serialize for Placeholder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        match &self.source {
            PlaceholderSource::Field(pointer) => object.serialize_entry("$field", pointer),
            PlaceholderSource::RequestField(pointer) => {
                object.serialize_entry("$request_field", pointer)
            }
            PlaceholderSource::Header(names) => object.serialize_entry("$header", names),
            PlaceholderSource::Uuid => object.serialize_entry("$uuid", "v4"),
        }?;
        match &self.when_absent {
            WhenAbsent::Skip => {}
            WhenAbsent::Omit => object.serialize_entry("omit_if_absent", &true)?,
            WhenAbsent::Default(node) => object.serialize_entry("default", node)?,
        }
        object.end()
    }
}
