//! The values of a legacy response: JSON with placeholders.

use serde_json::Value;

use super::value_format::ValueFormat;
use crate::json::{OrderedValue, Scalar};

/// A JSON value with typed placeholders, whose objects keep the order of their members.
///
/// In a document, and wherever a [`Value`] is turned into a template, an object whose first member's name starts with
/// `$` is a placeholder:
///
/// | object | is replaced by |
/// | --- | --- |
/// | `{"$field": "/interval"}` | a field of the target response by JSON pointer, with its JSON type |
/// | `{"$response_header": "x-total"}` | the first line of this header of the target response, as a string |
/// | `{"$response_header": "link", "rel": "next"}` | the target of the link with this relation (RFC 8288), as a string |
/// | `{"$status": "target"}` | the status of the target response, as a number |
/// | `{"$request_field": "/client_kind"}` | a field of the request by JSON pointer, with its JSON type |
/// | `{"$header": ["x-correlation-id", "x-request-id"]}` | the first of these request headers that is present, as a string |
/// | `{"$path": "id"}` | this parameter of the endpoint's path, as a string |
/// | `{"$query": "page"}` | the first query parameter of this name, as a string |
/// | `{"$text": ["order ", {"$field": "/id"}]}` | these texts, numbers and booleans one after the other, as a string |
/// | `{"$each": "/errors", "json": {…}}` | an array with one element for each of that array, `{"$item": "/code"}` being a field of it |
/// | `{"$uuid": "v4"}` | a fresh random UUID, as a string |
/// | `{"$object": {…}, "omit_when_empty": true}` | an object, omitted when all its members are |
///
/// All but the last two take `"default": …` (a value, or another placeholder) or `"omit_if_absent": true`, which omits the
/// member whose value they are. Scalars can be converted, with one of
///
/// | member | the value becomes |
/// | --- | --- |
/// | `"map": [["ACTIVE", true], ["LOCKED", false]]` | the second scalar of the pair whose first it is; absent if there is none |
/// | `"as": "text"`, or another [`ValueFormat`] | the same value in another form; absent where it has none |
///
/// Within `$object`, names that start with `$` are plain names.
#[derive(Clone, Debug, PartialEq)]
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
    pub(crate) conversion: Option<Conversion>,
    pub(crate) when_absent: WhenAbsent,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlaceholderSource {
    Field(String),
    /// A field of the array's element that is being replaced.
    Item(String),
    ResponseHeader(String),
    /// The target of a link, by its relation.
    Link(String),
    Status,
    RequestField(String),
    Header(Vec<String>),
    Path(String),
    Query(String),
    Text(Vec<Node>),
    Each {
        array: String,
        json: Node,
    },
    Uuid,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Conversion {
    /// Pairs of from and to. Anything but scalars is a fault when the contract is built.
    Map(Vec<(OrderedValue, OrderedValue)>),
    Format(ValueFormat),
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

    /// The text of a string without placeholders.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Node::Scalar(scalar) => scalar.as_str(),
            _ => None,
        }
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

    /// A field, by JSON pointer (RFC 6901), of the element that is being replaced: within [`each`](Self::each), or where
    /// [`BodyEdit::set`](super::edit::BodyEdit::set) has a `*`.
    pub fn item(pointer: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::Item(pointer.into()))
    }

    /// The first line of this header of the target response, if it is visible ASCII with spaces and tabs only between.
    pub fn response_header(name: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::ResponseHeader(name.into()))
    }

    /// The target of the first link with this relation in the target response's `Link` (RFC 8288, section 3), such as
    /// `next`.
    pub fn link(rel: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::Link(rel.into()))
    }

    /// The status of the target response, a number.
    pub fn status() -> Self {
        Self::of(PlaceholderSource::Status)
    }

    /// A parameter of the endpoint's path, such as `id` of `/orders/{id}`: a string, percent-decoded.
    pub fn path(parameter: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::Path(parameter.into()))
    }

    /// The first query parameter of this name: a string, percent-decoded.
    pub fn query(parameter: impl Into<String>) -> Self {
        Self::of(PlaceholderSource::Query(parameter.into()))
    }

    /// A string made of these texts and placeholders. If one of them is absent, `null`, an array or an object, so is this.
    pub fn text<T: Into<Template>>(parts: impl IntoIterator<Item = T>) -> Self {
        let parts = parts.into_iter().map(|part| part.into().0);
        Self::of(PlaceholderSource::Text(parts.collect()))
    }

    /// An array with one element for each of the target response's array at `array`, a JSON pointer (RFC 6901). Within
    /// `json`, [`item`](Self::item) is a field of that element. Absent if there is no array.
    pub fn each(array: impl Into<String>, json: impl Into<Template>) -> Self {
        Self::of(PlaceholderSource::Each {
            array: array.into(),
            json: json.into().0,
        })
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

    /// Replaces a scalar by another: by the second of the pair whose first it is. A value that is in none is absent.
    ///
    /// ```
    /// use legacy_http_compat::contract::Placeholder;
    ///
    /// let locked = Placeholder::field("/state").map([("LOCKED", true), ("ACTIVE", false)]).default(false);
    /// ```
    pub fn map<F: Into<Value>, T: Into<Value>>(
        mut self,
        pairs: impl IntoIterator<Item = (F, T)>,
    ) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(from, to)| (from.into().into(), to.into().into()));
        self.conversion = Some(Conversion::Map(pairs.collect()));
        self
    }

    /// Writes the value in another form. One that has no such form is absent.
    pub fn convert(mut self, format: ValueFormat) -> Self {
        self.conversion = Some(Conversion::Format(format));
        self
    }

    fn of(source: PlaceholderSource) -> Self {
        Self {
            source,
            conversion: None,
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
            Self::Placeholder(placeholder) => placeholder.is_deeper_than(within),
        }
    }

    /// Whether this or a placeholder in it, at any depth, fulfils the condition.
    pub(crate) fn any_source(&self, condition: &mut dyn FnMut(&PlaceholderSource) -> bool) -> bool {
        match self {
            Self::Scalar(_) | Self::Invalid { .. } => false,
            Self::Array(items) => items.iter().any(|item| item.any_source(condition)),
            Self::Object { members, .. } => members
                .iter()
                .any(|(_, member)| member.any_source(condition)),
            Self::Placeholder(placeholder) => {
                condition(&placeholder.source)
                    || placeholder.nested().any(|node| node.any_source(condition))
            }
        }
    }

    /// Whether it can be absent from a response.
    pub(crate) fn may_be_absent(&self) -> bool {
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
    pub(super) fn is_wrapped(&self) -> bool {
        matches!(self, Self::Object { members, omit_when_empty }
            if *omit_when_empty || members.iter().any(|(name, _)| name.starts_with('$')))
    }
}

