//! The header by which a caller declares that it understands the target contract.
//!
//! Of most headers the whole value counts. `Prefer` (RFC 7240 §2), `Accept` and the other headers of content negotiation
//! (RFC 9110 §12.5) are lists, perhaps over several lines: there a caller opts in by one member, which may have further
//! parameters, unless its weight is zero (RFC 9110 §12.4.2).

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::detector_settings::OptIn;
use super::header_scan::{FoundHeaders, Slot, WantedHeaders};
use crate::diagnostics::{Diagnostics, FaultCode};

/// The most characters the value of the opt-in header may have.
const LONGEST_OPT_IN: usize = 256;

/// A compiled opt-in.
#[derive(Debug)]
pub(super) enum OptInRule {
    /// The header has exactly this value.
    Value(Slot, Box<[u8]>),
    /// The header's list has this member.
    Member(HeaderName, Box<[u8]>),
}

impl OptInRule {
    /// The rule, or the faults of the settings.
    pub(super) fn compile(
        opt_in: &OptIn,
        wanted: &mut WantedHeaders,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let value = opt_in.value.as_bytes();
        let name = HeaderName::try_from(&*opt_in.header).ok();
        let list = name.filter(is_list);
        if !is_sendable(value) {
            let expected = format!("1 to {LONGEST_OPT_IN} visible ASCII characters, for example 1");
            add_fault(opt_in, expected, diagnostics);
        } else if list
            .as_ref()
            .is_some_and(|name| !is_one_member(name, value))
        {
            let expected = "one member of the list, without a weight; for Accept a media type";
            add_fault(opt_in, expected.to_owned(), diagnostics);
        }
        let slot = wanted.parse(&opt_in.header, "/opt_in/header", diagnostics)?;
        Some(match list {
            Some(name) => Self::Member(name, value.into()),
            None => Self::Value(slot, value.into()),
        })
    }

    /// Whether the caller opts in.
    pub(super) fn holds(&self, found: &FoundHeaders<'_>, headers: &HeaderMap) -> bool {
        match self {
            Self::Value(slot, value) => found.value(*slot) == Some(value),
            Self::Member(name, member) => {
                let lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
                let mut members = lines.flat_map(|line| split(line, b','));
                if name == "prefer" {
                    // The first of a name counts (RFC 7240 §2).
                    let sent = members.find(|sent| has_same_name(sent, member));
                    sent.is_some_and(|sent| is_member(sent, member, is_same))
                } else {
                    members.any(|sent| is_member(sent, member, <[u8]>::eq_ignore_ascii_case))
                }
            }
        }
    }
}

fn add_fault(opt_in: &OptIn, expected: String, diagnostics: &mut Diagnostics) {
    let code = FaultCode::InvalidOptInValue;
    diagnostics.add_at("/opt_in/value", code, &opt_in.value, expected);
}

fn is_sendable(value: &[u8]) -> bool {
    let is_sendable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    (1..=LONGEST_OPT_IN).contains(&value.len())
        && value.trim_ascii() == value
        && value.iter().all(is_sendable)
}

/// Whether the members of this header are what callers accept or prefer.
fn is_list(name: &HeaderName) -> bool {
    let name = name.as_str();
    name == "prefer" || name == "accept" || name.starts_with("accept-")
}

fn is_one_member(name: &HeaderName, value: &[u8]) -> bool {
    let mut parts = split(value, b';');
    let may_begin = |head: &[u8]| !head.is_empty() && (name != "accept" || head.contains(&b'/'));
    split(value, b',').count() == 1
        && parts.next().is_some_and(may_begin)
        && parts.all(|part| !name_and_value(part).0.eq_ignore_ascii_case(b"q"))
}

/// Whether a member of a list is the wanted one and has its parameters, in any order, and a weight above zero.
fn is_member(sent: &[u8], wanted: &[u8], is_same_head: fn(&[u8], &[u8]) -> bool) -> bool {
    let (mut parts, mut wanted) = (split(sent, b';'), split(wanted, b';'));
    let heads = parts.next().zip(wanted.next());
    heads.is_some_and(|(sent, wanted)| is_same_head(sent, wanted))
        && wanted.all(|wanted| parts.clone().any(|part| is_same(part, wanted)))
        && !parts.any(is_zero_weight)
}

fn has_same_name(left: &[u8], right: &[u8]) -> bool {
    let name = |member| {
        split(member, b';')
            .next()
            .map(|head| name_and_value(head).0)
    };
    name(left)
        .zip(name(right))
        .is_some_and(|(left, right)| left.eq_ignore_ascii_case(right))
}

/// Whether two preferences or parameters have the same name, in any letter case, and the same value.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let ((left, left_value), (right, right_value)) = (name_and_value(left), name_and_value(right));
    left.eq_ignore_ascii_case(right) && unquoted(left_value).eq(unquoted(right_value))
}

fn is_zero_weight(part: &[u8]) -> bool {
    let (name, value) = name_and_value(part);
    let is_zero = |value: &[u8]| value.starts_with(b"0") && value.iter().all(|b| b"0.".contains(b));
    name.eq_ignore_ascii_case(b"q") && is_zero(value)
}

