//! Conditions of an outcome: a part of a response or of its request, and what that may be.

use serde::Serializer;
use serde_json::Value;

use super::shape::one_or_all;
use crate::json::{OrderedValue, Scalar};

/// What a part of a response, or of its request, may be: one of some values, any, or none.
///
/// A string, number, boolean or `null` is that value. The other forms have a function each:
///
/// ```
/// use legacy_http_compat::contract::{Matcher, Outcome};
///
/// let outcome = Outcome::new("LISTED", 200)
///     .field("/state", "OPEN")
///     .field("/error", Matcher::one_of([Matcher::absent(), ().into()]))
///     .header("content-type", Matcher::pattern("application/*json"))
///     .query_parameter("page", Matcher::present());
/// assert_eq!(outcome.name(), "LISTED");
/// ```
///
/// A document has `{"absent": true}`, `{"present": true}` and `{"pattern": "…"}` in place of a value.
///
/// A header or parameter that occurs several times matches if one of its values does.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Matcher(pub(crate) Vec<Alternative>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Alternative {
    /// Anything but a scalar is a fault when the contract is built.
    Value(OrderedValue),
    Pattern(String),
    Present,
    Absent,
}

/// What one part of a response, or of its request, must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) on: MatchTarget,
    pub(crate) matcher: Matcher,
}

/// The part of a response, or of its request, that a condition is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MatchTarget {
    /// A field of the response's JSON body, by JSON pointer.
    Field(String),
    /// A response header, by name.
    Header(String),
    /// A field of the request's JSON body, by JSON pointer.
    RequestField(String),
    /// A field of the request's body, which is form-encoded, by name.
    RequestFormField(String),
    /// A request header, by name.
    RequestHeader(String),
    /// A parameter of the request's query, by name.
    QueryParameter(String),
    /// A parameter of the endpoint's path, by name.
    PathParameter(String),
}

impl Matcher {
    /// No value: the field, header or parameter is not there. A field that is `null` is there.
    pub fn absent() -> Self {
        Self(vec![Alternative::Absent])
    }

    /// Any value, `null` included.
    pub fn present() -> Self {
        Self(vec![Alternative::Present])
    }

    /// A text of this form: `*` stands for any text, the empty one included, `?` for any one character, and `\` takes the special
    /// meaning from the character behind it. The whole text must have the form. At most 127 bytes beside the `*`.
    ///
    /// The time to match is linear in the text's length, whatever the pattern.
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self(vec![Alternative::Pattern(pattern.into())])
    }

    /// Whatever one of these matches.
    pub fn one_of<M: Into<Self>>(matchers: impl IntoIterator<Item = M>) -> Self {
        Self(matchers.into_iter().flat_map(|of| of.into().0).collect())
    }

    /// Whether it leaves only scalars or nothing, so that there can be no fields within the part.
    pub(in crate::contract) fn excludes_fields(&self) -> bool {
        !self.0.contains(&Alternative::Present)
    }

    pub(in crate::contract) fn requires_absence(&self) -> bool {
        let mut alternatives = self.0.iter();
        !self.0.is_empty() && alternatives.all(|alternative| *alternative == Alternative::Absent)
    }

    pub(in crate::contract) fn allows_absence(&self) -> bool {
        self.0.contains(&Alternative::Absent)
    }

    fn read(tree: &OrderedValue) -> Self {
        match tree {
            OrderedValue::Array(items) => Self(items.iter().map(Alternative::read).collect()),
            single => Self(vec![Alternative::read(single)]),
        }
    }
}

impl<V: Into<Value>> From<V> for Matcher {
    /// This value. An object such as `{"absent": true}` means what it does in a document.
    fn from(value: V) -> Self {
        Self(vec![Alternative::read(&value.into().into())])
    }
}

impl Alternative {
    const TRUE: OrderedValue = OrderedValue::Scalar(Scalar::Bool(true));

