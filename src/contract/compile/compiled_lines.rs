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
    shape::{HeaderLine, LegacyShape},
    template::{Node, Template},
};

/// The header lines of a shape, of which some may have placeholders: those that it sets, then those that it appends.
#[derive(Debug)]
pub(crate) enum CompiledLines {
    Fixed(Vec<HeaderToPut>),
    Filled(Vec<CompiledLine>),
}

/// A header line that is put into a response.
#[derive(Clone, Debug)]
pub(crate) struct HeaderToPut {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
    /// Whether those of its name stay.
    pub(crate) is_added: bool,
}

#[derive(Debug)]
pub(crate) struct CompiledLine {
    name: HeaderName,
    value: LineValue,
    is_appended: bool,
}

#[derive(Debug)]
enum LineValue {
    Fixed(HeaderValue),
    Filled(CompiledValue),
}

impl CompiledLines {
    pub(super) fn compile(shape: &LegacyShape, inputs: &mut TemplateInputs<'_, '_>) -> Self {
        let mut lines = Vec::new();
        for (member, of, is_appended) in [
            ("set_headers", &shape.set, false),
            ("append_headers", &shape.append, true),
        ] {
            inputs.at(member, |inputs| {
                let line = |line: &HeaderLine| CompiledLine::compile(line, is_appended, inputs);
                lines.extend(of.iter().filter_map(line));
            });
        }
        let mut fixed = ToPut::default();
        for line in &lines {
            let LineValue::Fixed(value) = &line.value else {
                return Self::Filled(lines);
            };
            fixed.push(line, value.clone());
        }
        Self::Fixed(fixed.0)
    }

    /// The lines of one response.
    #[inline]
    pub(crate) fn fill(
        &self,
        values: &PlaceholderValues<'_>,
    ) -> Result<Cow<'_, [HeaderToPut]>, RenderError> {
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
            Self::Fixed(lines) => Box::new(lines.iter().map(|line| &line.name)),
            Self::Filled(lines) => Box::new(lines.iter().map(|line| &line.name)),
        }
    }
}

#[inline(never)]
fn filled(
    lines: &[CompiledLine],
    values: &PlaceholderValues<'_>,
) -> Result<Vec<HeaderToPut>, RenderError> {
    let mut filled = ToPut(Vec::with_capacity(lines.len()));
    for line in lines {
        if let Some(value) = line.value.fill(values)? {
            filled.push(line, value);
        }
    }
    Ok(filled.0)
}

#[derive(Default)]
struct ToPut(Vec<HeaderToPut>);

impl ToPut {
    /// Lines that a shape sets under one name replace those of the response together.
    fn push(&mut self, line: &CompiledLine, value: HeaderValue) {
        let mut earlier = self.0.iter();
        self.0.push(HeaderToPut {
            is_added: line.is_appended || earlier.any(|earlier| earlier.name == line.name),
            name: line.name.clone(),
            value,
        });
    }
}

impl CompiledLine {
    fn compile(
        (name, value): &HeaderLine,
        is_appended: bool,
        inputs: &mut TemplateInputs<'_, '_>,
    ) -> Option<Self> {
        inputs.at(name, |inputs| {
            let name = headers::changeable_header_name(name, inputs.diagnostics);
            let value = LineValue::compile(value, inputs);
            Some(Self {
                name: name?,
                value: value?,
                is_appended,
            })
        })
    }
}

impl LineValue {
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
