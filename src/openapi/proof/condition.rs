//! Which of the possible responses an outcome matches.

use serde_json::Value;

use super::possible::{HeaderValues, Possible, PossibleBody};
use crate::{
    contract::{
        Outcome,
        definition::condition::{Alternative, Condition, MatchTarget},
    },
    openapi::{
        document::{
            operation::{Operation, essence, is_json},
            place::Spoiled,
        },
        values::{reader::Reader, value_set::ValueSet},
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
    new: &Operation<'d>,
    outcome: &Outcome,
    possible: &Possible<'d>,
) -> Result<Matched<'d>, Spoiled> {
    let none = || Matched {
        matched: None,
        left: Some(possible.clone()),
    };
    let mut certain = true;
    let mut fields = Vec::new();
    for condition in &outcome.conditions {
        match &condition.on {
            MatchTarget::Field(pointer) => match values(condition) {
                Some(values) => fields.push((tokens(pointer), values)),
                None => certain = false,
            },
            on => match head_holds(reader, new, on, condition, possible)? {
                Holds::Never => return Ok(none()),
                Holds::Sometimes => certain = false,
                Holds::Always => {}
            },
        }
    }
    let has_other_fields = outcome.reads_fields() && fields.is_empty();
    if fields.is_empty() && !has_other_fields {
        return Ok(Matched {
            matched: Some(possible.clone()),
            left: (!certain).then(|| possible.clone()),
        });
    }
    let json = possible.media.as_deref().is_some_and(is_json);
    let set = match &possible.body {
        PossibleBody::Values(set) if json => set,
        // Conditions on fields hold of JSON bodies only.
        PossibleBody::Absent | PossibleBody::Values(_) => return Ok(none()),
        PossibleBody::Undocumented => {
            return Ok(Matched {
                matched: Some(possible.clone()),
                left: Some(possible.clone()),
            });
        }
    };
    if has_other_fields {
        return Ok(Matched {
            matched: Some(possible.clone()),
            left: Some(possible.clone()),
        });
    }
    let mut matched = set.clone();
    let mut left: Vec<ValueSet<'d>> = Vec::new();
    for (pointer, values) in &fields {
        left.push(reader.without_field(&matched, pointer, values)?);
        matched = reader.with_field(&matched, pointer, values)?;
    }
    let left = if certain {
        union(reader, &left)?
    } else {
        set.clone()
    };
    let with = |set: ValueSet<'d>| {
        (!reader.is_empty(&set, 4)).then(|| Possible {
            body: PossibleBody::Values(set),
            ..possible.clone()
        })
    };
    Ok(Matched {
        matched: with(matched),
        left: with(left),
    })
}

#[allow(
    clippy::match_wildcard_for_single_variants,
    reason = "what is added to the language decides nothing until it is added here"
)]
fn head_holds<'d>(
    reader: &Reader<'d>,
    new: &Operation<'d>,
    on: &MatchTarget,
    condition: &Condition,
    possible: &Possible<'d>,
) -> Result<Holds, Spoiled> {
    // Of other forms than values it is not known whether they hold.
    let Some(values) = values(condition) else {
        return Ok(Holds::Sometimes);
    };
    match on {
        MatchTarget::RequestField(pointer) => {
            let Some(schema) = new.request_schema() else {
                return Ok(Holds::Sometimes);
            };
            let set = ValueSet::Schema(schema);
            let set = reader.with_field(&set, &tokens(pointer), &values)?;
            Ok(if reader.is_empty(&set, 4) {
                Holds::Never
            } else {
                Holds::Sometimes
            })
        }
        MatchTarget::Header(name) if name.eq_ignore_ascii_case("content-type") => {
            Ok(media_holds(&values, possible))
        }
        MatchTarget::Header(name) => header_holds(reader, name, &values, possible),
        _ => Ok(Holds::Sometimes),
    }
}

fn media_holds(values: &[Value], possible: &Possible<'_>) -> Holds {
    let Some(media) = &possible.media else {
        return Holds::Never;
    };
    let mut lines = values.iter().filter_map(Value::as_str);
    if lines.any(|line| essence(line) == essence(media)) {
        // The line may have parameters.
        Holds::Sometimes
    } else {
        Holds::Never
    }
}

fn header_holds<'d>(
    reader: &Reader<'d>,
    name: &str,
    values: &[Value],
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
    let matched = reader.with_field(&set, &[], values)?;
    let left = reader.without_field(&set, &[], values)?;
    Ok(if reader.is_empty(&matched, 4) {
        Holds::Never
    } else if header.certain && reader.is_empty(&left, 4) {
        Holds::Always
    } else {
        Holds::Sometimes
    })
}

/// The values of which one is required; `None` if it may be something else.
fn values(condition: &Condition) -> Option<Vec<Value>> {
    let alternatives = condition.matcher.0.iter();
    let value = |alternative: &Alternative| match alternative {
        Alternative::Value(value) => serde_json::to_value(value).ok(),
        Alternative::Pattern(_) | Alternative::Present | Alternative::Absent => None,
    };
    alternatives.map(value).collect()
}

fn union<'d>(reader: &Reader<'d>, sets: &[ValueSet<'d>]) -> Result<ValueSet<'d>, Spoiled> {
    let mut all = Vec::new();
    for set in sets {
        all.extend(reader.alternatives(set)?.iter().cloned());
    }
    Ok(ValueSet::any_of(all))
}

/// The reference tokens of a JSON pointer (RFC 6901, section 4).
pub(crate) fn tokens(pointer: &str) -> Vec<String> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect()
}
