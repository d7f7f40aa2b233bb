//! All responses of one kind that can be given, and what OLD does not allow of them.

use std::rc::Rc;

use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use super::written_values::Written;
use crate::{
    http_syntax::{BodySyntax, JsonByType},
    openapi::{
        document::{
            operation::{Header, Operation, Response},
            place::{Place, Spoiled},
        },
        values::{
            gap::{Gap, GapRule, Witness},
            reader::Reader,
            value_set::{Kind, Member, ValueSet},
        },
    },
};

/// All responses of one status and media type.
#[derive(Clone)]
pub(crate) struct Possible<'d> {
    pub(crate) status: u16,
    /// None without a body.
    pub(crate) media: Option<String>,
    pub(crate) body: PossibleBody<'d>,
    pub(crate) headers: Vec<PossibleHeader<'d>>,
}

#[derive(Clone)]
pub(crate) enum PossibleBody<'d> {
    Absent,
    /// The document has no schema.
    Undocumented,
    Values(ValueSet<'d>),
    /// The members of a form: the name, whether it is always there, and its values.
    Form(Vec<(String, bool, Written<'d>)>),
    /// By the function of this name.
    Made(String),
}

#[derive(Clone)]
pub(crate) struct PossibleHeader<'d> {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) certain: bool,
    pub(crate) values: HeaderValues<'d>,
}

#[derive(Clone)]
pub(crate) enum HeaderValues<'d> {
    /// What a document says.
    Documented(Option<Place<'d>>),
    /// Set by a legacy shape.
    Line(String),
    /// Set by a legacy shape with placeholders.
    Written(Written<'d>),
}

/// Something of a response that OLD does not allow.
#[derive(Clone)]
pub(crate) struct ResponseGap<'d> {
    pub(crate) aspect: Aspect,
    pub(crate) gap: Gap<'d>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Status,
    MediaType,
    Body,
    Header(String),
}

impl<'d> Possible<'d> {
    /// All responses that a document has under one key, one for each media type.
    pub(crate) fn documented(response: &Response<'d>, status: u16) -> Vec<Self> {
        let headers: Vec<_> = response.headers.iter().map(PossibleHeader::of).collect();
        let with = |media: Option<String>, body| Self {
            status,
            media,
            body,
            headers: headers.clone(),
        };
        // RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: no content, whatever a document says.
        if response.content.is_empty() || matches!(status, 204 | 205 | 304) {
            return vec![with(None, PossibleBody::Absent)];
        }
        let content = response.content.iter().map(|(media, schema)| {
            let body = match schema {
                Some(schema) => PossibleBody::Values(ValueSet::Schema(schema.clone())),
                None => PossibleBody::Undocumented,
            };
            // A range of media types: any of them.
            with(Some(media.replace("/*", "/x").replace("*/", "x/")), body)
        });
        content.collect()
    }

    /// The same with another body.
    pub(crate) fn with_body(&self, body: PossibleBody<'d>) -> Self {
        Self {
            body,
            ..self.clone()
        }
    }

    /// Whether the body is read as JSON.
    pub(crate) fn json(&self) -> JsonByType {
        let line = self
            .media
            .as_deref()
            .and_then(|media| HeaderValue::from_str(media).ok());
        let line = line.map(|line| (header::CONTENT_TYPE, line));
        BodySyntax::of(&HeaderMap::from_iter(line)).by_type
    }

    /// What `old` does not allow of these responses; nothing if all are allowed.
    pub(crate) fn gaps(&self, reader: &Reader<'d>, old: &Operation<'d>) -> Vec<ResponseGap<'d>> {
        let Some(response) = old.response(self.status) else {
            let detail = format!("the status {} is not documented", self.status);
            return vec![self.whole(Aspect::Status, detail)];
        };
        let mut gaps = self.body_gaps(reader, response);
        for header in &response.headers {
            gaps.extend(self.header_gaps(reader, header));
        }
        gaps
    }

    fn body_gaps(&self, reader: &Reader<'d>, old: &Response<'d>) -> Vec<ResponseGap<'d>> {
        // Without `content`, a document says nothing of the body.
        if old.content.is_empty() {
            return Vec::new();
        }
        let Some(media) = &self.media else {
            let detail = "there is no body".to_owned();
            return vec![self.whole(Aspect::MediaType, detail)];
        };
        let Some(schema) = old.media(media) else {
            let detail = format!("the media type {media} is not documented");
            return vec![self.whole(Aspect::MediaType, detail)];
        };
        let Some(schema) = schema else {
            return Vec::new();
        };
        let target = ValueSet::Schema(schema.clone());
        let gaps: Rc<[Gap<'d>]> = match &self.body {
            PossibleBody::Values(source) => reader.gaps(source, &target),
            PossibleBody::Form(members) => match form_values(reader, members, &target) {
                Ok(source) => reader.gaps(&source, &target),
                Err(spoiled) => Rc::new([Gap::undecided(GapRule::Schema, &spoiled.reason)]),
            },
            PossibleBody::Absent => Rc::new([]),
            PossibleBody::Undocumented | PossibleBody::Made(_)
                if matches!(schema.value, Value::Bool(true)) =>
            {
                Rc::new([])
            }
            PossibleBody::Made(function) => {
                let detail =
                    format!("what the function `{function}` makes of the body cannot be proved");
                Rc::new([Gap::undecided(GapRule::Function, &detail)])
            }
            PossibleBody::Undocumented => {
                let detail = "NEW has no schema for the body";
                Rc::new([Gap::undecided(GapRule::Schema, detail)])
            }
        };
        let aspect = Aspect::Body;
        gaps.iter()
            .map(|gap| ResponseGap {
                aspect: aspect.clone(),
                gap: gap.clone(),
            })
            .collect()
    }

    fn header_gaps(&self, reader: &Reader<'d>, old: &Header<'d>) -> Vec<ResponseGap<'d>> {
        let aspect = Aspect::Header(old.name.clone());
        let own = self.headers.iter().filter(|own| own.name == old.name);
        if old.required && !own.clone().any(|own| own.certain) {
            let detail = format!("the header {} can be absent", old.name);
            return vec![self.whole(aspect, detail)];
        }
        let Some(schema) = &old.schema else {
            return Vec::new();
        };
        let target = ValueSet::Schema(schema.clone());
        let gaps = own.flat_map(|own| match &own.values {
            HeaderValues::Documented(Some(own)) => reader
                .gaps(&ValueSet::Schema(own.clone()), &target)
                .to_vec(),
            HeaderValues::Documented(None) => {
                let detail = format!("NEW has no schema for the header {}", old.name);
                vec![Gap::undecided(GapRule::Schema, &detail)]
            }
            HeaderValues::Line(line) => {
                let line = ValueSet::fixed([&line_value(reader, line, &target)]);
                reader.gaps(&line, &target).to_vec()
            }
            HeaderValues::Written(written) => match written.read_by(reader, &target) {
                Ok(source) => reader.gaps(&source, &target).to_vec(),
                Err(spoiled) => vec![Gap::undecided(GapRule::Schema, &spoiled.reason)],
            },
        });
        gaps.map(|gap| ResponseGap {
            aspect: aspect.clone(),
            gap,
        })
        .collect()
    }

    /// A gap that any of these responses shows.
    fn whole(&self, aspect: Aspect, detail: String) -> ResponseGap<'d> {
        let example = match &self.body {
            PossibleBody::Values(set) => Witness::Of(set.clone()),
            _ => Witness::Value(Value::Null),
        };
        let gap = Gap::with_examples(GapRule::Constraint, detail, vec![example]);
        ResponseGap { aspect, gap }
    }
}

