//! The parts of a compiled template: prepared text with placeholders between.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use super::{
    conversion::{CompiledConversion, PlaceholderValue, scalar_text},
    link,
    request_head::CapturedTexts,
    sink::{Nowhere, Sink},
};
use crate::json::{Children, Field, FieldScanner, Fields, Scan};

/// Why a template could not be rendered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RenderError {
    /// A required field of the request was not captured.
    RequestFieldsNotCaptured,
    /// The response or the request lacks a required value.
    MissingValue,
    /// The body is not JSON, or repeats a member.
    Malformed,
    /// A legacy body cannot be made of this target body.
    NoLegacyBody,
}

/// What fills the placeholders of one response.
#[derive(Clone, Copy)]
pub(crate) struct PlaceholderValues<'v> {
    pub(crate) fields: Fields<'v>,
    /// Those of the element that is being replaced.
    pub(crate) item: Fields<'v>,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'v HeaderMap,
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

#[derive(Debug)]
pub(super) enum CompiledSource {
    Field(usize),
    Item(usize),
    ResponseHeader(HeaderName),
    Link(Box<str>),
    Status,
    RequestField(usize),
    /// A text of the request's head.
    Captured(usize),
    Text(CompiledText),
    Each(CompiledEach),
    Uuid,
}

#[derive(Debug)]
pub(super) struct CompiledPlaceholder {
    pub(super) source: CompiledSource,
    pub(super) conversion: Option<CompiledConversion>,
    /// Without one the value is required, or the member around it is omitted.
    pub(super) default: Option<Vec<TemplatePart>>,
}

/// Texts and the values of placeholders, one after the other.
#[derive(Debug)]
pub(crate) struct CompiledText {
    pub(super) parts: Vec<TextPart>,
}

#[derive(Debug)]
pub(super) enum TextPart {
    Text(String),
    Placeholder(CompiledPlaceholder),
}

/// A template for each element of an array.
#[derive(Debug)]
pub(super) struct CompiledEach {
    pub(super) array: usize,
    /// What is read of each element.
    pub(super) items: FieldScanner,
    pub(super) parts: Vec<TemplatePart>,
}

