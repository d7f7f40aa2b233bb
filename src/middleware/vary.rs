//! Telling caches what an answer depends on (RFC 9110, section 12.5.5).

use http::{HeaderMap, HeaderValue, header::VARY};

/// Adds what `value` lists to the answer's `Vary`, unless it is there already or everything is.
pub(super) fn add_vary(headers: &mut HeaderMap, value: &HeaderValue) {
    if !tokens(value).all(|wanted| is_listed(headers, wanted)) {
        headers.append(VARY, value.clone());
    }
}

fn is_listed(headers: &HeaderMap, wanted: &[u8]) -> bool {
    let mut listed = headers.get_all(VARY).iter().flat_map(tokens);
    listed.any(|token| token == b"*" || token.eq_ignore_ascii_case(wanted))
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(before: &[&'static str], add: &'static str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(VARY, HeaderValue::from_static(value));
        }
        add_vary(&mut headers, &HeaderValue::from_static(add));
        headers
            .get_all(VARY)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_not_yet_listed_is_added_in_a_line_of_its_own() {
        assert_eq!(varied(&[], "x-a"), ["x-a"]);
        assert_eq!(varied(&["accept"], "x-a, x-b"), ["accept", "x-a, x-b"]);
    }

    #[test]
    fn what_is_listed_already_is_not_repeated() {
        assert_eq!(varied(&["*"], "x-a"), ["*"]);
        assert_eq!(
            varied(&["Accept , X-A", "x-B"], "x-a, x-b"),
            ["Accept , X-A", "x-B"]
        );
    }
}