    /// What is none of these forms is a value that is no scalar, a fault when the contract is built.
    fn read(tree: &OrderedValue) -> Self {
        let OrderedValue::Object(members) = tree else {
            return Self::Value(tree.clone());
        };
        match members.as_slice() {
            [(name, value)] if name == "absent" && *value == Self::TRUE => Self::Absent,
            [(name, value)] if name == "present" && *value == Self::TRUE => Self::Present,
            [(name, OrderedValue::Scalar(Scalar::String(pattern)))] if name == "pattern" => {
                Self::Pattern(pattern.clone())
            }
            _ => Self::Value(tree.clone()),
        }
    }

    pub(in crate::contract) fn as_tree(&self) -> OrderedValue {
        let (name, value) = match self {
            Self::Value(value) => return value.clone(),
            Self::Absent => ("absent", Self::TRUE),
            Self::Present => ("present", Self::TRUE),
            Self::Pattern(pattern) => (
                "pattern",
                OrderedValue::Scalar(Scalar::String(pattern.clone())),
            ),
        };
        OrderedValue::Object(vec![(name.to_owned(), value)])
    }
}

impl Condition {
    /// The alternatives as they are written.
    pub(in crate::contract) fn values(&self) -> Vec<OrderedValue> {
        self.matcher.0.iter().map(Alternative::as_tree).collect()
    }

    pub(super) fn read(on: MatchTarget, tree: &OrderedValue) -> Self {
        let matcher = Matcher::read(tree);
        Self { on, matcher }
    }
}

/// Makes the target of a name in one member of an outcome.
type TargetOf = fn(String) -> MatchTarget;

impl MatchTarget {
    /// The members of an outcome that have conditions.
    pub(super) const MEMBERS: [(&'static str, TargetOf); 7] = [
        ("fields", Self::Field),
        ("request_fields", Self::RequestField),
        ("headers", Self::Header),
        ("request_form", Self::RequestFormField),
        ("request_headers", Self::RequestHeader),
        ("query_parameters", Self::QueryParameter),
        ("path_parameters", Self::PathParameter),
    ];

    /// Whether it is a field of the response's body.
    pub(in crate::contract) fn is_field(&self) -> bool {
        matches!(self, Self::Field(_))
    }

    /// Whether it is a field of a JSON body.
    pub(in crate::contract) fn is_json_field(&self) -> bool {
        matches!(self, Self::Field(_) | Self::RequestField(_))
    }

    /// Whether it is all of a JSON body, which is never absent.
    pub(in crate::contract) fn is_whole_body(&self) -> bool {
        matches!(self, Self::Field(pointer) | Self::RequestField(pointer) if pointer.is_empty())
    }

    /// Whether both are the same part; names of headers are, in whatever case.
    pub(in crate::contract) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one), Self::Header(other))
            | (Self::RequestHeader(one), Self::RequestHeader(other)) => {
                one.eq_ignore_ascii_case(other)
            }
            _ => self == other,
        }
    }

    /// Where a document has the condition: in which member of the outcome, and its own name there.
    pub(in crate::contract) fn place(&self) -> (&'static str, &str) {
        match self {
            Self::Field(pointer) => ("fields", pointer),
            Self::Header(name) => ("headers", name),
            Self::RequestField(pointer) => ("request_fields", pointer),
            Self::RequestFormField(name) => ("request_form", name),
            Self::RequestHeader(name) => ("request_headers", name),
            Self::QueryParameter(name) => ("query_parameters", name),
            Self::PathParameter(name) => ("path_parameters", name),
        }
    }
}

/// Writes conditions into the members of the outcome that they are in.
pub(super) fn by_member<S: Serializer>(
    conditions: &[Condition],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let members = MatchTarget::MEMBERS.map(|(member, _)| {
        let written = conditions.iter().filter_map(|condition| {
            let (place, name) = condition.on.place();
            (place == member).then(|| (name.to_owned(), one_or_all(&condition.values())))
        });
        (member, written.collect::<Vec<_>>())
    });
    let present = members
        .into_iter()
        .filter(|(_, written)| !written.is_empty());
    serializer.collect_map(present.map(|(member, written)| (member, OrderedValue::Object(written))))
}
