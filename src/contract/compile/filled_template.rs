//! A compiled template, and its form without choices: for the bodies in which every placeholder has a value.

use bytes::Bytes;

use super::{
    compiled_template::{
        CompiledPlaceholder, CompiledSource, PlaceholderValues, RenderError, TemplatePart,
        write_all,
    },
    sink::ShortText,
};
use crate::json::Field;

/// A compiled template.
#[derive(Debug)]
pub(crate) struct CompiledTemplate {
    pub(super) parts: Vec<TemplatePart>,
    /// For the bodies in which every placeholder has a value.
    filled: Option<FilledTemplate>,
}

/// What a template makes where every placeholder has a value that is written as it is.
///
/// Most bodies are such. They are one copy after the other.
#[derive(Debug)]
struct FilledTemplate {
    gaps: Box<[Gap]>,
    /// Behind the last gap.
    end: Bytes,
    /// How long all texts are.
    length: usize,
}

/// A text, and the value behind it.
#[derive(Debug)]
struct Gap {
    text: Box<[u8]>,
    source: GapSource,
}

#[derive(Clone, Copy, Debug)]
enum GapSource {
    Field(usize),
    RequestField(usize),
    /// Between quotes, which are of the texts.
    Captured(usize),
}

impl CompiledTemplate {
    pub(super) fn new(parts: Vec<TemplatePart>) -> Self {
        let filled = FilledTemplate::of(&parts);
        Self { parts, filled }
    }

    /// The legacy body, in one allocation of its exact length, if every placeholder has a value that is written as it is. The fields
    /// that it reads are known.
    #[inline]
    pub(super) fn render_filled(&self, values: &PlaceholderValues<'_>) -> Option<Bytes> {
        self.filled.as_ref()?.render(values)
    }

    /// The legacy body, whatever its placeholders come to, in one allocation of its exact length.
    pub(super) fn render_parts(
        &self,
        values: &PlaceholderValues<'_>,
    ) -> Result<Vec<u8>, RenderError> {
        let mut short = ShortText::new();
        write_all(&self.parts, values, &mut short)?;
        if let Some(body) = short.as_bytes() {
            return Ok(body.to_vec());
        }
        let mut body = Vec::with_capacity(short.length());
        write_all(&self.parts, values, &mut body)?;
        Ok(body)
    }
}

impl FilledTemplate {
    /// How many values are kept on the stack.
    const MAX_GAPS: usize = 6;

    /// `None` if a placeholder takes its value from elsewhere, or converts it.
    fn of(parts: &[TemplatePart]) -> Option<Self> {
        let mut joined = Joined::default();
        joined.add(parts)?;
        let texts = joined.gaps.iter().map(|gap| gap.text.len());
        let length = texts.sum::<usize>() + joined.text.len();
        let filled = Self {
            gaps: joined.gaps.into(),
            end: joined.text.into(),
            length,
        };
        // The first clone allocates the count of all of them.
        drop(filled.end.clone());
        (filled.gaps.len() <= Self::MAX_GAPS).then_some(filled)
    }

    /// The body, unless a value is absent or not written as it is.
    // Outlined, so that its values stay in registers.
    #[inline(never)]
    fn render(&self, values: &PlaceholderValues<'_>) -> Option<Bytes> {
        if self.gaps.is_empty() {
            return Some(self.end.clone());
        }
        let mut found: [&[u8]; Self::MAX_GAPS] = Default::default();
        let mut length = self.length;
        for (gap, found) in self.gaps.iter().zip(&mut found) {
            *found = gap.source.value(values)?;
            length += found.len();
        }
        let mut body = Vec::with_capacity(length);
        for (gap, found) in self.gaps.iter().zip(&found) {
            body.extend_from_slice(&gap.text);
            body.extend_from_slice(found);
        }
        body.extend_from_slice(&self.end);
        Some(body.into())
    }
}

impl GapSource {
    fn of(placeholder: &CompiledPlaceholder) -> Option<Self> {
        match placeholder.source {
            _ if placeholder.conversion.is_some() => None,
            CompiledSource::Field(slot) => Some(Self::Field(slot)),
            CompiledSource::RequestField(slot) => Some(Self::RequestField(slot)),
            CompiledSource::Captured(text) => Some(Self::Captured(text)),
            _ => None,
        }
    }

    #[inline]
    fn value<'v>(self, values: &PlaceholderValues<'v>) -> Option<&'v [u8]> {
        match self {
            Self::Field(slot) => values.fields.present(slot),
            Self::RequestField(slot) => match values.request.get(slot) {
                Field::Present(json) => Some(json),
                Field::Absent | Field::Unknown => None,
            },
            Self::Captured(text) => values.captured.get_plain(text),
        }
    }
}

/// The parts of a template, one behind the other.
#[derive(Default)]
struct Joined {
    gaps: Vec<Gap>,
    /// Behind the last gap.
    text: Vec<u8>,
}