impl<'d> PossibleHeader<'d> {
    fn of(header: &Header<'d>) -> Self {
        Self {
            name: header.name.clone(),
            certain: header.required,
            values: HeaderValues::Documented(header.schema.clone()),
        }
    }
}

/// A form as an object, whose members have the types that the schema gives them.
fn form_values<'d>(
    reader: &Reader<'d>,
    members: &[(String, bool, Written<'d>)],
    schema: &ValueSet<'d>,
) -> Result<ValueSet<'d>, Spoiled> {
    let mut named = Vec::new();
    for (name, required, written) in members {
        let wanted = reader.field(schema, std::slice::from_ref(name))?.set;
        let set = written.read_by(reader, &wanted)?;
        let required = *required;
        named.push((name.clone(), Member { set, required }));
    }
    Ok(ValueSet::object(named))
}

/// The value that a line stands for: a number or a boolean where the schema has one.
pub(crate) fn line_value<'d>(reader: &Reader<'d>, line: &str, schema: &ValueSet<'d>) -> Value {
    let wanted = reader.alternatives(schema);
    let is_plain = wanted.is_ok_and(|wanted| {
        let mut wanted = wanted.iter();
        wanted.all(|wanted| matches!(wanted.kind, Kind::Number(_) | Kind::Boolean(_)))
    });
    let parsed = is_plain.then(|| serde_json::from_str(line).ok()).flatten();
    parsed.unwrap_or_else(|| line.into())
}
