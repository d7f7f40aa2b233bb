//! Methods and paths of a contract: those that a request can have.

use http::{Method, Uri};

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    http_syntax::token,
};

/// Methods that are reserved (RFC 9110, section 18.2, and RFC 9113, section 11.6).
const RESERVED: [&str; 2] = ["*", "PRI"];

/// The method of an endpoint.
pub(super) fn method(text: &str, diagnostics: &mut Diagnostics) -> Option<Method> {
    let upper = text.to_ascii_uppercase();
    let expected = match token(text.as_bytes()) {
        None => "a method such as POST: a token (RFC 9110, section 9.1)".to_owned(),
        Some(_) if matches!(upper.as_str(), "HEAD" | "CONNECT") => {
            "a method such as POST; responses to HEAD and CONNECT are never rewritten".to_owned()
        }
        Some(_) if RESERVED.contains(&text) => {
            "a method such as POST; this one is reserved".to_owned()
        }
        Some(_) if upper != text => {
            format!("{upper}: method names are case-sensitive (RFC 9110, section 9.1)")
        }
        Some(_) => return Method::from_bytes(text.as_bytes()).ok(),
    };
    diagnostics.add_at("/method", FaultCode::InvalidMethod, text, expected);
    None
}

/// Whether `base` may be before all paths; empty for none.
pub(super) fn check_base_path(base: &str, diagnostics: &mut Diagnostics) -> bool {
    let fault = if base.is_empty() {
        None
    } else if !base.starts_with('/') || base.ends_with('/') {
        Some("a path such as /api/v1, with a leading and no trailing slash, or none".to_owned())
    } else {
        path_fault(base)
    };
    report("/base_path", base, fault, diagnostics)
}

/// Whether a request can have this path of an endpoint, behind `base`.
pub(super) fn check_path(base: &str, path: &str, diagnostics: &mut Diagnostics) -> bool {
    let fault = if path.is_empty() && !base.is_empty() {
        None
    } else {
        path_fault(path)
    };
    report("/path", path, fault, diagnostics)
}

fn report(place: &str, path: &str, fault: Option<String>, diagnostics: &mut Diagnostics) -> bool {
    let right = fault.is_none();
    if let Some(expected) = fault {
        diagnostics.add_at(place, FaultCode::InvalidPath, path, expected);
    }
    right
}

/// Why no request has a path like this pattern. The syntax of its parameters is left to `matchit`.
fn path_fault(pattern: &str) -> Option<String> {
    let path = with_parameters_filled(pattern);
    let is_sent = path
        .parse::<Uri>()
        .is_ok_and(|uri| uri.path() == path && uri.query().is_none());
    if !path.starts_with('/') || !path.is_ascii() || !is_sent {
        return Some(
            "a path that starts with a slash, in ASCII as it is sent (other characters percent-encoded), without query \
             and fragment"
                .to_owned(),
        );
    }
    if let Some(escape) = broken_escape(&path) {
        return Some(format!(
            "percent-encoded bytes such as %2F, not {escape} (RFC 3986, section 2.1)"
        ));
    }
    let is_dots = |segment: &&str| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    };
    let dots = path.split('/').find(is_dots)?;
    Some(format!(
        "no segment {dots}, which clients remove before they send a path (RFC 3986, section 5.2.4)"
    ))
}

/// A path that the pattern matches, if its syntax is right.
fn with_parameters_filled(pattern: &str) -> String {
    let mut path = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(brace) = rest.find(['{', '}']) {
        path.push_str(&rest[..brace]);
        rest = &rest[brace..];
        if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            path.push_str(&rest[..1]);
            rest = after;
        } else {
            path.push('x');
            rest = rest.split_once('}').map_or("", |(_, after)| after);
        }
    }
    path + rest
}

fn broken_escape(path: &str) -> Option<&str> {
    path.match_indices('%').find_map(|(at, _)| {
        let escape = &path[at..path.len().min(at + 3)];
        let digits = escape.bytes().skip(1).filter(u8::is_ascii_hexdigit).count();
        (digits < 2).then_some(escape)
    })
}
