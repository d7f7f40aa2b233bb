//! What HTTP, and the target response, require of a legacy shape.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{label::is_label, status::is_bodiless, template_rules::TemplateRules};
use crate::{
    contract::definition::{
        body_shape::BodyShape,
        endpoint::Outcome,
        shape::{HeaderLine, LegacyShape},
        template::{Node, PlaceholderSource, Template},
    },
    diagnostics::{Diagnostics, FaultCode, escape_token},
    http_syntax::{BodySyntax, JsonByType, is_json, list_members, media_type, parameter, token},
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
    targets: &[StatusCode],
    diagnostics: &mut Diagnostics,
) -> bool {
    for target in targets {
        check_change(shape, *target, diagnostics);
    }
    check_required_header(shape, diagnostics);
    check_lines("set_headers", &shape.set, diagnostics);
    check_lines("append_headers", &shape.append, diagnostics);
    check_spelling(shape, diagnostics);
    check_type(shape, outcome, diagnostics);
    let mut rules = TemplateRules::of(outcome, diagnostics);
    for (member, lines) in [
        ("set_headers", &shape.set),
        ("append_headers", &shape.append),
    ] {
        rules.at(member, |rules| check_values(lines, rules));
    }
    rules.at("body", |rules| check_body(&shape.body, rules))
}

/// What placeholders may fill in header values.
fn check_values(lines: &[HeaderLine], rules: &mut TemplateRules<'_>) {
    /// Headers by which a request would control what a browser loads, runs or keeps.
    const NOT_FROM_REQUEST: [HeaderName; 3] =
        [header::LOCATION, header::REFRESH, header::SET_COOKIE];
    for (name, value) in lines.iter().filter(|(_, value)| value.as_text().is_none()) {
        let is = |known: &HeaderName| known.as_str().eq_ignore_ascii_case(name);
        rules.at(name, |rules| {
            if matches!(value.0, Node::Scalar(_)) {
                rules.add(describe(value), "a string or a placeholder");
                return;
            }
            if !rules.check_text(&value.0) {
                return;
            }
            rules.check_header_constants(&value.0);
            let mut from_request = |source: &PlaceholderSource| source.is_of_request();
            if is(&header::CONTENT_TYPE) {
                rules.add(
                    describe(value),
                    "no placeholder: the media type is that of the body",
                );
            } else if NOT_FROM_REQUEST.iter().any(is) && value.0.any_source(&mut from_request) {
                rules.add(
                    describe(value),
                    "no placeholder for a part of the request in this header",
                );
            }
        });
    }
}

/// Returns whether the body is worth compiling.
fn check_body(body: &BodyShape, rules: &mut TemplateRules<'_>) -> bool {
    match body {
        BodyShape::AsIs | BodyShape::Empty => true,
        BodyShape::Json(template) => rules.at("json", |rules| rules.check_template(&template.0)),
        BodyShape::Edit(edit) => rules.at("edit", |rules| {
            rules.needs_fields("an edit");
            rules.at("set", |rules| {
                let mut values = edit.set.iter();
                values.all(|(pointer, value)| {
                    rules.at(pointer, |rules| rules.check_template(&value.0))
                })
            })
        }),
        BodyShape::Text(text) => rules.at("text", |rules| {
            if text.0.may_be_absent() {
                rules.add(describe(text), "a text that is always there");
            }
            rules.check_text(&text.0)
        }),
        BodyShape::Form(form) => rules.at("form", |rules| {
            if let Node::Object { members, .. } = &form.0 {
                return rules.check_form(members);
            }
            rules.add(describe(form), "an object with the members of the form");
            false
        }),
        BodyShape::Fn(function) => rules.at("fn", |rules| {
            rules.needs_fields("a function");
            if !is_label(&function.name) {
                let expected = "1 to 64 letters, digits, `_`, `-` and `.`";
                rules.add(&function.name, expected);
            }
            true
        }),
    }
}

/// The callers of a shape that changes nothing would depend on it for ever.
fn check_change(shape: &LegacyShape, target: StatusCode, diagnostics: &mut Diagnostics) {
    let keeps_body = match &shape.body {
        BodyShape::AsIs => true,
        BodyShape::Empty => is_bodiless(target),
        BodyShape::Json(template) => matches!(
            &template.0,
            Node::Placeholder(whole) if whole.source == PlaceholderSource::Field(String::new())
                && whole.conversion.is_none()
        ),
        BodyShape::Edit(_) | BodyShape::Text(_) | BodyShape::Form(_) | BodyShape::Fn(_) => false,
    };
    let keeps_status = shape.status == i64::from(target.as_u16());
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
    let there = puts(shape).any(|(name, value)| {
        required.as_str().eq_ignore_ascii_case(name) && !value.0.may_be_absent()
    });
    if !there && !shape.allow_missing_required_header {
        let (code, status) = (FaultCode::MissingRequiredHeader, shape.status.to_string());
        let expected = format!("{example}, or allow_missing_required_header");
        diagnostics.add_at("/status", code, status, expected);
    }
}

