//! What HTTP, and the target response, require of a legacy shape.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{target_body::is_bodiless, template_rules};
use crate::{
    contract::definition::{
        endpoint::Outcome,
        shape::{BodyShape, LegacyShape},
        template::{Node, PlaceholderSource},
    },
    diagnostics::{Diagnostics, FaultCode, escape_token},
    http_syntax::{JsonByType, json_by_type, list_members, media_type, parameter, token},
};

/// Headers of which a response has one line at most.
const SINGLE: [HeaderName; 14] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_MAX_AGE,
    header::AGE,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::LOCATION,
    header::RETRY_AFTER,
    header::SERVER,
    header::STRICT_TRANSPORT_SECURITY,
];

/// Headers whose value is a list (RFC 9110, section 5.6.1).
const LISTS: [HeaderName; 11] = [
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::CONTENT_LANGUAGE,
    header::LINK,
    header::PROXY_AUTHENTICATE,
    header::VARY,
    header::VIA,
    header::WWW_AUTHENTICATE,
];

/// Adds the faults of `shape` as the legacy response of `outcome`. Returns whether the shape is worth compiling.
pub(super) fn check(
    shape: &LegacyShape,
    outcome: &Outcome,
    target: Option<StatusCode>,
    diagnostics: &mut Diagnostics,
) -> bool {
    check_change(shape, target, diagnostics);
    check_required_header(shape, diagnostics);
    check_lines("set_headers", &shape.set, diagnostics);
    check_lines("append_headers", &shape.append, diagnostics);
    check_spelling(shape, diagnostics);
    let json = match &shape.body {
        BodyShape::Json(_) => true,
        BodyShape::AsIs => outcome.reads_fields(),
        BodyShape::Empty => false,
    };
    if json {
        check_type_of_json(shape, diagnostics);
    }
    check_type(shape, diagnostics);
    let BodyShape::Json(template) = &shape.body else {
        return true;
    };
    diagnostics.at("body", |diagnostics| {
        diagnostics.at("json", |diagnostics| {
            template_rules::check(template, outcome, diagnostics)
        })
    })
}

/// The callers of a shape that changes nothing would depend on it for ever.
fn check_change(shape: &LegacyShape, target: Option<StatusCode>, diagnostics: &mut Diagnostics) {
    let keeps_body = match &shape.body {
        BodyShape::AsIs => true,
        BodyShape::Empty => target.is_some_and(is_bodiless),
        BodyShape::Json(template) => matches!(
            &template.0,
            Node::Placeholder(whole) if whole.source == PlaceholderSource::Field(String::new())
        ),
    };
    let keeps_status = target.is_some_and(|target| shape.status == i64::from(target.as_u16()));
    let keeps_headers = shape.set.is_empty() && shape.append.is_empty() && shape.remove.is_empty();
    if keeps_body && keeps_status && keeps_headers {
        let status = format!("status {}", shape.status);
        let expected = "a difference from the target response, or no legacy shape";
        diagnostics.add(FaultCode::UnchangedResponse, status, expected);
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
    let there = puts(shape).any(|(name, _)| required.as_str().eq_ignore_ascii_case(name));
    if !there && !shape.allow_missing_required_header {
        let (code, status) = (FaultCode::MissingRequiredHeader, shape.status.to_string());
        let expected = format!("{example}, or allow_missing_required_header");
        diagnostics.add_at("/status", code, status, expected);
    }
}

fn puts(shape: &LegacyShape) -> impl Iterator<Item = &(String, String)> {
    shape.set.iter().chain(&shape.append)
}

fn check_lines(member: &str, lines: &[(String, String)], diagnostics: &mut Diagnostics) {
    for (index, (name, value)) in lines.iter().enumerate() {
        let is = |known: &HeaderName| known.as_str().eq_ignore_ascii_case(name);
        let repeated = lines[..index].iter().any(|(earlier, _)| earlier == name);
        let fault = if SINGLE.iter().any(is) && (repeated || member == "append_headers") {
            Some("one line of this header, in set_headers")
        } else if LISTS.iter().any(is) && value.trim() == value {
            list_fault(&name.to_ascii_lowercase(), value)
        } else {
            None
        };
        if let Some(expected) = fault {
            let place = format!("/{member}/{}", escape_token(name));
            diagnostics.add_at(
                place,
                FaultCode::InvalidHeader,
                format!("{name}: {value}"),
                expected,
            );
        }
    }
}

/// What is wrong with a list (RFC 9110, section 5.6.1.1: senders do not generate empty elements).
fn list_fault(name: &str, value: &str) -> Option<&'static str> {
    // 405 for a resource that allows no method (RFC 9110, section 10.2.1).
    if name == "allow" && value.is_empty() {
        return None;
    }
    let mut members = list_members(value);
    let begins_with_token = |member: &str| {
        let first = member.split(' ').next().unwrap_or_default();
        token(first.as_bytes()).is_some()
    };
    match name {
        _ if members.clone().any(str::is_empty) => {
            Some("a list without empty elements, such as one value")
        }
        "www-authenticate" | "proxy-authenticate" if !members.all(begins_with_token) => {
            Some("challenges such as Bearer realm=\"api\" (RFC 9110, section 11.6.1)")
        }
        "allow" | "vary" if !members.all(|member| token(member.as_bytes()).is_some()) => {
            Some("a list of tokens, such as GET, POST")
        }
        _ => None,
    }
}