/// A parameter's name, and its value as sent: empty without one (RFC 7240 §2).
fn name_and_value(part: &[u8]) -> (&[u8], &[u8]) {
    let equals = part.iter().position(|byte| *byte == b'=');
    let (name, value) = part.split_at(equals.unwrap_or(part.len()));
    let value = value.strip_prefix(b"=").unwrap_or_default();
    (name.trim_ascii(), value.trim_ascii())
}

/// The characters of a value that may be a quoted string (RFC 9110 §5.6.4).
fn unquoted(value: &[u8]) -> impl Iterator<Item = u8> {
    let quoted = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    let is_quoted = quoted.is_some();
    let mut bytes = quoted.unwrap_or(value).iter().copied();
    std::iter::from_fn(move || match bytes.next()? {
        b'\\' if is_quoted => bytes.next(),
        byte => Some(byte),
    })
}

/// The parts of a text between separators that are not in quoted strings, without the blanks around.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> + Clone {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(move |byte| {
        let escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'"' if !escaped => is_quoted = !is_quoted,
            b'\\' if is_quoted && !escaped => is_escaped = true,
            _ => {}
        }
        *byte == separator && !is_quoted
    });
    parts.map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::super::SignalDetector;
    use super::*;
    use crate::caller::caller::Generation;
    use crate::caller::detect::Detect;
    use crate::caller::fingerprint::FingerprintKey;

    fn detector(header: &str, value: &str) -> SignalDetector {
        let builder = SignalDetector::builder(["AGENT"]).kind_header("x-kind");
        let builder = builder.opt_in(header, value);
        builder.build(&FingerprintKey::new([1; 16])).unwrap()
    }

    fn opts_in(detector: &SignalDetector, lines: &[&'static str]) -> bool {
        let (mut head, ()) = http::Request::new(()).into_parts();
        for line in lines {
            let name = detector.vary().names()[1].clone();
            head.headers.append(name, HeaderValue::from_static(line));
        }
        detector.detect(&head).generation() == Generation::Target
    }

    #[test]
    fn accepting_a_media_type_among_others_opts_in() {
        let v2 = detector("Accept", "application/vnd.acme.v2+json");
        for lines in [
            &["application/vnd.acme.v2+json"] as &[_],
            &["application/json;q=0.5, Application/vnd.acme.v2+JSON"],
            &["application/vnd.acme.v2+json;charset=utf-8; q=0.001,*/*;q=0.1"],
            &[
                "application/json",
                "text/html;x=\"a,b\" , application/vnd.acme.v2+json ; q=1",
            ],
        ] {
            assert!(opts_in(&v2, lines), "{lines:?}");
        }
        for lines in [
            &[] as &[_],
            &["*/*"],
            &["application/*"],
            &["application/vnd.acme.v2+json;q=0"],
            &["application/vnd.acme.v2+json ;Q= 0.000, application/json"],
            &["application/vnd.acme.v2+jsonx, xapplication/vnd.acme.v2+json"],
            &["text/html;x=\"a, application/vnd.acme.v2+json\""],
            &["text/html;x=\"\\\", application/vnd.acme.v2+json,\""],
        ] {
            assert!(!opts_in(&v2, lines), "{lines:?}");
        }
    }

    #[test]
    fn the_parameters_of_the_setting_must_be_sent() {
        let v2 = detector("accept", "application/json; version=2");
        for line in [
            "application/json;version=2",
            "application/json; q=0.9; charset=utf-8; Version=\"2\"",
            "application/json;version=1, application/json;version=\"\\2\"",
        ] {
            assert!(opts_in(&v2, &[line]), "{line}");
        }
        for line in [
            "application/json",
            "application/json;version=20",
            "application/json;version=2;q=0",
        ] {
            assert!(!opts_in(&v2, &[line]), "{line}");
        }
    }

    #[test]
    fn a_preference_among_others_opts_in() {
        let status = detector("Prefer", "responses=status-driven");
        for line in [
            "responses=status-driven",
            "respond-async, wait=100, Responses = \"status-driven\"; x=1",
        ] {
            assert!(opts_in(&status, &[line]), "{line}");
        }
        for line in [
            "responses",
            "responses=Status-Driven",
            "responses=status-driven;q=0",
            "x;responses=status-driven",
            "responses=other, responses=status-driven",
        ] {
            assert!(!opts_in(&status, &[line]), "{line}");
        }
        let bare = detector("Prefer", "status-driven");
        assert!(opts_in(&bare, &["wait=1,status-driven=\"\""]));
        assert!(!opts_in(&bare, &["status-driven=1"]));
    }

    #[test]
    fn a_member_that_cannot_be_one_is_refused() {
        for value in [
            "application/json, text/html",
            "application/json;q=0.5",
            ";x=1",
            "a/b,",
            "v2",
        ] {
            let builder = SignalDetector::builder(["AGENT"]).kind_header("x-kind");
            let builder = builder.opt_in("Accept", value);
            let error = builder.build(&FingerprintKey::new([1; 16])).unwrap_err();
            assert_eq!(
                error.faults()[0].code(),
                FaultCode::InvalidOptInValue,
                "{value}"
            );
        }
        let builder = SignalDetector::builder(["AGENT"]).kind_header("x-kind");
        let whole = builder.opt_in("X-Features", "a, b;q=0");
        assert!(whole.build(&FingerprintKey::new([1; 16])).is_ok());
    }
}