fn puts(shape: &LegacyShape) -> impl Iterator<Item = &HeaderLine> {
    shape.set.iter().chain(&shape.append)
}

fn check_lines(member: &str, lines: &[HeaderLine], diagnostics: &mut Diagnostics) {
    for (index, (name, value)) in lines.iter().enumerate() {
        // What fills a placeholder is not known.
        let constant = value.as_text();
        let is = |known: &HeaderName| known.as_str().eq_ignore_ascii_case(name);
        let repeated = lines[..index].iter().any(|(earlier, _)| earlier == name);
        let fault = match constant {
            _ if SINGLE.iter().any(is) && (repeated || member == "append_headers") => {
                Some("one line of this header, in set_headers")
            }
            Some(value) if LISTS.iter().any(is) && value.trim() == value => {
                list_fault(&name.to_ascii_lowercase(), value)
            }
            _ => None,
        };
        let value = constant.map_or_else(|| describe(value), str::to_owned);
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
    let names = |lines: &[HeaderLine]| lines.iter().map(|(name, _)| name.clone()).collect();
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
    let is = |(name, _): &&HeaderLine| name.eq_ignore_ascii_case("content-type");
    let (_, value) = shape.set.iter().find(is)?;
    let value = value.as_text()?;
    let line = HeaderValue::from_str(value).ok()?;
    Some((value, HeaderMap::from_iter([(header::CONTENT_TYPE, line)])))
}

fn check_type(shape: &LegacyShape, outcome: &Outcome, diagnostics: &mut Diagnostics) {
    let is_json_body = match &shape.body {
        BodyShape::Json(_) | BodyShape::Edit(_) | BodyShape::Fn(_) => true,
        BodyShape::AsIs => outcome.reads_fields(),
        BodyShape::Empty | BodyShape::Text(_) | BodyShape::Form(_) => false,
    };
    if is_json_body || matches!(shape.body, BodyShape::Text(_) | BodyShape::Form(_)) {
        check_removed_type(shape, diagnostics);
    }
    let Some((value, line)) = content_type(shape) else {
        return;
    };
    let Some(essence) = media_type(&line) else {
        let expected = "a media type such as application/json (RFC 9110, section 8.3.1)";
        add_type(value, expected, diagnostics);
        return;
    };
    match &shape.body {
        _ if is_json_body => check_type_of_json(value, &line, diagnostics),
        BodyShape::Empty if BodySyntax::of(&line).by_type == JsonByType::Yes => {
            let expected = "no JSON type: the body is empty, which no JSON text is";
            add_type(value, expected, diagnostics);
        }
        BodyShape::Text(text) => check_type_of_text(text, (value, &line, essence), diagnostics),
        BodyShape::Form(_) if !essence.eq_ignore_ascii_case(FORM) => {
            let expected = "application/x-www-form-urlencoded: the body is a form";
            add_type(value, expected, diagnostics);
        }
        _ => {}
    }
}

const FORM: &[u8] = b"application/x-www-form-urlencoded";

fn check_removed_type(shape: &LegacyShape, diagnostics: &mut Diagnostics) {
    let mut removed = shape.remove.iter();
    if let Some(name) = removed.find(|name| name.eq_ignore_ascii_case("content-type")) {
        let expected = "the body with its media type";
        diagnostics.add_at("/remove_headers", FaultCode::InvalidHeader, name, expected);
    }
}

/// Nothing escapes what placeholders insert into a text, so that no browser may run it.
fn check_type_of_text(
    text: &Template,
    (value, line, essence): (&str, &HeaderMap, &[u8]),
    diagnostics: &mut Diagnostics,
) {
    let essence = essence.to_ascii_lowercase();
    let is_active = essence.ends_with(b"xml")
        || essence.ends_with(b"html")
        || essence.ends_with(b"script")
        || essence == b"text/css"
        || essence == FORM
        || essence.starts_with(b"multipart/");
    let charset = parameter(value, "charset").unwrap_or("utf-8");
    if is_json(line) {
        add_type(value, "no JSON type: for JSON there is `json`", diagnostics);
    } else if is_active && text.0.any_source(&mut |_| true) {
        let expected = "text/plain, text/csv or the like: this text has placeholders, whose values are not escaped";
        add_type(value, expected, diagnostics);
    } else if !charset.eq_ignore_ascii_case("utf-8") {
        add_type(
            value,
            "the charset utf-8, in which the text is",
            diagnostics,
        );
    }
}

/// A body that is JSON has a type that says so, and not one that a browser would run.
fn check_type_of_json(value: &str, line: &HeaderMap, diagnostics: &mut Diagnostics) {
    let Some(essence) = media_type(line) else {
        return;
    };
    let is_json = BodySyntax::of(line).by_type != JsonByType::No
        || essence.eq_ignore_ascii_case(b"text/json");
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

fn describe(template: &Template) -> String {
    serde_json::to_string(template).unwrap_or_default()
}

fn add_type(value: &str, expected: &str, diagnostics: &mut Diagnostics) {
    let value = format!("content-type: {value}");
    diagnostics.add_at("/set_headers", FaultCode::InvalidHeader, value, expected);
}
