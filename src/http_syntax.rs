//! The parts of HTTP's grammar that several modules read.

use http::{HeaderMap, header};

/// `bytes` as text, if they are a token (RFC 9110, section 5.6.2).
pub(crate) fn token(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() || !bytes.iter().all(|byte| TCHARS[usize::from(*byte)]) {
        return None;
    }
    str::from_utf8(bytes).ok()
}

/// Which bytes a token may have.
const TCHARS: [bool; 256] = {
    let mut chars = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        chars[byte as usize] = byte.is_ascii_graphic() && !is_delimiter(byte);
        byte += 1;
    }
    chars
};

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}

/// Whether the message's media type is `application/json` or has the suffix `+json` (RFC 6839, section 3.1).
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let mut parts = value.as_bytes().split(|byte| *byte == b';');
    let essence = parts.next().unwrap_or_default().trim_ascii();
    let suffix = essence.len().saturating_sub(b"+json".len());
    essence.eq_ignore_ascii_case(b"application/json")
        || essence[suffix..].eq_ignore_ascii_case(b"+json")
}

/// What the message's media type says of whether its body is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonByType {
    Yes,
    /// `text/plain`, or no type at all: the text decides.
    Perhaps,
    No,
}

/// Whether the body is a JSON text by its media type. A stream of such texts is none.
pub(crate) fn json_by_type(headers: &HeaderMap) -> JsonByType {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.map_or(&b""[..], |value| value.as_bytes());
    let essence = value.split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    if essence.is_empty() || essence.eq_ignore_ascii_case(b"text/plain") {
        JsonByType::Perhaps
    } else if is_json(headers) && !essence.eq_ignore_ascii_case(b"application/stream+json") {
        JsonByType::Yes
    } else {
        JsonByType::No
    }
}

/// Whether the message has a content coding (RFC 9110, section 8.4) other than `identity`.
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.any(|coding| {
        let coding = coding.as_bytes().trim_ascii();
        !coding.eq_ignore_ascii_case(b"identity")
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_token_has_the_characters_that_the_rfc_lists() {
        let listed = "!#$%&'*+-.^_`|~";
        for byte in 0..=255_u8 {
            let expected = byte.is_ascii_alphanumeric() || listed.as_bytes().contains(&byte);
            assert_eq!(token(&[byte]).is_some(), expected, "{byte}");
        }
    }

    #[test]
    fn json_is_its_own_media_type_or_the_suffix_of_another() {
        let is_json = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_static(value),
            )]))
        };
        for value in [
            "application/json",
            "Application/JSON; charset=utf-8",
            " application/json ;x",
            "application/problem+json",
            "application/vnd.example.v2+JSON;v=1",
        ] {
            assert!(is_json(value), "{value}");
        }
        for value in [
            "",
            "json",
            "text/html",
            "application/jsonl",
            "application/json-seq",
            "application/xml; x=+json",
            "text/plain, application/json",
        ] {
            assert!(!is_json(value), "{value}");
        }
        assert!(!super::is_json(&HeaderMap::new()));
    }

    #[test]
    fn of_several_content_types_the_first_counts() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        headers.append(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        assert!(!is_json(&headers));
    }

    #[test]
    fn any_coding_but_identity_encodes_a_body() {
        let is_encoded = |values: &[&'static str]| {
            let line =
                |value: &&'static str| (header::CONTENT_ENCODING, HeaderValue::from_static(value));
            is_encoded(&values.iter().map(line).collect())
        };
        assert!(!is_encoded(&[]) && !is_encoded(&[" Identity "]));
        assert!(is_encoded(&["gzip"]) && is_encoded(&["identity, br"]));
    }
}
