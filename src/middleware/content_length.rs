//! Values of `Content-Length`, without an allocation for the lengths that legacy bodies have.

use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderValue;

const DIGITS: usize = 4;

/// The lengths below this one are written in [`NUMBERS`].
const END: usize = 10_000;

/// The values of the lengths that most legacy bodies have.
static SHORT: LazyLock<Box<[HeaderValue]>> = LazyLock::new(|| (0..1024).map(value).collect());

/// All numbers of four digits, one after the other.
static NUMBERS: [[u8; DIGITS]; END] = {
    let mut numbers = [[b'0'; DIGITS]; END];
    let mut number = 1;
    while number < END {
        numbers[number] = following(numbers[number - 1]);
        number += 1;
    }
    numbers
};

const fn following(mut number: [u8; DIGITS]) -> [u8; DIGITS] {
    let mut digit = DIGITS - 1;
    while number[digit] == b'9' {
        number[digit] = b'0';
        digit -= 1;
    }
    number[digit] += 1;
    number
}

/// The value for a body of this length. From 10,000 bytes on, it is an allocation.
#[inline]
pub(super) fn content_length(length: usize) -> HeaderValue {
    let short = SHORT.get(length);
    short.map_or_else(|| value(length), HeaderValue::clone)
}

#[inline(never)]
fn value(length: usize) -> HeaderValue {
    let zeros = match length {
        0..10 => 3,
        10..100 => 2,
        100..1000 => 1,
        _ => 0,
    };
    let digits = NUMBERS.get(length).map(|digits| &digits[zeros..]);
    let digits = digits.map(|digits| HeaderValue::from_maybe_shared(Bytes::from_static(digits)));
    match digits {
        Some(Ok(digits)) => digits,
        _ => length.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_written_in_decimal() {
        for length in (0..=END + 1).chain([65_536, usize::MAX]) {
            assert_eq!(content_length(length), length.to_string().as_str());
        }
    }
}
