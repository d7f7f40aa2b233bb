//! A compiled legacy shape.

use std::sync::atomic::AtomicU32;

use http::{HeaderName, StatusCode};

use super::{
    compiled_body::CompiledBody,
    compiled_lines::CompiledLines,
    headers, status,
    template_compiler::{TemplateInputs, TemplateSources},
};
use crate::{
    contract::definition::shape::LegacyShape,
    diagnostics::{Diagnostics, FaultCode},
};

/// The prepared changes that turn a target response into a legacy one.
#[derive(Debug)]
pub(crate) struct CompiledShape {
    pub(crate) status: StatusCode,
    pub(crate) remove: Vec<HeaderName>,
    pub(crate) lines: CompiledLines,
    pub(crate) body: CompiledBody,
    /// How many dependent responses come until one is rehearsed, that one included.
    pub(crate) until_rehearsal: AtomicU32,
    /// The fields of the response that it reads, one bit for each slot of the scanner of its status.
    fields: u64,
    reads_whole: bool,
    media_type: Option<&'static str>,
}

impl CompiledShape {
    pub(super) fn compile(
        shape: &LegacyShape,
        targets: &[StatusCode],
        sources: &mut TemplateSources<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let status = status::legacy(shape, targets, diagnostics);
        let remove = removed(&shape.remove, diagnostics);
        let mut inputs = TemplateInputs {
            sources,
            fields: 0,
            item: None,
            diagnostics,
        };
        let lines = CompiledLines::compile(shape, &mut inputs);
        let body = inputs.at("body", |inputs| CompiledBody::compile(&shape.body, inputs));
        let fields = inputs.fields;
        for name in &remove {
            if lines.names().any(|put| put == name) {
                let expected = "a header that the same shape does not set or append";
                let name = name.as_str();
                diagnostics.add_at("/remove_headers", FaultCode::InvalidHeader, name, expected);
            }
        }
        let body = body?;
        Some(Self {
            status: status?,
            remove,
            lines,
            reads_whole: body.reads_whole(),
            media_type: body.media_type(),
            body,
            until_rehearsal: AtomicU32::new(1),
            fields,
        })
    }

    /// The fields of the response that it reads, one bit for each slot of the scanner of its status.
    pub(crate) fn fields(&self) -> u64 {
        self.fields
    }

    /// Whether it reads the body as a whole.
    pub(crate) fn reads_whole(&self) -> bool {
        self.reads_whole
    }

    /// How many headers a rewrite may add.
    pub(crate) fn added_headers(&self) -> usize {
        // The type and the length of the body, and that caches must not store it.
        self.lines.len() + 3
    }

    /// The media type of the body that it makes; `None` where that keeps its own.
    pub(crate) fn media_type(&self) -> Option<&'static str> {
        self.media_type
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
