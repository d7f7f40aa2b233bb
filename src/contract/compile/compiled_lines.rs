//! The header lines that a shape sets or appends.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};

use super::{
    compiled_template::{PlaceholderValues, RenderError},
    compiled_value::CompiledValue,
    headers,
    template_compiler::TemplateInputs,
};
use crate::contract::definition::{
    shape::HeaderLine,
    template::{Node, Template},
};

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

impl CompiledLines {
    pub(super) fn compile(
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
    #[inline]
    pub(crate) fn fill(
        &self,
        values: &PlaceholderValues<'_>,
    ) -> Result<Cow<'_, [(HeaderName, HeaderValue)]>, RenderError> {
        match self {
            Self::Fixed(lines) => Ok(Cow::Borrowed(lines)),
            Self::Filled(lines) => filled(lines, values).map(Cow::Owned),
        }
    }

    /// How many lines there are at most.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Fixed(lines) => lines.len(),
            Self::Filled(lines) => lines.len(),
        }
    }

    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &HeaderName> + '_> {
        match self {
            Self::Fixed(lines) => Box::new(lines.iter().map(|(name, _)| name)),
            Self::Filled(lines) => Box::new(lines.iter().map(|(name, _)| name)),
        }
    }
}

#[inline(never)]
fn filled(
    lines: &[(HeaderName, CompiledLine)],
    values: &PlaceholderValues<'_>,
) -> Result<Vec<(HeaderName, HeaderValue)>, RenderError> {
    let mut filled = Vec::with_capacity(lines.len());
    for (name, line) in lines {
        filled.extend(line.fill(values)?.map(|value| (name.clone(), value)));
    }
    Ok(filled)
}

impl CompiledLine {
    fn compile(value: &Template, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
        match &value.0 {
            Node::Scalar(scalar) => {
                headers::header_value(scalar.as_str()?, inputs.diagnostics).map(Self::Fixed)
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