/// One header under two spellings is a mistake in a document, where each name occurs once.
fn check_spelling(shape: &LegacyShape, diagnostics: &mut Diagnostics) {
    let names = |lines: &[(String, String)]| lines.iter().map(|(name, _)| name.clone()).collect();
    let members: [(&str, Vec<String>); 3] = [
        ("set_headers", names(&shape.set)),
        ("append_headers", names(&shape.append)),
        ("remove_headers", shape.remove.clone()),
    ];
    for (member, names) in members {
        for (index, name) in names.iter().enumerate() {
            let is_list = member == "remove_headers";
            let mut earlier = names[..index].iter();
            let same = earlier
                .find(|other| other.eq_ignore_ascii_case(name) && (is_list || *other != name));
            if let Some(same) = same {
                let place = if is_list {
                    index.to_string()
                } else {
                    escape_token(name)
                };
                let expected =
                    format!("each header once, {same} being the same (RFC 9110, section 5.1)");
                let place = format!("/{member}/{place}");
                diagnostics.add_at(place, FaultCode::InvalidHeader, name, expected);
            }
        }
    }
}

/// The line that the shape sets as `Content-Type`.
fn content_type(shape: &LegacyShape) -> Option<(&str, HeaderMap)> {
    let is = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
    let (_, value) = shape.set.iter().find(is)?;
    let line = HeaderValue::from_str(value).ok()?;
    Some((value, HeaderMap::from_iter([(header::CONTENT_TYPE, line)])))
}

fn check_type(shape: &LegacyShape, diagnostics: &mut Diagnostics) {
    let Some((value, line)) = content_type(shape) else {
        return;
    };
    if media_type(&line).is_none() {
        add_type(
            value,
            "a media type such as application/json (RFC 9110, section 8.3.1)",
            diagnostics,
        );
    } else if shape.body == BodyShape::Empty && json_by_type(&line) == JsonByType::Yes {
        add_type(
            value,
            "no JSON type: the body is empty, which no JSON text is",
            diagnostics,
        );
    }
}

/// A body that is JSON has a type that says so, and not one that a browser would run.
fn check_type_of_json(shape: &LegacyShape, diagnostics: &mut Diagnostics) {
    if let Some(name) = shape
        .remove
        .iter()
        .find(|name| name.eq_ignore_ascii_case("content-type"))
    {
        let expected = "the JSON body with its media type";
        diagnostics.add_at("/remove_headers", FaultCode::InvalidHeader, name, expected);
    }
    let Some((value, line)) = content_type(shape) else {
        return;
    };
    let Some(essence) = media_type(&line) else {
        return;
    };
    let is_json =
        json_by_type(&line) != JsonByType::No || essence.eq_ignore_ascii_case(b"text/json");
    let charset = parameter(value, "charset").unwrap_or("utf-8");
    if !is_json {
        let expected =
            "application/json, a type that ends in +json, or text/plain: the body is JSON";
        add_type(value, expected, diagnostics);
    } else if !charset.eq_ignore_ascii_case("utf-8") {
        add_type(
            value,
            "the charset utf-8, in which JSON is (RFC 8259, section 8.1)",
            diagnostics,
        );
    }
}

fn add_type(value: &str, expected: &str, diagnostics: &mut Diagnostics) {
    let value = format!("content-type: {value}");
    diagnostics.add_at("/set_headers", FaultCode::InvalidHeader, value, expected);
}
