//! A compiled legacy shape.

use std::sync::OnceLock;

use http::{HeaderName, HeaderValue, StatusCode};

use super::{
    compiled_template::CompiledTemplate,
    headers::{self, without_first_clone},
    status,
    template_compiler::TemplateSources,
};
use crate::{
    contract::definition::shape::{BodyShape, LegacyShape},
    diagnostics::{Diagnostics, FaultCode},
};

/// The prepared changes that turn a target response into a legacy one.
#[derive(Debug)]
pub(crate) struct CompiledShape {
    pub(crate) status: StatusCode,
    pub(crate) remove: Vec<HeaderName>,
    pub(crate) set: Vec<(HeaderName, HeaderValue)>,
    pub(crate) append: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: CompiledBody,
    pub(crate) content_length: ContentLength,
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
}

impl CompiledShape {
    pub(super) fn compile(
        shape: &LegacyShape,
        target: Option<StatusCode>,
        sources: &mut TemplateSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let status = status::legacy(shape, target, diagnostics);
        let compiled = Self {
            status: status.unwrap_or_default(),
            remove: removed(&shape.remove, diagnostics),
            set: lines("set_headers", &shape.set, diagnostics),
            append: lines("append_headers", &shape.append, diagnostics),
            body: diagnostics.at("body", |diagnostics| {
                CompiledBody::compile(&shape.body, sources, diagnostics)
            }),
            content_length: ContentLength::default(),
        };
        for name in compiled.remove.iter().filter(|name| compiled.puts(name)) {
            let expected = "a header that the same shape does not set or append";
            let name = name.as_str();
            diagnostics.add_at("/remove_headers", FaultCode::InvalidHeader, name, expected);
        }
        status.map(|_| compiled)
    }

    /// The fields of the response that the template reads, one bit for each slot of the scanner of its status.
    pub(crate) fn fields(&self) -> u64 {
        match &self.body {
            CompiledBody::Json(template) => template.fields(),
            CompiledBody::AsIs | CompiledBody::Empty => 0,
        }
    }

    /// How many headers a rewrite may add.
    pub(crate) fn added_headers(&self) -> usize {
        // The type and the length of the body, and what keeps it out of caches.
        self.set.len() + self.append.len() + 3
    }

    /// Whether the shape sets or appends a header of this name.
    pub(crate) fn puts(&self, name: &HeaderName) -> bool {
        self.set
            .iter()
            .chain(&self.append)
            .any(|(put, _)| put == name)
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
    fn compile(
        body: &BodyShape,
        sources: &mut TemplateSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        match body {
            BodyShape::AsIs => Self::AsIs,
            BodyShape::Empty => Self::Empty,
            BodyShape::Json(template) => {
                Self::Json(CompiledTemplate::compile(template, sources, diagnostics))
            }
        }
    }
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

fn lines(
    member: &str,
    lines: &[(String, String)],
    diagnostics: &mut Diagnostics,
) -> Vec<(HeaderName, HeaderValue)> {
    diagnostics.at(member, |diagnostics| {
        let line = |(name, value): &(String, String)| {
            diagnostics.at(name, |diagnostics| {
                let name = headers::changeable_header_name(name, diagnostics);
                let value = headers::header_value(value, diagnostics);
                Some((name?, value?))
            })
        };
        lines.iter().filter_map(line).collect()
    })
}
