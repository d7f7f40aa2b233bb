//! `application/x-www-form-urlencoded`: the query of a URI, and the bodies of forms (WHATWG URL, section 5.1).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// The values of the parameter `name`, decoded, in their order. Only what is encoded is copied.
pub(crate) fn values<'t>(text: &'t [u8], name: &str) -> impl Iterator<Item = Cow<'t, [u8]>> {
    let pairs = text.split(|byte| *byte == b'&');
    pairs.filter_map(move |pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (found, value) = pair.split_at(equals.unwrap_or(pair.len()));
        let is_named = !pair.is_empty() && *decode(found) == *name.as_bytes();
        is_named.then(|| decode(value.get(1..).unwrap_or_default()))
    })
}

/// All names with their values, decoded.
#[cfg(feature = "openapi")]
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| String::from_utf8_lossy(&decode(text.as_bytes())).into_owned();
        (decoded(name), decoded(value))
    })
}

/// Appends a name or a value, encoded (WHATWG URL, section 5.2).
pub(crate) fn encode(text: &str, to: &mut String) {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'*')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b' ');
    for part in utf8_percent_encode(text, ENCODED) {
        to.extend(part.chars().map(|c| if c == ' ' { '+' } else { c }));
    }
}

/// `+` is a space; other bytes may be percent-encoded.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: &str) -> Vec<String> {
        let values = values(text.as_bytes(), name);
        values
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .collect()
    }

    #[test]
    fn names_and_values_are_decoded() {
        assert_eq!(read("a=1&b=x+y%26z&%61=2", "a"), ["1", "2"]);
        assert_eq!(read("a=1&b=x+y%26z&a=2", "b"), ["x y&z"]);
        assert_eq!(read("a%2Bb=%C3%A9&a+b==", "a+b"), ["é"]);
        assert_eq!(read("a%2Bb=%C3%A9&a+b==", "a b"), ["="]);
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let mut text = "n=".to_owned();
        let value = "a b&c=d+é%\n*-._~";
        encode(value, &mut text);
        assert_eq!(text, "n=a+b%26c%3Dd%2B%C3%A9%25%0A*-._%7E");
        assert_eq!(read(&text, "n"), [value]);
    }

    #[test]
    fn a_parameter_without_a_value_is_there_and_empty() {
        assert_eq!(read("q&r=", "q"), [""]);
        assert_eq!(read("q&r=", "r"), [""]);
        assert_eq!(read("", ""), [""; 0]);
        assert_eq!(read("&&", ""), [""; 0]);
        assert_eq!(read("=x", ""), ["x"]);
    }

    #[test]
    fn what_is_not_encoded_is_not_copied() {
        let plain = values(b"a=plain", "a").next().unwrap();
        assert!(matches!(plain, Cow::Borrowed(b"plain")));
    }

    #[test]
    fn a_broken_escape_stands_for_itself() {
        assert_eq!(read("a=%zz%4", "a"), ["%zz%4"]);
    }
}
