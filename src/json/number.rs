//! Numbers as they are written: their spelling is kept, and their values are compared exactly.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// A JSON number (RFC 8259, section 6) in the spelling of its document.
///
/// `serde_json::Number` turns `1.10` into `1.1`, and a long id into a fraction.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Number(Box<str>);

impl Number {
    /// The most digits that an exponent may have, so that any two numbers can be compared.
    const MAX_EXPONENT_DIGITS: usize = 9;

    /// The number in `text`; an error if it is none, or its exponent is out of bounds.
    pub(super) fn parse<E: serde::de::Error>(text: &str) -> Result<Self, E> {
        let raw: &RawValue = serde_json::from_str(text).map_err(E::custom)?;
        let text = raw.get();
        let exponent = text.split_once(['e', 'E']).map_or("", |(_, digits)| digits);
        if exponent.trim_start_matches(['+', '-']).len() > Self::MAX_EXPONENT_DIGITS {
            return Err(E::custom("number out of range"));
        }
        match text.as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Ok(Self(text.into())),
            _ => Err(E::custom("not a number")),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl From<serde_json::Number> for Number {
    fn from(number: serde_json::Number) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Number {
    /// A spelling that `serde_json::Number` cannot keep is written by `serde_json` only.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = serde_json::from_str(&self.0).ok();
        match number.filter(|number: &serde_json::Number| number.to_string() == *self.0) {
            Some(number) => number.serialize(serializer),
            None => serde_json::from_str::<&RawValue>(&self.0)
                .map_err(S::Error::custom)?
                .serialize(serializer),
        }
    }
}

/// Whether two JSON numbers have the same value, however they are written: `10`, `1e1` and `10.0` are one.
///
/// Exact as long as one of them is a [`Number`], whose exponent is bounded.
pub(crate) fn is_same_number(one: &str, other: &str) -> bool {
    let (one, other) = (Decimal::of(one), Decimal::of(other));
    one.negative == other.negative
        && one.exponent == other.exponent
        && one.digits().eq(other.digits())
}

/// A number as its digits, without zeros at either end, times a power of ten.
struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    exponent: i64,
}

impl<'t> Decimal<'t> {
    fn of(text: &'t str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut whole = trim_start(whole.as_bytes());
        let mut fraction = trim_end(fraction.as_bytes());
        let mut exponent = exponent_of(exponent).saturating_sub(length(fraction));
        if fraction.is_empty() {
            let significant = trim_end(whole);
            exponent = exponent.saturating_add(length(whole) - length(significant));
            whole = significant;
        }
        if whole.is_empty() {
            fraction = trim_start(fraction);
        }
        let zero = whole.is_empty() && fraction.is_empty();
        Self {
            negative: !zero && mantissa.starts_with('-'),
            whole,
            fraction,
            exponent: if zero { 0 } else { exponent },
        }
    }

    fn digits(&self) -> impl Iterator<Item = &u8> {
        self.whole.iter().chain(self.fraction)
    }
}

/// One that is out of range is beyond that of any [`Number`], also after it is adjusted by the length of a text.
fn exponent_of(text: &str) -> i64 {
    let beyond = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    text.parse().unwrap_or(beyond)
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

fn trim_start(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

fn trim_end(mut digits: &[u8]) -> &[u8] {
    while let [rest @ .., b'0'] = digits {
        digits = rest;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value_however_they_are_written() {
        for (one, other) in [
            ("1", "1.0"),
            ("10", "1e1"),
            ("100", "1E+2"),
            ("0.001", "1e-3"),
            ("0.0120", "12e-3"),
            ("-0", "0.0e7"),
            ("0e99999999999999999999", "0"),
            (
                "1234567890123456789012345678901234567890",
                "123456789012345678901234567890.123456789e10",
            ),
        ] {
            assert!(is_same_number(one, other), "{one} {other}");
            assert!(is_same_number(other, one), "{other} {one}");
        }
    }

    #[test]
    fn numbers_that_differ_in_any_digit_differ() {
        for (one, other) in [
            ("18446744073709551616", "18446744073709551617"),
            ("9007199254740993", "9007199254740992.0"),
            ("0.1", "0.10000000000000000001"),
            ("1", "-1"),
            ("1", "10"),
            ("1e400", "1e401"),
            ("1e5", "1e99999999999999999999"),
            ("1e-5", "1e-99999999999999999999"),
            ("1", "0"),
        ] {
            assert!(!is_same_number(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_spelling_is_kept_when_it_is_written() {
        for text in [
            "1",
            "-7",
            "1.10",
            "1E2",
            "-0",
            "0.50e+07",
            "12345678901234567890123",
            "1e999",
        ] {
            let number = Number::parse::<serde_json::Error>(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_number_or_cannot_be_compared_is_refused() {
        for text in ["", "+1", "01", "1.", "\"1\"", "[]", "1e1234567890", "NaN"] {
            assert!(Number::parse::<serde_json::Error>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_written_in_another_way_is_the_same(digits in 0..=u64::MAX, shift in 0..12_usize, negative: bool) {
            let sign = if negative { "-" } else { "" };
            let (plain, zeros) = (format!("{sign}{digits}"), "0".repeat(shift));
            let text = digits.to_string();
            let (whole, fraction) = text.split_at(text.len().saturating_sub(shift).max(1));
            let length = fraction.len();
            for other in [
                format!("{sign}{digits}{zeros}e-{shift}"),
                format!("{sign}{digits}.{zeros}E0"),
                format!("{sign}{whole}.{fraction}0e{length}"),
            ] {
                prop_assert!(is_same_number(&plain, &other), "{} {}", plain, other);
            }
        }

        #[test]
        fn whole_numbers_are_compared_as_integers(one in -50..50_i64, other in -50..50_i64) {
            prop_assert_eq!(is_same_number(&one.to_string(), &other.to_string()), one == other);
        }
    }
}
