//! The legacy responses of an outcome as a set.

use super::{
    edited_values::EditTree,
    exchange_parts::{Input, Origin},
    possible::{HeaderValues, Possible, PossibleBody, PossibleHeader},
    template_values::TemplateReader,
    written_values::Written,
};
use crate::{
    contract::{
        LegacyShape,
        compile::is_filled_value,
        definition::{
            body_shape::BodyShape,
            template::{Node, Template},
        },
    },
    http_syntax::JsonByType,
    middleware::rewrite::About,
    openapi::{
        document::{
            operation::{FORM, media_type},
            place::Spoiled,
        },
        values::{reader::Reader, value_set::ValueSet},
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

impl<'d> LegacyValues<'d> {
    /// What `shape` makes of the responses to requests of a set that its outcome matches.
    pub(crate) fn of(
        reader: &Reader<'d>,
        requests: Option<&ValueSet<'d>>,
        is_get: bool,
        shape: &LegacyShape,
        matched: &Possible<'d>,
    ) -> Result<Self, Spoiled> {
        let mut template = TemplateReader::new(reader, requests, matched);
        let put = put_headers(&mut template, shape)?;
        let (media, body) = match &shape.body {
            BodyShape::AsIs => (matched.media.clone(), matched.body.clone()),
            BodyShape::Empty => (None, PossibleBody::Absent),
            BodyShape::Json(json) => {
                let value = template.node(&json.0)?;
                (json_type(), PossibleBody::Values(value.set))
            }
            BodyShape::Edit(edit) => {
                let tree = EditTree::of(edit);
                let body = match template.target() {
                    Some(set) => PossibleBody::Values(template.edited(&set, &tree)?),
                    None => {
                        for (pointer, value) in &edit.set {
                            template.strand(&["set", pointer], value)?;
                        }
                        PossibleBody::Undocumented
                    }
                };
                (matched.media.clone(), body)
            }
            BodyShape::Text(text) => {
                let text = template.required_text(&text.0, |_| true)?;
                (
                    Some("text/plain".to_owned()),
                    PossibleBody::Values(text.texts),
                )
            }
            BodyShape::Form(form) => {
                let media = FORM.to_owned();
                (
                    Some(media),
                    PossibleBody::Form(form_members(&mut template, form)?),
                )
            }
            BodyShape::Fn(function) => (json_type(), PossibleBody::Made(function.name.clone())),
        };
        if needs_json(&shape.body) && matched.json() == JsonByType::No {
            template.stranding.push(Input {
                at: Vec::new(),
                origin: Origin::Other("the body".to_owned()),
                lack: "is no JSON",
            });
        }
        let media = match (media, set_media(shape)) {
            (Some(_), Some(set)) if shape.body != BodyShape::Empty => Some(set),
            (media, _) => media,
        };
        Ok(Self {
            possible: Possible {
                status: shape.status(),
                media,
                body,
                headers: headers(shape, is_get, put, matched),
            },
            inputs: template.inputs,
            stranding: template.stranding,
        })
    }
}

fn json_type() -> Option<String> {
    Some("application/json".to_owned())
}

/// Whether the shape cannot be made of a body that is no JSON.
fn needs_json(body: &BodyShape) -> bool {
    matches!(body, BodyShape::Edit(_) | BodyShape::Fn(_))
}

/// The media type that a shape sets.
fn set_media(shape: &LegacyShape) -> Option<String> {
    let mut put = shape.set.iter().chain(&shape.append);
    let (_, value) = put.find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    value.as_text().map(media_type)
}

/// The headers that a shape sets or appends.
fn put_headers<'d>(
    template: &mut TemplateReader<'_, 'd>,
    shape: &LegacyShape,
) -> Result<Vec<PossibleHeader<'d>>, Spoiled> {
    let members = [
        ("set_headers", &shape.set),
        ("append_headers", &shape.append),
    ];
    let lines = members
        .into_iter()
        .flat_map(|(member, lines)| lines.iter().map(move |line| (member, line)));
    lines
        .map(|(member, (name, value))| {
            let (values, certain) = match value.as_text() {
                Some(line) => (HeaderValues::Line(line.to_owned()), true),
                None => {
                    let texts = template.text_at(&[member, name], &value.0, is_filled_value)?;
                    let certain = !value.0.may_be_absent();
                    (HeaderValues::Written(texts), certain)
                }
            };
            Ok(PossibleHeader {
                name: name.to_lowercase(),
                certain,
                values,
            })
        })
        .collect()
}

/// The members of a form, with what their texts stand for.
fn form_members<'d>(
    template: &mut TemplateReader<'_, 'd>,
    form: &Template,
) -> Result<Vec<(String, bool, Written<'d>)>, Spoiled> {
    let Node::Object { members, .. } = &form.0 else {
        return Ok(Vec::new());
    };
    let member = |(name, value): &(String, Node)| {
        let text = template.text_at(&["form", name], value, |_| true)?;
        Ok((name.clone(), !value.may_be_absent(), text))
    };
    members.iter().map(member).collect()
}

/// The headers of the legacy response: those of the target response that stay, and those that the shape or the layer sets.
fn headers<'d>(
    shape: &LegacyShape,
    is_get: bool,
    put: Vec<PossibleHeader<'d>>,
    matched: &Possible<'d>,
) -> Vec<PossibleHeader<'d>> {
    let replaced = shape.body != BodyShape::AsIs;
    let caches = |name: &str| About::of(name) == About::Freshness;
    let goes = |name: &str| {
        caches(name)
            || About::of(name) == About::Identity
            || replaced && About::of(name) == About::Body
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
    let says_so = put.iter().any(|header| {
        header.certain && matches!(header.name.as_str(), "cache-control" | "expires")
    });
    let was_kept = matched
        .headers
        .iter()
        .any(|header| header.certain && caches(&header.name));
    let no_store = line("cache-control", "no-store", is_get || was_kept);
    let no_store = (!says_so).then_some(no_store);
    kept.cloned().chain(put).chain(no_store).collect()
}
