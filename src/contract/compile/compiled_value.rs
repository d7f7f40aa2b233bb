//! Texts in a header, a form or a body of text.

use super::{
    compiled_template::{CompiledText, PlaceholderValues, RenderError},
    template_compiler::TemplateInputs,
};
use crate::contract::definition::template::Node;

/// A text that may be absent.
#[derive(Debug)]
pub(crate) struct CompiledValue {
    text: CompiledText,
    is_optional: bool,
}

impl CompiledValue {
    pub(super) fn compile(node: &Node, inputs: &mut TemplateInputs<'_, '_>) -> Option<Self> {
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
