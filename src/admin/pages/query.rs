//! Query strings of links.

use std::fmt::Write;

/// Names and values as a query string; what has no value is left out.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

/// Leaves the unreserved characters of RFC 3986 §2.3 as they are.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            write!(into, "%{byte:02X}").expect("a string takes all that is written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_is_encoded_and_what_is_empty_left_out() {
        let text = query(&[("kind", "a&b=ü"), ("state", ""), ("window", "24h")]);
        assert_eq!(text, "?kind=a%26b%3D%C3%BC&window=24h");
        assert_eq!(query(&[]), "");
    }
}