/// What fills a placeholder.
enum Filling<'v> {
    /// JSON, as a text that was validated has it.
    Json(&'v [u8]),
    /// A string that is UTF-8, not as JSON.
    Text(&'v [u8]),
    Value(PlaceholderValue<'v>),
    /// For each element of this array.
    Each(&'v CompiledEach, &'v str),
    Uuid,
}

impl CompiledText {
    /// The whole text; `None` if a part of it is absent, or has none that fits.
    pub(super) fn render(
        &self,
        values: &PlaceholderValues<'_>,
        fits: fn(&str) -> bool,
    ) -> Result<Option<String>, RenderError> {
        let mut whole = String::new();
        for part in &self.parts {
            match part {
                TextPart::Text(text) => whole.push_str(text),
                TextPart::Placeholder(placeholder) => match placeholder.text(values, fits)? {
                    Some(text) => whole.push_str(&text),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(whole))
    }
}

/// Writes parts that must be there.
pub(super) fn write_all<S: Sink>(
    parts: &[TemplatePart],
    values: &PlaceholderValues<'_>,
    to: &mut S,
) -> Result<(), RenderError> {
    for part in parts {
        if part.write(values, to)? == Written::Lacking {
            return Err(RenderError::MissingValue);
        }
    }
    Ok(())
}

/// Writes parts that belong together: those of which one has a value must not lack another.
fn write_together<S: Sink>(
    parts: &[TemplatePart],
    values: &PlaceholderValues<'_>,
    to: &mut S,
) -> Result<Written, RenderError> {
    let mut all = Written::Fixed;
    for part in parts {
        all = match (all, part.write(values, to)?) {
            (Written::Value, Written::Lacking) | (Written::Lacking, Written::Value) => {
                return Err(RenderError::MissingValue);
            }
            (all, Written::Fixed) => all,
            (_, one) => one,
        };
    }
    Ok(all)
}

/// Whether any placeholder in an optional part has a value.
pub(super) fn have_value(
    parts: &[TemplatePart],
    values: &PlaceholderValues<'_>,
) -> Result<bool, RenderError> {
    Ok(write_together(parts, values, &mut Nowhere)? == Written::Value)
}

/// What a part of a template came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// It has the value of a placeholder.
    Value,
    /// It is the same for every response that has it.
    Fixed,
    /// It lacks the value of a placeholder.
    Lacking,
}

impl TemplatePart {
    // Inlined always, since most parts are text, which costs less to copy than a call.
    #[inline(always)]
    fn write<S: Sink>(
        &self,
        values: &PlaceholderValues<'_>,
        to: &mut S,
    ) -> Result<Written, RenderError> {
        match self {
            Self::Text(text) => to.text(text.as_bytes()),
            Self::Comma if to.last() == Some(b'{') => {}
            Self::Comma => to.byte(b','),
            Self::Placeholder(placeholder) => return placeholder.write(values, to),
            Self::Optional(parts) => {
                let place = to.place();
                if write_together(parts, values, to)? == Written::Value {
                    return Ok(Written::Value);
                }
                to.go_back(place);
            }
        }
        Ok(Written::Fixed)
    }
}

impl CompiledPlaceholder {
    fn filling<'v>(
        &'v self,
        values: &PlaceholderValues<'v>,
    ) -> Result<Option<Filling<'v>>, RenderError> {
        let filling = match &self.source {
            CompiledSource::Field(slot) => values.fields.present(*slot).map(Filling::Json),
            CompiledSource::Item(slot) => values.item.present(*slot).map(Filling::Json),
            CompiledSource::RequestField(slot) => match values.request.get(*slot) {
                Field::Unknown => return Err(RenderError::RequestFieldsNotCaptured),
                Field::Absent => None,
                Field::Present(json) => Some(Filling::Json(json)),
            },
            CompiledSource::Captured(text) => values.captured.get(*text).map(Filling::Text),
            CompiledSource::ResponseHeader(name) => {
                let line = values.headers.get(name).and_then(|line| line.to_str().ok());
                line.map(|line| Filling::Text(line.as_bytes()))
            }
            CompiledSource::Link(rel) => {
                link::target(values.headers, rel).map(|target| Filling::Text(target.as_bytes()))
            }
            CompiledSource::Status => {
                let status = values.status.as_str().to_owned();
                Some(Filling::Value(PlaceholderValue::Json(status.into())))
            }
            CompiledSource::Text(text) => {
                let text = text.render(values, |_| true)?;
                text.map(|text| Filling::Value(PlaceholderValue::Text(text.into())))
            }
            CompiledSource::Each(each) => match values.fields.get(each.array) {
                Field::Present(array @ [b'[', ..]) => {
                    let array = str::from_utf8(array).ok();
                    array.map(|array| Filling::Each(each, array))
                }
                _ => None,
            },
            CompiledSource::Uuid => Some(Filling::Uuid),
        };
        Ok(match (&self.conversion, filling) {
            (Some(conversion), Some(filling)) => filling.converted(conversion),
            (_, filling) => filling,
        })
    }

    fn write<S: Sink>(
        &self,
        values: &PlaceholderValues<'_>,
        to: &mut S,
    ) -> Result<Written, RenderError> {
        match (self.filling(values)?, &self.default) {
            (Some(Filling::Json(json)), _) => to.text(json),
            (Some(Filling::Text(text)), _) => to.string(text),
            (Some(Filling::Value(PlaceholderValue::Json(json))), _) => to.text(json.as_bytes()),
            (Some(Filling::Value(PlaceholderValue::Text(text))), _) => to.string(text.as_bytes()),
            (Some(Filling::Each(each, array)), _) => each.write(array, values, to)?,
            (Some(Filling::Uuid), _) => {
                to.byte(b'"');
                to.uuid();
                to.byte(b'"');
            }
            (None, Some(default)) => return write_together(default, values, to),
            (None, None) => return Ok(Written::Lacking),
        }
        Ok(Written::Value)
    }

    /// Its value as text, or that of its default.
    fn text<'v>(
        &'v self,
        values: &PlaceholderValues<'v>,
        fits: fn(&str) -> bool,
    ) -> Result<Option<Cow<'v, str>>, RenderError> {
        let text = match self.filling(values)? {
            Some(Filling::Value(value)) => value.into_text(),
            Some(filling @ (Filling::Json(_) | Filling::Text(_))) => {
                filling.into_value().and_then(PlaceholderValue::into_text)
            }
            Some(Filling::Uuid) => {
                let uuid = Uuid::new_v4().hyphenated();
                Some(Cow::Owned(uuid.to_string()))
            }
            Some(Filling::Each(..)) | None => None,
        };
        match (text.filter(|text| fits(text)), &self.default) {
            (Some(text), _) => Ok(Some(text)),
            (None, Some(default)) => match default.as_slice() {
                [TemplatePart::Placeholder(default)] => default.text(values, fits),
                [TemplatePart::Text(json)] => Ok(scalar_text(json)),
                _ => Ok(None),
            },
            (None, None) => Ok(None),
        }
    }
}

impl<'v> Filling<'v> {
    /// What the conversion makes of it; `None` if it has no value for it. One that is no value stays as it is.
    fn converted(self, conversion: &'v CompiledConversion) -> Option<Self> {
        match self {
            Self::Each(..) | Self::Uuid => Some(self),
            filling => conversion.apply(filling.into_value()?).map(Self::Value),
        }
    }

    fn into_value(self) -> Option<PlaceholderValue<'v>> {
        let text = |text| str::from_utf8(text).ok().map(Cow::Borrowed);
        match self {
            Self::Json(json) => text(json).map(PlaceholderValue::Json),
            Self::Text(bytes) => text(bytes).map(PlaceholderValue::Text),
            Self::Value(value) => Some(value),
            Self::Each(..) | Self::Uuid => None,
        }
    }
}

impl CompiledEach {
    fn write<S: Sink>(
        &self,
        array: &str,
        values: &PlaceholderValues<'_>,
        to: &mut S,
    ) -> Result<(), RenderError> {
        to.byte(b'[');
        for (index, element) in Children::of(array, 0).enumerate() {
            to.text(if index == 0 { b"" } else { b"," });
            with_item(&self.items, &array[element.value], values, |values| {
                write_all(&self.parts, values, to)
            })?;
        }
        to.byte(b']');
        Ok(())
    }
}

/// Calls `render` with the fields of this element.
pub(super) fn with_item(
    scanner: &FieldScanner,
    element: &str,
    values: &PlaceholderValues<'_>,
    render: impl FnOnce(&PlaceholderValues<'_>) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let text = element.as_bytes();
    let (scan, is_whole) = Scan::all(scanner, text, true);
    if !is_whole && scan.known().count_ones() as usize != scanner.len() {
        return Err(RenderError::Malformed);
    }
    let item = Fields::Scanned {
        scan: &scan,
        text,
        is_whole,
    };
    render(&PlaceholderValues { item, ..*values })
}
