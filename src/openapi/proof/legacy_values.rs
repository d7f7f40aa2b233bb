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
            body_shape::BodyShape,
            template::{Conversion, Node, Placeholder, PlaceholderSource, Template, WhenAbsent},
            value_format::ValueFormat,
        },
    },
    json::OrderedValue,
    middleware::rewrite::{FRESHNESS, STALE, STALE_WITH_BODY},
    openapi::{
        document::{
            operation::{Operation, media_type},
            place::Spoiled,
        },
        values::{
            reader::Reader,
            value_set::{
                Alternative, Bound, Items, Kind, Magnitude, Member, Numbers, Texts, ValueSet,
            },
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

/// The most bytes of the request's head that a placeholder can fill in.
const CAPTURED_LENGTH: u64 = 128;

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
            .and_then(|(_, value)| value.as_text())
            .map(media_type);
        for (member, lines) in [
            ("set_headers", &shape.set),
            ("append_headers", &shape.append),
        ] {
            for (name, value) in lines {
                template.strand(&[member, name], value)?;
            }
        }
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
            // What these make is not compared with a schema.
            BodyShape::Edit(edit) => {
                for (pointer, value) in &edit.set {
                    template.strand(&["set", pointer], value)?;
                }
                (matched.media.clone(), PossibleBody::Undocumented)
            }
            BodyShape::Text(text) => {
                template.strand(&["text"], text)?;
                let media = set_media.unwrap_or_else(|| "text/plain".to_owned());
                (Some(media), PossibleBody::Undocumented)
            }
            BodyShape::Form(form) => {
                template.strand(&["form"], form)?;
                let media = "application/x-www-form-urlencoded".to_owned();
                (Some(media), PossibleBody::Undocumented)
            }
            BodyShape::Fn(_) => {
                let media = set_media.unwrap_or_else(|| "application/json".to_owned());
                (Some(media), PossibleBody::Undocumented)
            }
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
    fn node(&mut self, node: &Node) -> Result<PartValues<'d>, Spoiled> {
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
            // Refused when the contract is built.
            Node::Invalid { .. } => always(ValueSet::Any),
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

    /// Notes what strands a response in a part that is not compared with a schema.
    fn strand(&mut self, at: &[&str], template: &Template) -> Result<(), Spoiled> {
        let inputs = self.inputs.len();
        self.at = at.iter().map(|token| (*token).to_owned()).collect();
        let values = self.node(&template.0);
        self.at.clear();
        self.inputs.truncate(inputs);
        values.map(drop)
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Result<PartValues<'d>, Spoiled> {
        let (origin, values) = self.source(&placeholder.source)?;
        let input = origin.map(|origin| Input {
            at: self.at.clone(),
            origin,
        });
        let values = match &placeholder.conversion {
            None => {
                // Of a value as it is the way back is known.
                let own = input.clone().filter(Input::has_way_back);
                self.inputs.extend(own);
                values
            }
            Some(conversion) => self.converted(&values, conversion)?,
        };
        if !values.can_be_absent {
            return Ok(values);
        }
        Ok(match &placeholder.when_absent {
            WhenAbsent::Omit => values,
            WhenAbsent::Skip => {
                self.stranding.extend(input);
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

    /// Where the values come from, if they can be absent, and the values.
    fn source(
        &mut self,
        source: &PlaceholderSource,
    ) -> Result<(Option<Origin>, PartValues<'d>), Spoiled> {
        let other = |what: String, set| {
            let values = PartValues {
                set,
                can_be_absent: true,
            };
            (Some(Origin::Other(what)), values)
        };
        Ok(match source {
            PlaceholderSource::Uuid => (None, always(text(36, 36, Some("uuid")))),
            PlaceholderSource::Status => {
                let status = Value::from(self.matched.status);
                (None, always(ValueSet::fixed([&status])))
            }
            PlaceholderSource::Header(names) => {
                let values = PartValues {
                    set: text(1, CAPTURED_LENGTH, None),
                    can_be_absent: true,
                };
                (Some(Origin::Header(names.clone())), values)
            }
            PlaceholderSource::Path(name) => {
                let what = format!("the path parameter {name}, if it is longer than 128 bytes,");
                other(what, text(1, CAPTURED_LENGTH, None))
            }
            PlaceholderSource::Query(name) => {
                let what = format!("the query parameter {name}");
                other(what, text(1, CAPTURED_LENGTH, None))
            }
            PlaceholderSource::ResponseHeader(name) => {
                other(format!("the response header {name}"), any_text())
            }
            PlaceholderSource::Link(rel) => other(format!("the link {rel}"), any_text()),
            PlaceholderSource::Item(pointer) => {
                other(format!("the field {pointer} of an element"), ValueSet::Any)
            }
            PlaceholderSource::Text(_) => other("a part of the text".to_owned(), any_text()),
            PlaceholderSource::Field(pointer) => {
                let pointer = tokens(pointer);
                let values = self.field(self.target(), &pointer)?;
                (Some(Origin::Field(pointer)), values)
            }
            PlaceholderSource::Each { array, .. } => {
                let pointer = tokens(array);
                let field = self.field(self.target(), &pointer)?;
                let kinds = self.reader.alternatives(&field.set)?;
                let is_array = |of: &Alternative<'_>| matches!(of.kind, Kind::Array(_));
                let values = PartValues {
                    set: ValueSet::kind(Kind::Array(Items::default())),
                    can_be_absent: field.can_be_absent || !kinds.iter().all(is_array),
                };
                let what = format!("an array at /{}", pointer.join("/"));
                (Some(Origin::Other(what)), values)
            }
            PlaceholderSource::RequestField(pointer) => {
                let pointer = tokens(pointer);
                let set = self.new.request_schema().map(ValueSet::Schema);
                let values = self.field(set, &pointer)?;
                (Some(Origin::RequestField(pointer)), values)
            }
        })
    }

    /// The values of the target body, as far as they are documented.
    fn target(&self) -> Option<ValueSet<'d>> {
        match &self.matched.body {
            PossibleBody::Values(set) => Some(set.clone()),
            PossibleBody::Absent => Some(ValueSet::nothing()),
            PossibleBody::Undocumented => None,
        }
    }

    /// What values become; those that have no such form are absent.
    fn converted(
        &self,
        values: &PartValues<'d>,
        conversion: &Conversion,
    ) -> Result<PartValues<'d>, Spoiled> {
        let kinds = self.reader.alternatives(&values.set)?;
        let all = |is: fn(&Kind<'_>) -> bool| kinds.iter().all(|of| is(&of.kind));
        let (set, is_total) = match conversion {
            Conversion::Map(pairs) => return Ok(mapped(&kinds, pairs, values.can_be_absent)),
            Conversion::Format(ValueFormat::Text) => {
                let is_scalar: fn(&Kind<'_>) -> bool =
                    |kind| matches!(kind, Kind::Text(_) | Kind::Number(_) | Kind::Boolean(_));
                (any_text(), all(is_scalar))
            }
            Conversion::Format(ValueFormat::Number) => {
                let number = ValueSet::kind(Kind::Number(Numbers::default()));
                (number, all(|kind| matches!(kind, Kind::Number(_))))
            }
            Conversion::Format(ValueFormat::UnixSeconds) => {
                let seconds = Numbers {
                    integer: true,
                    least: Magnitude::of(&0.into()).map(|value| Bound {
                        value,
                        exclusive: false,
                    }),
                    ..Numbers::default()
                };
                (ValueSet::kind(Kind::Number(seconds)), false)
            }
            Conversion::Format(ValueFormat::Rfc3339) => (text(20, 20, Some("date-time")), false),
            Conversion::Format(ValueFormat::HttpDate) => (text(29, 29, None), false),
        };
        Ok(PartValues {
            set,
            can_be_absent: values.can_be_absent || !is_total,
        })
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

fn always(set: ValueSet<'_>) -> PartValues<'_> {
    PartValues {
        set,
        can_be_absent: false,
    }
}

/// What the pairs make of values: of listed ones those in place of them, of any others all.
fn mapped<'d>(
    kinds: &[Alternative<'d>],
    pairs: &[(OrderedValue, OrderedValue)],
    can_be_absent: bool,
) -> PartValues<'d> {
    let listed = kinds.iter().map(|of| of.kind.listed());
    let listed: Option<Vec<Value>> = listed
        .collect::<Option<Vec<_>>>()
        .map(|values| values.concat());
    let is_from = |from: &OrderedValue, value: &Value| match from {
        OrderedValue::Scalar(from) => from.is_written_as(&value.to_string()),
        _ => false,
    };
    let to = |pair: &(OrderedValue, OrderedValue)| serde_json::to_value(&pair.1).ok();
    let (values, is_total): (Vec<Value>, bool) = match listed {
        Some(listed) => {
            let found = listed.iter().map(|value| {
                let mut pairs = pairs.iter();
                pairs.find(|(from, _)| is_from(from, value)).and_then(to)
            });
            let found: Vec<Option<Value>> = found.collect();
            let is_total = found.iter().all(Option::is_some);
            (found.into_iter().flatten().collect(), is_total)
        }
        None => (pairs.iter().filter_map(to).collect(), false),
    };
    PartValues {
        set: ValueSet::fixed(&values),
        can_be_absent: can_be_absent || !is_total,
    }
}

/// What is not documented can be anything.
fn unknown<'d>() -> PartValues<'d> {
    PartValues {
        set: ValueSet::Any,
        can_be_absent: true,
    }
}

fn any_text<'d>() -> ValueSet<'d> {
    ValueSet::kind(Kind::Text(Texts::default()))
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
                .any(|(set, value)| set.eq_ignore_ascii_case(name) && !value.0.may_be_absent())
    };
    let kept = matched.headers.iter().filter(|header| !goes(&header.name));
    let line = |name: &str, line: &str, certain| PossibleHeader {
        name: name.to_lowercase(),
        certain,
        values: HeaderValues::Line(line.to_owned()),
    };
    let put = shape.set.iter().chain(&shape.append);
    let put: Vec<_> = put
        .map(|(name, value)| match value.as_text() {
            Some(value) => line(name, value, true),
            None => PossibleHeader {
                name: name.to_lowercase(),
                certain: !value.0.may_be_absent(),
                values: HeaderValues::Documented(None),
            },
        })
        .collect();
    let says_so = put.iter().any(|header| {
        header.certain && matches!(header.name.as_str(), "cache-control" | "expires")
    });
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
            Origin::Other(_) => {}
        }
    }
}

impl Input {
    /// Whether an example can be made of a value in its place.
    fn has_way_back(&self) -> bool {
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
