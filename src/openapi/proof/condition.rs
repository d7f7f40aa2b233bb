//! Which of the possible responses an outcome matches.

use serde_json::Value;

use super::possible::{HeaderValues, Possible, PossibleBody};
use crate::{
    contract::{
        Outcome,
        compile::Pattern,
        definition::condition::{Alternative as Choice, Condition, MatchTarget},
    },
    http_syntax::JsonByType,
    openapi::{
        document::{operation::essence, place::Spoiled},
        values::{
            narrowing::FieldTest,
            reader::Reader,
            value_set::{Alternative, Kind, ValueSet},
        },
    },
};

/// The possible responses that an outcome matches, and those left for later outcomes.
pub(crate) struct Matched<'d> {
    pub(crate) matched: Option<Possible<'d>>,
    pub(crate) left: Option<Possible<'d>>,
}

/// How far a condition on the head holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Never,
    Sometimes,
    Always,
}

/// Tries an outcome on possible responses of its status.
pub(crate) fn try_outcome<'d>(
    reader: &Reader<'d>,
    requests: Option<&ValueSet<'d>>,
    outcome: &Outcome,
    possible: &Possible<'d>,
) -> Result<Matched<'d>, Spoiled> {
    let none = Matched {
        matched: None,
        left: Some(possible.clone()),
    };
    let mut certain = true;
    let mut fields = Vec::new();
    for condition in &outcome.conditions {
        match &condition.on {
            MatchTarget::Field(pointer) => fields.push((tokens(pointer), test(condition))),
            on => match head_holds(reader, requests, on, &test(condition), possible)? {
                Holds::Never => return Ok(none),
                Holds::Sometimes => certain = false,
                Holds::Always => {}
            },
        }
    }
    if fields.is_empty() {
        return Ok(Matched {
            matched: Some(possible.clone()),
            left: (!certain).then(|| possible.clone()),
        });
    }
    let set = match (&possible.body, possible.json()) {
        (PossibleBody::Values(set), JsonByType::Yes) => set,
        // Conditions on fields hold of JSON bodies only.
        (PossibleBody::Absent, _) | (_, JsonByType::No) => return Ok(none),
        (_, JsonByType::Yes | JsonByType::Perhaps) => {
            return Ok(Matched {
                matched: Some(possible.with_body(PossibleBody::Undocumented)),
                left: Some(possible.clone()),
            });
        }
    };
    let mut matched = set.clone();
    let mut left: Vec<ValueSet<'d>> = Vec::new();
    for (pointer, test) in &fields {
        left.push(reader.where_field(&matched, pointer, test, false)?);
        matched = reader.where_field(&matched, pointer, test, true)?;
    }
    let left = if certain {
        reader.union(left)
    } else {
        set.clone()
    };
    let with = |set: ValueSet<'d>| {
        (!reader.is_empty(&set, 4)).then(|| possible.with_body(PossibleBody::Values(set)))
    };
    Ok(Matched {
        matched: with(matched),
        left: with(left),
    })
}

/// Whether a condition on the request or on a response header holds.
fn head_holds<'d>(
    reader: &Reader<'d>,
    requests: Option<&ValueSet<'d>>,
    on: &MatchTarget,
    test: &FieldTest,
    possible: &Possible<'d>,
) -> Result<Holds, Spoiled> {
    match (on, requests) {
        (MatchTarget::RequestField(pointer), Some(requests)) => {
            let set = reader.where_field(requests, &tokens(pointer), test, true)?;
            Ok(if reader.is_empty(&set, 4) {
                Holds::Never
            } else {
                Holds::Sometimes
            })
        }
        (MatchTarget::Header(name), _) if name.eq_ignore_ascii_case("content-type") => {
            Ok(media_holds(test, possible))
        }
        (MatchTarget::Header(name), _) => header_holds(reader, name, test, possible),
        // What the documents say of these is not read.
        _ => Ok(Holds::Sometimes),
    }
}

fn media_holds(test: &FieldTest, possible: &Possible<'_>) -> Holds {
    let Some(media) = &possible.media else {
        return if test.absent {
            Holds::Always
        } else {
            Holds::Never
        };
    };
    let mut lines = test.values.iter().filter_map(Value::as_str);
    if test.present {
        Holds::Always
    } else if lines.any(|line| essence(line) == essence(media)) || !test.patterns.is_empty() {
        // The line may have parameters.
        Holds::Sometimes
    } else {
        Holds::Never
    }
}

fn header_holds<'d>(
    reader: &Reader<'d>,
    name: &str,
    test: &FieldTest,
    possible: &Possible<'d>,
) -> Result<Holds, Spoiled> {
    let mut headers = possible.headers.iter();
    let Some(header) = headers.find(|header| header.name.eq_ignore_ascii_case(name)) else {
        return Ok(Holds::Sometimes);
    };
    let HeaderValues::Documented(Some(schema)) = &header.values else {
        return Ok(Holds::Sometimes);
    };
    let set = ValueSet::Schema(schema.clone());
    let is_text = |of: &Alternative<'_>| matches!(of.kind, Kind::Text(_));
    if !reader.alternatives(&set)?.iter().all(is_text) {
        // How a line spells another value is not known.
        return Ok(Holds::Sometimes);
    }
    let matched = reader.where_field(&set, &[], test, true)?;
    let left = reader.where_field(&set, &[], test, false)?;
    let can_match = !reader.is_empty(&matched, 4) || test.absent && !header.certain;
    let can_fail = !reader.is_empty(&left, 4) || !test.absent && !header.certain;
    Ok(match (can_match, can_fail) {
        (false, _) => Holds::Never,
        (true, true) => Holds::Sometimes,
        (true, false) => Holds::Always,
    })
}

fn test(condition: &Condition) -> FieldTest {
    let mut test = FieldTest::default();
    for alternative in &condition.matcher.0 {
        match alternative {
            Choice::Value(value) => test.values.extend(serde_json::to_value(value).ok()),
            Choice::Pattern(pattern) => test.patterns.extend(Pattern::parse(pattern)),
            Choice::Present => test.present = true,
            Choice::Absent => test.absent = true,
        }
    }
    test
}

/// The reference tokens of a JSON pointer (RFC 6901, section 4).
pub(crate) fn tokens(pointer: &str) -> Vec<String> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect()
}
