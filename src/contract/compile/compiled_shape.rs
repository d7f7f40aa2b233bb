//! A compiled legacy shape.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use http::{HeaderName, HeaderValue, StatusCode};
use tracing::error;

use super::{
    compiled_edit::CompiledEdit,
    compiled_template::{CompiledTemplate, CompiledText, PlaceholderValues, RenderError},
    headers::{self, without_first_clone},
    status,
    template_compiler::{TemplateInputs, TemplateSources},
};
use crate::{
    contract::definition::{
        body_shape::BodyShape,
        legacy_fn::{BodyFn, LegacyFn},
        shape::{HeaderLine, LegacyShape},
        template::{Node, Template},
    },
    diagnostics::{Diagnostics, FaultCode},
    form,
};

/// The prepared changes that turn a target response into a legacy one.
#[derive(Debug)]
pub(crate) struct CompiledShape {
    pub(crate) status: StatusCode,
    pub(crate) remove: Vec<HeaderName>,
    pub(crate) set: CompiledLines,
    pub(crate) append: CompiledLines,
    pub(crate) body: CompiledBody,
    pub(crate) content_length: ContentLength,
    /// The fields of the response that it reads, one bit for each slot of the scanner of its status.
    fields: u64,
}

/// Header lines, of which some may have placeholders.
#[derive(Debug)]
pub(crate) enum CompiledLines {
    Fixed(Vec<(HeaderName, HeaderValue)>),
    Filled(Vec<(HeaderName, CompiledLine)>),
}

#[derive(Debug)]
pub(crate) enum CompiledLine {
    Fixed(HeaderValue),
    Filled(CompiledValue),
}

/// A text that may be absent.
#[derive(Debug)]
pub(crate) struct CompiledValue {
    text: CompiledText,
    is_optional: bool,
}

/// `Content-Length` values of one shape.
///
/// Most legacy bodies of a shape have the same length. The value for the first is kept, so that the next of that length
/// cost no allocation.
#[derive(Debug, Default)]
pub(crate) struct ContentLength(OnceLock<(usize, HeaderValue)>);

#[derive(Debug)]
pub(crate) enum CompiledBody {
    AsIs,
    Empty,
    Json(CompiledTemplate),
    Edit(CompiledEdit),
    Text(CompiledValue),
    /// Encoded names, with their values.
    Form(Vec<(Box<str>, CompiledValue)>),
    Fn(CompiledFn),
}

pub(crate) struct CompiledFn {
    name: Box<str>,
    body: Arc<BodyFn>,
}

impl CompiledShape {
    pub(super) fn compile(
        shape: &LegacyShape,
        target: Option<StatusCode>,
        sources: &mut TemplateSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let status = status::legacy(shape, target, diagnostics);
        let remove = removed(&shape.remove, diagnostics);
        let mut inputs = TemplateInputs {
            sources,
            fields: 0,
            item: None,
            diagnostics,
        };
        let set = CompiledLines::compile("set_headers", &shape.set, &mut inputs);
        let append = CompiledLines::compile("append_headers", &shape.append, &mut inputs);
        let body = inputs.at("body", |inputs| CompiledBody::compile(&shape.body, inputs));
        let fields = inputs.fields;
        for name in &remove {
            if set.names().chain(append.names()).any(|put| put == name) {
                let expected = "a header that the same shape does not set or append";
                let name = name.as_str();
                diagnostics.add_at("/remove_headers", FaultCode::InvalidHeader, name, expected);
            }
        }
        Some(Self {
            status: status?,
            remove,
            set,
            append,
            body: body?,
            content_length: ContentLength::default(),
            fields,
        })
    }

    /// The fields of the response that it reads, one bit for each slot of the scanner of its status.
    pub(crate) fn fields(&self) -> u64 {
        self.fields
    }

    /// Whether it reads the body as a whole.
    pub(crate) fn reads_whole(&self) -> bool {
        matches!(self.body, CompiledBody::Edit(_) | CompiledBody::Fn(_))
    }

    /// How many headers a rewrite may add.
    pub(crate) fn added_headers(&self) -> usize {
        // The type and the length of the body.
        self.set.len() + self.append.len() + 2
    }