impl PlaceholderSource {
    /// Whether it is a part of the request.
    pub(in crate::contract) fn is_of_request(&self) -> bool {
        matches!(
            self,
            Self::RequestField(_) | Self::Header(_) | Self::Path(_) | Self::Query(_)
        )
    }
}

impl Placeholder {
    /// The templates in it.
    fn nested(&self) -> impl Iterator<Item = &Node> {
        let of_source = match &self.source {
            PlaceholderSource::Text(parts) => parts.as_slice(),
            PlaceholderSource::Each { json, .. } => std::slice::from_ref(json),
            _ => &[],
        };
        let default = match &self.when_absent {
            WhenAbsent::Default(default) => Some(default),
            WhenAbsent::Skip | WhenAbsent::Omit => None,
        };
        of_source.iter().chain(default)
    }

    /// Whether its members in a document have more than `levels` of arrays and objects.
    fn is_deeper_than(&self, levels: usize) -> bool {
        let lists = match (&self.source, &self.conversion) {
            (_, Some(Conversion::Map(_))) => 2,
            (PlaceholderSource::Header(_) | PlaceholderSource::Text(_), _) => 1,
            _ => 0,
        };
        // The parts of a text are in an array.
        let in_text = usize::from(matches!(self.source, PlaceholderSource::Text(_)));
        let Some(within) = levels.checked_sub(in_text) else {
            return true;
        };
        lists > levels || self.nested().any(|node| node.is_deeper_than(within))
    }
}
