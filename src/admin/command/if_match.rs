//! The last decision as an entity tag, the number of its event: sent as `ETag`, and received as the condition of a command.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{ETAG, IF_MATCH},
};
use serde::Serialize;

use crate::admin::problem::{Problem, ProblemKind};

/// The condition of a request on the last decision (RFC 9110 §13.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    Absent,
    /// `*`: any decision.
    Any,
    /// One of these events. A foreign or weak entity tag is `None` and never matches.
    Tags(Vec<Option<u64>>),
}

impl IfMatch {
    pub(crate) fn decision(decision: u64) -> Self {
        Self::Tags(vec![Some(decision)])
    }

    /// Reads the header.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut lines = headers.get_all(IF_MATCH).iter().peekable();
        if lines.peek().is_none() {
            return Ok(Self::Absent);
        }
        let mut texts = Vec::new();
        for line in lines {
            texts.push(line.to_str().map_err(|_| malformed())?);
        }
        let text = texts.join(",");
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let tags = tags(&text).ok_or_else(malformed)?;
        Ok(Self::Tags(tags))
    }

    /// The decision that a command must expect, given the last one; `None` if it need not expect any.
    pub(crate) fn expected(&self, decision: u64) -> Result<Option<u64>, NoSuchDecision> {
        let Self::Tags(tags) = self else {
            return Ok(None);
        };
        if tags.contains(&Some(decision)) {
            return Ok(Some(decision));
        }
        // The latest tag shows best what the client has seen.
        let latest = tags.iter().copied().max().flatten();
        latest.map(Some).ok_or(NoSuchDecision)
    }
}

/// No tag is an event that the journal could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchDecision;

fn malformed() -> Problem {
    let detail =
        r#"`If-Match` is neither `*` nor a list of entity tags such as "42", in double quotes."#;
    Problem::new(ProblemKind::Malformed, detail)
}

/// The list of entity tags (RFC 9110 §8.8.3), in which empty elements are allowed (§5.6.1).
fn tags(text: &str) -> Option<Vec<Option<u64>>> {
    let mut tags = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            continue;
        }
        let strong = rest.strip_prefix("W/");
        let (opaque, after) = strong.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if !opaque.bytes().all(|byte| byte == 0x21 || byte >= 0x23) {
            return None;
        }
        tags.push(if strong.is_some() {
            None
        } else {
            number(opaque)
        });
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    (!tags.is_empty()).then_some(tags)
}

/// Each number has one spelling.
fn number(opaque: &str) -> Option<u64> {
    let number: u64 = opaque.parse().ok()?;
    (number.to_string() == opaque).then_some(number)
}

/// A JSON response with the last decision as its entity tag (RFC 9110 §8.8.3).
///
/// The tag identifies what a decision is based on and not the bytes: figures change without an event. Responses are not cached, so the
/// tag only serves conditions.
pub(crate) struct WithEtag<T>(pub(crate) u64, pub(crate) T);

impl<T: Serialize> IntoResponse for WithEtag<T> {
    fn into_response(self) -> Response {
        let Self(decision, value) = self;
        let tag = HeaderValue::from_str(&format!("\"{decision}\""));
        let tag = tag.expect("digits in quotes are a header value");
        ([(ETAG, tag)], Json(value)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(lines: &[&'static str]) -> Result<IfMatch, ProblemKind> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_static(line));
        }
        IfMatch::of(&headers).map_err(|problem| problem.kind())
    }

    #[test]
    fn every_form_of_the_header_is_read() {
        assert_eq!(read(&[]), Ok(IfMatch::Absent));
        assert_eq!(read(&["*"]), Ok(IfMatch::Any));
        assert_eq!(read(&["\"42\""]), Ok(IfMatch::decision(42)));
        assert_eq!(
            read(&["\"42\", W/\"43\" ,, \"a,b\"", "\"007\",\"44\""]),
            Ok(IfMatch::Tags(vec![Some(42), None, None, None, Some(44)]))
        );
    }

    #[test]
    fn anything_but_a_list_of_entity_tags_is_malformed() {
        for line in [
            "42",
            "\"42",
            "\"42\" \"43\"",
            "",
            ",",
            "*, \"42\"",
            "w/\"42\"",
            "\"4 2\"",
            "W/ \"42\"",
        ] {
            assert_eq!(read(&[line]), Err(ProblemKind::Malformed), "{line:?}");
        }
    }

    #[test]
    fn the_last_decision_is_expected_if_named_or_else_the_latest() {
        let tags = |tags: &[Option<u64>]| IfMatch::Tags(tags.to_vec());
        assert_eq!(IfMatch::Any.expected(9), Ok(None));
        assert_eq!(tags(&[Some(7), Some(9), Some(10)]).expected(9), Ok(Some(9)));
        assert_eq!(tags(&[Some(7), None, Some(8)]).expected(9), Ok(Some(8)));
        assert_eq!(
            tags(&[None]).expected(9),
            Err(NoSuchDecision),
            "a weak tag never matches"
        );
    }
}
