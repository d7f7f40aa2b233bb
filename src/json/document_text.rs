//! Reading a document's text: numbers keep their spelling, and what is not JSON is one fault that names its place.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Error, value::RawValue};

use super::{
    number::Number,
    ordered_value::{OrderedValue, Scalar},
};
use crate::diagnostics::{Diagnostics, FaultCode};

/// The most levels of arrays and objects that a document may have.
pub(crate) const MAX_DOCUMENT_DEPTH: usize = 127;

/// The JSON document in `text`. Text that is not JSON is one fault: what was found, and its line and column.
pub(crate) fn parse<E: From<Diagnostics>>(text: &str) -> Result<OrderedValue, E> {
    read(text).map_err(|fault| {
        let mut diagnostics = Diagnostics::default();
        let expected = match fault.at {
            Some(Location { line, column }) => {
                format!("{} at line {line} column {column}", fault.expected)
            }
            None => fault.expected,
        };
        diagnostics.add(FaultCode::InvalidJson, fault.found, expected);
        diagnostics.into()
    })
}

/// Where it shows that a text is not JSON, if it is not.
#[cfg(feature = "cli")]
pub(super) fn malformed(text: &str) -> Option<Location> {
    let fault = read(text).err()?;
    Some(fault.at.unwrap_or_else(|| Location::at(text, 0)))
}

/// A line and a column, both from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Location {
    /// That of the character at this offset, which is at a boundary of characters.
    pub(crate) fn at(text: &str, offset: usize) -> Self {
        let before = &text[..offset];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a text is not JSON.
struct Malformed {
    /// Unless that is its beginning.
    at: Option<Location>,
    found: String,
    expected: String,
}

fn read(text: &str) -> Result<OrderedValue, Malformed> {
    if text.starts_with('\u{feff}') {
        return Err(Malformed {
            at: None,
            found: "U+FEFF".to_owned(),
            expected: "a JSON document without a byte order mark before it (RFC 8259, section 8.1)"
                .to_owned(),
        });
    }
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
        let before = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let line: usize = before.map(str::len).sum();
        Malformed::at(text, line + error.column().saturating_sub(1), &error)
    })?;
    value(whole, MAX_DOCUMENT_DEPTH).map_err(|(part, error)| {
        // A part of `text`, so that its address is its place.
        let start = part.as_ptr().addr() - text.as_ptr().addr();
        Malformed::at(text, start, &error)
    })
}

impl Malformed {
    /// How much is shown of the text, in characters.
    const EXCERPT: usize = 20;

    fn at(text: &str, offset: usize, error: &Error) -> Self {
        let offset = if error.is_eof() { text.len() } else { offset };
        let offset = (0..=offset.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        let offset = offset.unwrap_or_default();
        let at = Location::at(text, offset);
        let found: String = text[offset..].chars().take(Self::EXCERPT).collect();
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        Self {
            at: Some(at),
            found: if found.trim().is_empty() {
                "the end".to_owned()
            } else {
                found
            },
            expected: format!("a JSON document: {reason}"),
        }
    }
}

/// Reads what is JSON by its grammar. An error comes with the part of the text that it is in.
fn value(raw: &RawValue, depth: usize) -> Result<OrderedValue, (&str, Error)> {
    let text = raw.get();
    let at_part = |error| (text, error);
    match text.as_bytes() {
        [b'{' | b'[', ..] if depth == 0 => Err(at_part(Error::custom(format!(
            "more than {MAX_DOCUMENT_DEPTH} levels of arrays and objects"
        )))),
        [b'{', ..] => {
            let Members(members) = serde_json::from_str(text).map_err(at_part)?;
            let read = |(name, part)| Ok((name, value(part, depth - 1)?));
            Ok(OrderedValue::Object(
                members.into_iter().map(read).collect::<Result<_, _>>()?,
            ))
        }
        [b'[', ..] => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(at_part)?;
            let read = |part| value(part, depth - 1);
            Ok(OrderedValue::Array(
                items.into_iter().map(read).collect::<Result<_, _>>()?,
            ))
        }
        [b'-' | b'0'..=b'9', ..] => {
            let number = Number::parse(text).map_err(at_part)?;
            Ok(OrderedValue::Scalar(Scalar::Number(number)))
        }
        _ => serde_json::from_str(text).map_err(at_part),
    }
}

/// The members of an object in their order, with the text of each value.
pub(super) struct Members<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::diagnostics::Fault;

    #[derive(Debug)]
    struct Faults(Vec<Fault>);

    impl From<Diagnostics> for Faults {
        fn from(diagnostics: Diagnostics) -> Self {
            Self(diagnostics.into_faults())
        }
    }

    fn written(text: &str) -> String {
        parse::<Faults>(text).unwrap().to_string()
    }

    fn fault(text: &str) -> String {
        let faults = parse::<Faults>(text).expect_err("it is not JSON").0;
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_order_of_members_their_repetitions_and_the_spelling_of_numbers_stay() {
        let text =
            r#"{"b":[1.10,1E2,-0,12345678901234567890123],"a":{"a":null,"a":"\"\\"},"a":true}"#;
        assert_eq!(written(text), text);
        assert_eq!(written(&format!(" \r\n{text}\t")), text);
    }

    #[test]
    fn a_fault_says_what_was_found_and_where() {
        for (text, found, place) in [
            (
                "",
                "`the end`",
                "EOF while parsing a value at line 1 column 1",
            ),
            (
                "{\"a\":",
                "`the end`",
                "EOF while parsing a value at line 1 column 6",
            ),
            ("<!DOCTYPE html>", "`<!DOCTYPE html>`", "at line 1 column 1"),
            (
                "{\n  \"ä\": trx}",
                "`x}`",
                "expected ident at line 2 column 10",
            ),
            (
                "{\"a\":1}}",
                "`}`",
                "trailing characters at line 1 column 8",
            ),
            (
                "{\"a\":\n[\"\\ud800\"]}",
                "`\"\\ud800\"]}`",
                "at line 2 column 2",
            ),
            (
                "[1,\n 1e1234567890]",
                "`1e1234567890]`",
                "number out of range at line 2 column 2",
            ),
        ] {
            let fault = fault(text);
            assert!(
                fault.starts_with("at the top level: invalid json "),
                "{fault}"
            );
            assert!(fault.contains(found) && fault.contains(place), "{fault}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let expected = "at the top level: invalid json `U+FEFF`; expected a JSON document without a byte order mark \
                        before it (RFC 8259, section 8.1)";
        assert_eq!(fault("\u{feff}{}"), expected);
    }

    #[test]
    fn a_document_has_at_most_127_levels() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(written(&nested(127)), nested(127));
        assert!(fault(&nested(128)).contains("more than 127 levels"));
        assert!(fault(&nested(100_000)).contains("more than 127 levels"));
    }

    proptest! {
        #[test]
        fn what_serde_json_reads_is_read_as_the_same(text in r#"[\[\]{},:"ab1e.\\\- ]{0,24}"#) {
            let expected = serde_json::from_str::<Value>(&text).ok();
            let read = parse::<Faults>(&text).ok();
            prop_assert!(expected.is_none() || read.is_some(), "{}", text);
            if let (Some(expected), Some(read)) = (expected, read) {
                let written = serde_json::from_str::<Value>(&read.to_string()).unwrap();
                prop_assert_eq!(written, expected);
            }
        }
    }
}