    /// The media type of the body that it makes; `None` where that keeps its own.
    pub(crate) fn media_type(&self) -> Option<HeaderValue> {
        let text = match &self.body {
            CompiledBody::AsIs | CompiledBody::Edit(_) => return None,
            CompiledBody::Text(_) => "text/plain; charset=utf-8",
            CompiledBody::Form(_) => "application/x-www-form-urlencoded",
            CompiledBody::Empty | CompiledBody::Json(_) | CompiledBody::Fn(_) => "application/json",
        };
        Some(HeaderValue::from_static(text))
    }
}

impl CompiledLines {
    fn compile(
        member: &str,
        lines: &[HeaderLine],
        inputs: &mut TemplateInputs<'_, '_>,
    ) -> Self {
        let compiled = inputs.at(member, |inputs| {
            let line = |(name, value): &HeaderLine| {
                inputs.at(name, |inputs| {
                    let name = headers::changeable_header_name(name, inputs.diagnostics);
                    let value = CompiledLine::compile(value, inputs);
                    Some((name?, value?))
                })
            };
            lines.iter().filter_map(line).collect::<Vec<_>>()
        });
        let is_filled = |(_, line): &(_, CompiledLine)| matches!(line, CompiledLine::Filled(_));
        if compiled.iter().any(is_filled) {
            return Self::Filled(compiled);
        }
        let fixed = compiled.into_iter().filter_map(|(name, line)| match line {
            CompiledLine::Fixed(value) => Some((name, value)),
            CompiledLine::Filled(_) => None,
        });
        Self::Fixed(fixed.collect())
    }

    /// The lines of one response.
    pub(crate) fn fill(
        &self,
        values: &PlaceholderValues<'_>,
    ) -> Result<Cow<'_, [(HeaderName, HeaderValue)]>, RenderError> {
        match self {
            Self::Fixed(lines) => Ok(Cow::Borrowed(lines)),
            Self::Filled(lines) => {
                let mut filled = Vec::with_capacity(lines.len());
                for (name, line) in lines {
                    filled.extend(line.fill(values)?.map(|value| (name.clone(), value)));
                }
                Ok(Cow::Owned(filled))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Fixed(lines) => lines.len(),
            Self::Filled(lines) => lines.len(),
        }
    }

    fn names(&self) -> Box<dyn Iterator<Item = &HeaderName> + '_> {
        match self {
            Self::Fixed(lines) => Box::new(lines.iter().map(|(name, _)| name)),
            Self::Filled(lines) => Box::new(lines.iter().map(|(name, _)| name)),
        }
    }
}

impl CompiledLine {
    fn compile(value: &Template, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
        match &value.0 {
            Node::Scalar(scalar) if scalar.as_str().is_some() => {
                let text = scalar.as_str().unwrap_or_default();
                headers::header_value(text, inputs.diagnostics).map(Self::Fixed)
            }
            node => CompiledValue::compile(node, inputs).map(Self::Filled),
        }
    }

    fn fill(&self, values: &PlaceholderValues<'_>) -> Result<Option<HeaderValue>, RenderError> {
        match self {
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::Filled(value) => {
                let text = value.fill(values, headers::is_filled_value)?;
                Ok(text.and_then(|text| HeaderValue::try_from(text).ok()))
            }
        }
    }
}

impl CompiledValue {
    fn compile(node: &Node, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
        Some(Self {
            text: inputs.text(node)?,
            is_optional: node.may_be_absent(),
        })
    }

    /// The text; `None` if it is to be omitted.
    pub(crate) fn fill(
        &self,
        values: &PlaceholderValues<'_>,
        fits: fn(&str) -> bool,
    ) -> Result<Option<String>, RenderError> {
        match self.text.render(values, fits)? {
            None if !self.is_optional => Err(RenderError::MissingValue),
            text => Ok(text),
        }
    }
}

impl CompiledFn {
    /// The body that the function makes. A panic of it ends here.
    fn call(&self, body: &[u8]) -> Result<Vec<u8>, RenderError> {
        let target = serde_json::from_slice(body).map_err(|_| RenderError::Malformed)?;
        // What it shares with other calls is its own to keep consistent.
        let made = catch_unwind(AssertUnwindSafe(|| (self.body)(&target)));
        made.unwrap_or_else(|_| {
            error!(function = %self.name, "the function of a legacy shape panicked");
            None
        })
        .ok_or(RenderError::NoLegacyBody)
    }
}

