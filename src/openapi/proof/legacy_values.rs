//! The legacy responses of an outcome as a set, and the way back from one of them to the exchange that it comes from.

use std::{fmt, ops::ControlFlow};

use http::HeaderName;
use serde_json::{Map, Value};

use super::{
    condition::tokens,
    possible::{HeaderValues, Possible, PossibleBody, PossibleHeader},
};
use crate::{
    contract::{
        LegacyShape,
        definition::{
            shape::BodyShape,
            template::{Node, Placeholder, PlaceholderSource, WhenAbsent},
        },
    },
    middleware::rewrite::{FRESHNESS, STALE, STALE_WITH_BODY},
    openapi::{
        document::{
            operation::{Operation, media_type},
            place::Spoiled,
        },
        values::{
            reader::Reader,
            value_set::{Kind, Member, Texts, ValueSet},
        },
    },
};

/// What an outcome is rewritten to.
pub(crate) struct LegacyValues<'d> {
    pub(crate) possible: Possible<'d>,
    /// The placeholders of the body, by their place in it.
    pub(crate) inputs: Vec<Input>,
    /// The placeholders without which a response is not rewritten, and which can be absent.
    pub(crate) stranding: Vec<Input>,
}

/// Where a part of a legacy body comes from.
#[derive(Clone)]
pub(crate) struct Input {
    /// The tokens of the place in the legacy body.
    pub(crate) at: Vec<String>,
    pub(crate) origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The tokens of a pointer into the target response.
    Field(Vec<String>),
    /// The tokens of a pointer into the request.
    RequestField(Vec<String>),
    /// The first of these request headers.
    Header(Vec<String>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(pointer) => write!(f, "the field /{}", pointer.join("/")),
            Self::RequestField(pointer) => write!(f, "the request's field /{}", pointer.join("/")),
            Self::Header(names) => write!(f, "the request header {}", names.join(" or ")),
        }
    }
}

/// The most visible ASCII characters that a header can fill in.
const HEADER_LENGTH: u64 = 128;

impl<'d> LegacyValues<'d> {
    /// What `shape` makes of the responses that its outcome matches.
    pub(crate) fn of(
        reader: &Reader<'d>,
        new: &Operation<'d>,
        shape: &LegacyShape,
        matched: &Possible<'d>,
    ) -> Result<Self, Spoiled> {
        let mut template = TemplateReader {
            reader,
            new,
            matched,
            at: Vec::new(),
            inputs: Vec::new(),
            stranding: Vec::new(),
        };
        let set_media = shape
            .set
            .iter()
            .chain(&shape.append)
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| media_type(value));
        let (media, body) = match &shape.body {
            BodyShape::AsIs => {
                let media = set_media.or_else(|| matched.media.clone());
                (media, matched.body.clone())
            }
            BodyShape::Empty => (None, PossibleBody::Absent),
            BodyShape::Json(json) => {
                let value = template.node(&json.0)?;
                let media = set_media.unwrap_or_else(|| "application/json".to_owned());
                (Some(media), PossibleBody::Values(value.set))
            }
            #[allow(
                unreachable_patterns,
                reason = "what is added to the language decides nothing until it is added here"
            )]
            _ => (matched.media.clone(), PossibleBody::Undocumented),
        };
        Ok(Self {
            possible: Possible {
                status: shape.status(),
                media,
                body,
                headers: headers(shape, new, matched),
            },
            inputs: template.inputs,
            stranding: template.stranding,
        })
    }
}

/// What a part of a template can become.
struct PartValues<'d> {
    set: ValueSet<'d>,
    can_be_absent: bool,
}

struct TemplateReader<'r, 'd> {
    reader: &'r Reader<'d>,
    new: &'r Operation<'d>,
    matched: &'r Possible<'d>,
    at: Vec<String>,
    inputs: Vec<Input>,
    stranding: Vec<Input>,
}

