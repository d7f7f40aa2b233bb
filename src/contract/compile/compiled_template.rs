//! A compiled template: prepared text with placeholders between.

use std::io::{self, Write};

use uuid::Uuid;

use super::request_head::CapturedTexts;
use crate::json::{Field, Fields};

/// A compiled template and the response fields that it reads.
#[derive(Debug)]
pub(crate) struct CompiledTemplate {
    /// One bit for each slot.
    pub(super) fields: u64,
    pub(super) parts: Vec<TemplatePart>,
}

/// Why a template could not be rendered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RenderError {
    /// A required field of the request was not captured.
    RequestFieldsNotCaptured,
    /// The response or the request lacks a required value.
    MissingValue,
}

/// What fills the placeholders of one response.
#[derive(Clone, Copy)]
pub(crate) struct PlaceholderValues<'v> {
    pub(crate) fields: Fields<'v>,
    pub(crate) request: Fields<'v>,
    pub(crate) captured: &'v CapturedTexts,
}

#[derive(Debug)]
pub(super) enum TemplatePart {
    /// JSON text that is the same for every response.
    Text(String),
    /// A comma unless the object has just been opened.
    Comma,
    Placeholder(CompiledPlaceholder),
    /// A member or object that is omitted unless something in it has a value.
    Optional(Vec<TemplatePart>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum CompiledSource {
    Field(usize),
    RequestField(usize),
    Header(usize),
    Uuid,
}

#[derive(Debug)]
pub(super) struct CompiledPlaceholder {
    pub(super) source: CompiledSource,
    /// Without one the value is required, or the member around it is omitted.
    pub(super) default: Option<Vec<TemplatePart>>,
}

/// What fills a placeholder.
enum PlaceholderValue<'v> {
    Json(&'v str),
    Text(&'v str),
    Uuid,
}

impl CompiledTemplate {
    /// The response fields that it reads, one bit for each slot.
    pub(super) fn fields(&self) -> u64 {
        self.fields
    }

    /// The legacy body, in one allocation of its exact length. The `fields` that it reads are known.
    pub(crate) fn render(
        &self,
        fields: Fields<'_>,
        request: Fields<'_>,
        captured: &CapturedTexts,
    ) -> Result<Vec<u8>, RenderError> {
        if lack_request_field(&self.parts, request) {
            return Err(RenderError::RequestFieldsNotCaptured);
        }
        let values = PlaceholderValues {
            fields,
            request,
            captured,
        };
        let mut length = Length::default();
        write_all(&self.parts, values, &mut length)?;
        let mut body = Vec::with_capacity(length.bytes);
        write_all(&self.parts, values, &mut body)?;
        Ok(body)
    }
}

/// Receives the text of a body, or only counts its bytes.
trait Sink: Write {
    fn last(&self) -> Option<u8>;
    fn uuid(&mut self);

    fn text(&mut self, text: &str) {
        self.write_all(text.as_bytes())
            .expect("writing to memory does not fail");
    }
}

#[derive(Default)]
struct Length {
    bytes: usize,
    last: Option<u8>,
}

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        self.last = bytes.last().copied().or(self.last);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Length {
    fn last(&self) -> Option<u8> {
        self.last
    }

    fn uuid(&mut self) {
        self.bytes += uuid::fmt::Hyphenated::LENGTH;
    }
}

impl Sink for Vec<u8> {
    fn last(&self) -> Option<u8> {
        <[u8]>::last(self).copied()
    }

    fn uuid(&mut self) {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        self.extend_from_slice(
            Uuid::new_v4()
                .hyphenated()
                .encode_lower(&mut text)
                .as_bytes(),
        );
    }
}

fn write_all(
    parts: &[TemplatePart],
    values: PlaceholderValues<'_>,
    to: &mut impl Sink,
) -> Result<(), RenderError> {
    for part in parts {
        match part {
            TemplatePart::Text(text) => to.text(text),
            TemplatePart::Comma if to.last() == Some(b'{') => {}
            TemplatePart::Comma => to.text(","),
            TemplatePart::Placeholder(placeholder) => placeholder.write(values, to)?,
            TemplatePart::Optional(parts) if have_value(parts, values) => {
                write_all(parts, values, to)?;
            }
            TemplatePart::Optional(_) => {}
        }
    }
    Ok(())
}

/// Whether any placeholder in an optional part has a value.
fn have_value(parts: &[TemplatePart], values: PlaceholderValues<'_>) -> bool {
    parts.iter().any(|part| match part {
        TemplatePart::Text(_) | TemplatePart::Comma => false,
        TemplatePart::Placeholder(placeholder) => placeholder.has_value(values),
        TemplatePart::Optional(parts) => have_value(parts, values),
    })
}

impl CompiledPlaceholder {
    #[inline]
    fn value<'v>(&self, values: PlaceholderValues<'v>) -> Option<PlaceholderValue<'v>> {
        let field = match self.source {
            CompiledSource::Field(slot) => values.fields.get(slot),
            CompiledSource::RequestField(slot) => values.request.get(slot),
            CompiledSource::Header(placeholder) => {
                return values.captured.get(placeholder).map(PlaceholderValue::Text);
            }
            CompiledSource::Uuid => return Some(PlaceholderValue::Uuid),
        };
        match field {
            Field::Present(json) => Some(PlaceholderValue::Json(json)),
            Field::Absent | Field::Unknown => None,
        }
    }

    /// Only for an optional placeholder, whose default, if any, is optional too.
    fn has_value(&self, values: PlaceholderValues<'_>) -> bool {
        let default = self.default.as_ref();
        self.value(values).is_some() || default.is_some_and(|parts| have_value(parts, values))
    }

    fn write(&self, values: PlaceholderValues<'_>, to: &mut impl Sink) -> Result<(), RenderError> {
        match (self.value(values), &self.default) {
            (Some(PlaceholderValue::Json(json)), _) => to.text(json),
            (Some(PlaceholderValue::Text(text)), _) => {
                serde_json::to_writer(to, text).expect("writing to memory does not fail");
            }
            (Some(PlaceholderValue::Uuid), _) => {
                to.text("\"");
                to.uuid();
                to.text("\"");
            }
            (None, Some(default)) => return write_all(default, values, to),
            (None, None) => return Err(RenderError::MissingValue),
        }
        Ok(())
    }

    fn lacks_request_field(&self, request: Fields<'_>) -> bool {
        matches!(self.source, CompiledSource::RequestField(slot) if request.get(slot) == Field::Unknown)
    }
}

/// Whether any placeholder takes a field of the request that is not known.
fn lack_request_field(parts: &[TemplatePart], request: Fields<'_>) -> bool {
    parts.iter().any(|part| match part {
        TemplatePart::Text(_) | TemplatePart::Comma => false,
        TemplatePart::Placeholder(placeholder) => {
            placeholder.lacks_request_field(request)
                || matches!(&placeholder.default, Some(parts) if lack_request_field(parts, request))
        }
        TemplatePart::Optional(parts) => lack_request_field(parts, request),
    })
}