impl std::fmt::Debug for CompiledFn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CompiledFn").field(&self.name).finish()
    }
}

impl ContentLength {
    pub(crate) fn of(&self, length: usize) -> HeaderValue {
        let value = || (length, without_first_clone(length.into()));
        let (known, value) = self.0.get_or_init(value);
        if *known == length {
            value.clone()
        } else {
            length.into()
        }
    }
}

impl CompiledBody {
    fn compile(body: &BodyShape, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
        Some(match body {
            BodyShape::AsIs => Self::AsIs,
            BodyShape::Empty => Self::Empty,
            BodyShape::Json(template) => {
                Self::Json(inputs.at("json", |inputs| inputs.template(&template.0)))
            }
            BodyShape::Edit(edit) => {
                Self::Edit(inputs.at("edit", |inputs| CompiledEdit::compile(edit, inputs)))
            }
            BodyShape::Text(text) => {
                Self::Text(inputs.at("text", |inputs| CompiledValue::compile(&text.0, inputs))?)
            }
            BodyShape::Form(form) => {
                Self::Form(inputs.at("form", |inputs| compile_form(form, inputs)))
            }
            BodyShape::Fn(function) => Self::Fn(compile_fn(function, inputs.diagnostics)?),
        })
    }

    /// The new body; `None` where it stays as it is. `text` is the target body, if it is read as a whole.
    pub(crate) fn render(
        &self,
        text: &[u8],
        values: &PlaceholderValues<'_>,
    ) -> Result<Option<Vec<u8>>, RenderError> {
        Ok(Some(match self {
            Self::AsIs => return Ok(None),
            Self::Empty => Vec::new(),
            Self::Json(template) => template.render(values)?,
            Self::Edit(edit) => edit.apply(text, values)?,
            Self::Text(value) => value.fill(values, |_| true)?.unwrap_or_default().into(),
            Self::Form(members) => render_form(members, values)?.into(),
            Self::Fn(function) => function.call(text)?,
        }))
    }
}

fn compile_form(
    form: &Template,
    inputs: &mut TemplateInputs<'_, '_>,
) -> Vec<(Box<str>, CompiledValue)> {
    let Node::Object { members, .. } = &form.0 else {
        return Vec::new();
    };
    let member = |(name, value): &(String, Node)| {
        let value = inputs.at(name, |inputs| CompiledValue::compile(value, inputs))?;
        let mut encoded = String::new();
        form::encode(name, &mut encoded);
        Some((encoded.into(), value))
    };
    members.iter().filter_map(member).collect()
}

fn render_form(
    members: &[(Box<str>, CompiledValue)],
    values: &PlaceholderValues<'_>,
) -> Result<String, RenderError> {
    let mut form = String::new();
    for (name, value) in members {
        if let Some(value) = value.fill(values, |_| true)? {
            form.push_str(if form.is_empty() { "" } else { "&" });
            form.push_str(name);
            form.push('=');
            form::encode(&value, &mut form);
        }
    }
    Ok(form)
}

fn compile_fn(function: &LegacyFn, diagnostics: &mut Diagnostics) -> Option<CompiledFn> {
    if function.body.is_none() {
        let expected = "a body that a document can say: functions are given in Rust, with LegacyShape::with_fn";
        diagnostics.add(FaultCode::InvalidTemplate, &function.name, expected);
    }
    Some(CompiledFn {
        name: function.name.as_str().into(),
        body: Arc::clone(function.body.as_ref()?),
    })
}

fn removed(names: &[String], diagnostics: &mut Diagnostics) -> Vec<HeaderName> {
    diagnostics.at("remove_headers", |diagnostics| {
        let name = |(index, name): (usize, &String)| {
            diagnostics.at(index, |diagnostics| {
                headers::changeable_header_name(name, diagnostics)
            })
        };
        names.iter().enumerate().filter_map(name).collect()
    })
}
