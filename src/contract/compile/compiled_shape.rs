//! A compiled legacy shape.

use std::sync::OnceLock;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{
    compiled_template::CompiledTemplate,
    headers::{self, without_first_clone},
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
        check_bodies(shape, target, diagnostics);
        check_required_header(shape, diagnostics);
        let compiled = Self {
            status: diagnostics.at("status", |diagnostics| status(shape.status, diagnostics))?,
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
        Some(compiled)
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
        // The type and the length of the body.
        self.set.len() + self.append.len() + 2
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

pub(super) fn status(status: i64, diagnostics: &mut Diagnostics) -> Option<StatusCode> {
    let known = valid_status(status);
    if known.is_none() {
        let expected = "a status from 100 to 599";
        diagnostics.add(FaultCode::InvalidStatus, status.to_string(), expected);
    }
    known
}

fn valid_status(status: i64) -> Option<StatusCode> {
    StatusCode::from_u16(u16::try_from(status).ok()?)
        .ok()
        .filter(|_| status < 600)
}

/// Whether responses of this status always pass through: they have no body of their own, or a part of a larger one.
pub(crate) fn is_never_rewritten(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 204 | 205 | 206 | 304 | 412)
}

fn check_bodies(shape: &LegacyShape, target: Option<StatusCode>, diagnostics: &mut Diagnostics) {
    if let Some(target) = target.filter(|status| is_never_rewritten(*status)) {
        let expected = "no legacy shape: 1xx, 204, 205, 206, 304 and 412 are never rewritten";
        diagnostics.add(FaultCode::StatusWithoutBody, target.as_str(), expected);
    }
    let Some(to) = valid_status(shape.status) else {
        return;
    };
    let fits = match to {
        StatusCode::NO_CONTENT => shape.body == BodyShape::Empty,
        to => !is_never_rewritten(to),
    };
    if !fits {
        let expected = "a status with a body, or 204 with an empty one";
        diagnostics.add_at(
            "/status",
            FaultCode::StatusWithoutBody,
            to.as_str(),
            expected,
        );
    }
}

/// What HTTP requires with a status: RFC 9110, sections 11.6.1, 15.5.6 and 11.7.1.
fn check_required_header(shape: &LegacyShape, diagnostics: &mut Diagnostics) {
    let (required, example) = match shape.status {
        401 => (header::WWW_AUTHENTICATE, "WWW-Authenticate: Bearer"),
        405 => (header::ALLOW, "Allow: GET, POST"),
        407 => (header::PROXY_AUTHENTICATE, "Proxy-Authenticate: Basic"),
        _ => return,
    };
    let lines = || shape.set.iter().chain(&shape.append);
    let there = lines().any(|(name, _)| name.eq_ignore_ascii_case(required.as_str()));
    if !there && !shape.allow_missing_required_header {
        let (code, status) = (FaultCode::MissingRequiredHeader, shape.status.to_string());
        let expected = format!("{example}, or allow_missing_required_header");
        diagnostics.add_at("/status", code, status, expected);
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
