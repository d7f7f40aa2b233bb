//! What a shape makes of the body.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bytes::Bytes;
use tracing::error;

use super::{
    compiled_edit::CompiledEdit,
    compiled_template::{PlaceholderValues, RenderError},
    compiled_value::CompiledValue,
    filled_template::CompiledTemplate,
    template_compiler::TemplateInputs,
};
use crate::{
    contract::definition::{
        body_shape::BodyShape,
        legacy_fn::{BodyFn, LegacyFn},
        template::{Node, Template},
    },
    diagnostics::{Diagnostics, FaultCode},
    form,
};

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

impl CompiledBody {
    pub(super) fn compile(body: &BodyShape, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
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
    #[inline]
    pub(crate) fn render(
        &self,
        text: &[u8],
        values: &PlaceholderValues<'_>,
    ) -> Result<Option<Bytes>, RenderError> {
        if let Self::Json(template) = self
            && let Some(body) = template.render_filled(values)
        {
            return Ok(Some(body));
        }
        self.render_any(text, values)
    }

    #[inline(never)]
    fn render_any(
        &self,
        text: &[u8],
        values: &PlaceholderValues<'_>,
    ) -> Result<Option<Bytes>, RenderError> {
        Ok(Some(match self {
            Self::AsIs => return Ok(None),
            Self::Empty => Bytes::new(),
            Self::Json(template) => template.render_parts(values)?.into(),
            Self::Edit(edit) => edit.apply(text, values)?.into(),
            Self::Text(value) => value.fill(values, |_| true)?.unwrap_or_default().into(),
            Self::Form(members) => render_form(members, values)?.into(),
            Self::Fn(function) => function.call(text)?.into(),
        }))
    }

    /// Whether it reads the target body as a whole.
    pub(super) fn reads_whole(&self) -> bool {
        matches!(self, Self::Edit(_) | Self::Fn(_))
    }

    /// The media type of the body that it makes; `None` where that keeps its own.
    pub(super) fn media_type(&self) -> Option<&'static str> {
        Some(match self {
            Self::AsIs | Self::Edit(_) => return None,
            Self::Text(_) => "text/plain; charset=utf-8",
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Empty | Self::Json(_) | Self::Fn(_) => "application/json",
        })
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

impl fmt::Debug for CompiledFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompiledFn").field(&self.name).finish()
    }
}