impl<'d> TemplateReader<'_, 'd> {
    #[allow(
        clippy::match_wildcard_for_single_variants,
        reason = "what is added to the language decides nothing until it is added here"
    )]
    fn node(&mut self, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        let always = |set| PartValues {
            set,
            can_be_absent: false,
        };
        Ok(match node {
            Node::Scalar(value) => {
                let value = serde_json::to_value(value).unwrap_or_default();
                always(ValueSet::fixed([&value]))
            }
            Node::Array(elements) => {
                let mut sets = Vec::new();
                for (index, element) in elements.iter().enumerate() {
                    sets.push(self.within(&index.to_string(), element)?.set);
                }
                always(ValueSet::tuple(sets))
            }
            Node::Object {
                members,
                omit_when_empty,
            } => self.object(members, *omit_when_empty)?,
            Node::Placeholder(placeholder) => self.placeholder(placeholder)?,
            // Refused when the contract is built, or added to the language and not here.
            _ => always(ValueSet::Any),
        })
    }

    fn within(&mut self, token: &str, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        self.at.push(token.to_owned());
        let values = self.node(node);
        self.at.pop();
        values
    }

    fn object(
        &mut self,
        members: &[(String, Node)],
        omit_when_empty: bool,
    ) -> Result<PartValues<'d>, Spoiled> {
        let mut sets = Vec::new();
        for (name, node) in members {
            let values = self.within(name, node)?;
            let member = Member {
                set: values.set,
                required: !values.can_be_absent,
            };
            sets.push((name.clone(), member));
        }
        let can_be_absent = omit_when_empty && sets.iter().all(|(_, member)| !member.required);
        // An object that is omitted when it is empty is never empty; which of its members it has is left open.
        let only = match sets.as_mut_slice() {
            [(_, only)] if can_be_absent => Some(only),
            _ => None,
        };
        if let Some(only) = only {
            only.required = true;
        }
        Ok(PartValues {
            set: ValueSet::object(sets),
            can_be_absent,
        })
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Result<PartValues<'d>, Spoiled> {
        let values = self.source(&placeholder.source)?;
        if !values.can_be_absent {
            return Ok(values);
        }
        Ok(match &placeholder.when_absent {
            WhenAbsent::Omit => values,
            WhenAbsent::Skip => {
                if let Some(input) = self.inputs.last().filter(|input| input.at == self.at) {
                    self.stranding.push(input.clone());
                }
                PartValues {
                    can_be_absent: false,
                    ..values
                }
            }
            WhenAbsent::Default(default) => {
                let default = self.node(default)?;
                let one = self.reader.alternatives(&values.set)?;
                let other = self.reader.alternatives(&default.set)?;
                PartValues {
                    set: ValueSet::any_of([&*one, &*other].concat()),
                    can_be_absent: default.can_be_absent,
                }
            }
        })
    }

    fn source(&mut self, source: &PlaceholderSource) -> Result<PartValues<'d>, Spoiled> {
        let (origin, values) = match source {
            PlaceholderSource::Uuid => {
                return Ok(PartValues {
                    set: text(36, 36, Some("uuid")),
                    can_be_absent: false,
                });
            }
            PlaceholderSource::Header(names) => (
                Origin::Header(names.clone()),
                PartValues {
                    set: text(1, HEADER_LENGTH, None),
                    can_be_absent: true,
                },
            ),
            PlaceholderSource::Field(pointer) => {
                let pointer = tokens(pointer);
                let set = match &self.matched.body {
                    PossibleBody::Values(set) => Some(set.clone()),
                    PossibleBody::Absent => Some(ValueSet::nothing()),
                    PossibleBody::Undocumented => None,
                };
                let values = self.field(set, &pointer)?;
                (Origin::Field(pointer), values)
            }
            PlaceholderSource::RequestField(pointer) => {
                let pointer = tokens(pointer);
                let set = self.new.request_schema().map(ValueSet::Schema);
                let values = self.field(set, &pointer)?;
                (Origin::RequestField(pointer), values)
            }
            #[allow(
                unreachable_patterns,
                reason = "what is added to the language decides nothing until it is added here"
            )]
            _ => return Ok(unknown()),
        };
        let at = self.at.clone();
        self.inputs.push(Input { at, origin });
        Ok(values)
    }

    fn field(
        &self,
        set: Option<ValueSet<'d>>,
        pointer: &[String],
    ) -> Result<PartValues<'d>, Spoiled> {
        let Some(set) = set else {
            return Ok(unknown());
        };
        let field = self.reader.field(&set, pointer)?;
        let can_be_absent = field.can_be_absent || self.reader.is_empty(&set, 4);
        Ok(PartValues {
            set: field.set,
            can_be_absent,
        })
    }
}

/// What is not documented can be anything.
fn unknown<'d>() -> PartValues<'d> {
    PartValues {
        set: ValueSet::Any,
        can_be_absent: true,
    }
}

fn text<'d>(least: u64, most: u64, format: Option<&str>) -> ValueSet<'d> {
    ValueSet::kind(Kind::Text(Texts {
        least,
        most: Some(most),
        formats: format.map(ToOwned::to_owned).into_iter().collect(),
        ..Texts::default()
    }))
}

/// The headers of the legacy response: those of the target response that stay, and those that the shape or the layer sets.
fn headers<'d>(
    shape: &LegacyShape,
    new: &Operation<'d>,
    matched: &Possible<'d>,
) -> Vec<PossibleHeader<'d>> {
    let replaced = shape.body != BodyShape::AsIs;
    let is_listed = |names: &[HeaderName], name: &str| names.iter().any(|listed| listed == name);
    let caches = |name: &str| is_listed(&FRESHNESS, name) || name.ends_with("cache-control");
    let goes = |name: &str| {
        is_listed(&STALE, name)
            || caches(name)
            || replaced && is_listed(&STALE_WITH_BODY, name)
            || shape
                .remove
                .iter()
                .any(|removed| removed.eq_ignore_ascii_case(name))
            || shape
                .set
                .iter()
                .any(|(set, _)| set.eq_ignore_ascii_case(name))
    };
    let kept = matched.headers.iter().filter(|header| !goes(&header.name));
    let line = |name: &str, line: &str, certain| PossibleHeader {
        name: name.to_lowercase(),
        certain,
        values: HeaderValues::Line(line.to_owned()),
    };
    let put = shape.set.iter().chain(&shape.append);
    let put: Vec<_> = put.map(|(name, value)| line(name, value, true)).collect();
    let says_so = put
        .iter()
        .any(|header| matches!(header.name.as_str(), "cache-control" | "expires"));
    let was_kept = matched
        .headers
        .iter()
        .any(|header| header.certain && caches(&header.name));
    let no_store = line("cache-control", "no-store", new.method == "GET" || was_kept);
    let no_store = (!says_so).then_some(no_store);
    kept.cloned().chain(put).chain(no_store).collect()
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
        }
    }
}

impl Input {
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