impl Joined {
    fn add(&mut self, parts: &[TemplatePart]) -> Option<()> {
        for part in parts {
            match part {
                TemplatePart::Text(text) => self.text.extend_from_slice(text.as_bytes()),
                // No value ends with a bracket that opens.
                TemplatePart::Comma if self.text.last() == Some(&b'{') => {}
                TemplatePart::Comma => self.text.push(b','),
                TemplatePart::Placeholder(placeholder) => {
                    let source = GapSource::of(placeholder)?;
                    let quote: &[u8] = match source {
                        GapSource::Captured(_) => b"\"",
                        GapSource::Field(_) | GapSource::RequestField(_) => b"",
                    };
                    self.text.extend_from_slice(quote);
                    let text = std::mem::replace(&mut self.text, quote.to_vec()).into();
                    self.gaps.push(Gap { text, source });
                }
                TemplatePart::Optional(parts) => {
                    let (length, gaps) = (self.text.len(), self.gaps.len());
                    self.add(parts)?;
                    if self.gaps.len() == gaps {
                        // Without a value in it, it is always omitted.
                        self.text.truncate(length);
                    }
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, Request, StatusCode};

    use super::*;
    use crate::{
        contract::compile::request_head::{CapturedTexts, RequestHead, TextSource},
        json::{Fields, KeptField},
    };

    fn text(text: &str) -> TemplatePart {
        TemplatePart::Text(text.to_owned())
    }

    fn value(source: CompiledSource) -> TemplatePart {
        TemplatePart::Placeholder(CompiledPlaceholder {
            source,
            conversion: None,
            default: None,
        })
    }

    /// `{"a"?, "b":{"c"?}?, "d", {}?, "e"}` with a placeholder for each.
    fn parts() -> Vec<TemplatePart> {
        vec![
            text("{"),
            TemplatePart::Optional(vec![text("\"a\":"), value(CompiledSource::Captured(0))]),
            TemplatePart::Optional(vec![
                TemplatePart::Comma,
                text("\"b\":{"),
                TemplatePart::Optional(vec![text("\"c\":"), value(CompiledSource::Field(0))]),
                text("}"),
            ]),
            TemplatePart::Comma,
            text("\"d\":"),
            value(CompiledSource::Field(1)),
            TemplatePart::Optional(vec![text(",\"none\":{}")]),
            text(",\"e\":"),
            value(CompiledSource::RequestField(0)),
            text("}"),
        ]
    }

    /// What both ways make of these values.
    fn rendered(
        captured: &str,
        fields: [Option<&str>; 2],
        request: Option<&str>,
    ) -> (Option<Bytes>, Result<Vec<u8>, RenderError>) {
        let kept = |json: Option<&str>| match json {
            Some(json) => KeptField::Present(json.as_bytes().into()),
            None => KeptField::Absent,
        };
        let sent = Request::get("/").header("x-id", captured).body(());
        let sent = sent.expect("a header");
        let names = [HeaderName::from_static("x-id")];
        let mut captured = CapturedTexts::default();
        captured.take(
            &[TextSource::Headers(names.into())],
            RequestHead::from(&sent),
            None,
        );
        let (fields, request) = (fields.map(kept), [kept(request)]);
        let values = PlaceholderValues {
            fields: Fields::Kept(&fields),
            item: Fields::Unknown,
            status: StatusCode::OK,
            headers: &HeaderMap::new(),
            request: Fields::Kept(&request),
            captured: &captured,
        };
        let mut body = Vec::new();
        let written = write_all(&parts(), &values, &mut body).map(|()| body);
        let filled = FilledTemplate::of(&parts()).expect("plain values");
        (filled.render(&values), written)
    }

    #[test]
    fn a_body_with_all_values_is_the_one_that_its_parts_make() {
        let (filled, written) = rendered("id-7", [Some("5"), Some("[{}]")], Some("\"x\""));
        let expected = r#"{"a":"id-7","b":{"c":5},"d":[{}],"e":"x"}"#;
        assert_eq!(filled.as_deref(), Some(expected.as_bytes()));
        assert_eq!(written.as_deref(), Ok(expected.as_bytes()));
    }

    #[test]
    fn a_body_without_a_value_or_with_an_escape_is_left_to_the_parts() {
        let (field, other) = (Some("5"), Some("6"));
        for (captured, fields, request) in [
            ("a\"b", [field, other], other),
            ("", [field, other], other),
            ("id", [None, other], other),
            ("id", [field, None], other),
            ("id", [field, other], None),
        ] {
            assert_eq!(rendered(captured, fields, request).0, None);
        }
    }

    #[test]
    fn a_text_without_placeholders_is_shared_by_all_bodies() {
        let filled = FilledTemplate::of(&[text("{\"code\":\"OLD\"}")]).expect("plain");
        let captured = CapturedTexts::default();
        let values = PlaceholderValues {
            fields: Fields::Unknown,
            item: Fields::Unknown,
            status: StatusCode::OK,
            headers: &HeaderMap::new(),
            request: Fields::Unknown,
            captured: &captured,
        };
        let bodies = [filled.render(&values), filled.render(&values)];
        let [Some(one), Some(other)] = bodies else {
            panic!("no body")
        };
        assert_eq!(one, &b"{\"code\":\"OLD\"}"[..]);
        assert_eq!(one.as_ptr(), other.as_ptr());
    }
}
