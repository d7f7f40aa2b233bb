//! The parts of HTTP's grammar that several modules read.

use http::{HeaderMap, HeaderValue, header};

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

/// Whether all bytes are visible ASCII.
#[inline]
pub(crate) fn is_visible(value: &[u8]) -> bool {
    no_byte(value, strangeness, |byte| !byte.is_ascii_graphic())
}

/// Whether all bytes are visible ASCII, and none is a quote or backslash, so that a JSON string has them as they are.
#[inline]
pub(crate) fn is_visible_and_plain(value: &[u8]) -> bool {
    no_byte(
        value,
        |word| strangeness(word) | equality(word, b'"') | equality(word, b'\\'),
        |byte| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\\'),
    )
}

/// Whether there is no byte of a kind. Eight at a time, because each byte of each identity and captured header is read; the last
/// eight may overlap those before.
#[inline]
fn no_byte(value: &[u8], in_word: impl Fn([u8; 8]) -> u64, is_one: impl Fn(&u8) -> bool) -> bool {
    let Some(last) = value.last_chunk() else {
        return !value.iter().any(is_one);
    };
    let (words, _) = value.as_chunks();
    let words = words.iter();
    let found = words.fold(in_word(*last), |all, word| all | in_word(*word));
    found & HIGH_BITS == 0
}

const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Has the high bit of some byte set if not all eight bytes are visible ASCII: those that are have it unset,
/// get it by adding what is missing from `!` to 0x80, and do not by adding 1, as DEL would.
#[inline]
const fn strangeness(word: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(word);
    let from_first = word.wrapping_add(u64::from_ne_bytes([0x80 - b'!'; 8]));
    let after_last = word.wrapping_add(u64::from_ne_bytes([0x80 - 0x7f; 8]));
    word | !from_first | after_last
}

/// Has the high bit of each byte set that is this one, if all eight are ASCII.
#[inline]
const fn equality(word: [u8; 8], byte: u8) -> u64 {
    let difference = u64::from_ne_bytes(word) ^ u64::from_ne_bytes([byte; 8]);
    !difference.wrapping_add(u64::from_ne_bytes([0x7f; 8]))
}

/// The message's media type without its parameters (RFC 9110, section 8.3.1), if it has one. Of several lines the first
/// counts.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&[u8]> {
    essence(headers.get(header::CONTENT_TYPE)?.as_bytes())
}

fn essence(value: &[u8]) -> Option<&[u8]> {
    let essence = value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let slash = essence.iter().position(|byte| *byte == b'/')?;
    let (kind, subtype) = (&essence[..slash], &essence[slash + 1..]);
    (token(kind).is_some() && token(subtype).is_some()).then_some(essence)
}

/// Whether the message's media type is `application/json`, or another with the suffix `+json` (RFC 6839, section 3.1).
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    value.is_some_and(|value| is_json_type(value.as_bytes()))
}

fn is_json_type(value: &[u8]) -> bool {
    essence(value).is_some_and(|essence| {
        let (before, suffix) = essence.split_at(essence.len().saturating_sub(b"+json".len()));
        essence.eq_ignore_ascii_case(b"application/json")
            || suffix.eq_ignore_ascii_case(b"+json") && !before.ends_with(b"/")
    })
}

/// What the message's media type says of whether its body is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonByType {
    Yes,
    /// `text/plain`, or no type at all: the text decides.
    Perhaps,
    No,
}

impl JsonByType {
    /// Whether the body is a JSON text by the value of its `Content-Type`. A stream of such texts is none.
    #[inline]
    fn of(value: &[u8]) -> Self {
        if value == b"application/json" {
            Self::Yes
        } else {
            Self::of_other(value)
        }
    }

    fn of_other(value: &[u8]) -> Self {
        let essence = value.split(|byte| *byte == b';').next();
        let essence = essence.unwrap_or_default().trim_ascii();
        if essence.is_empty() || essence.eq_ignore_ascii_case(b"text/plain") {
            Self::Perhaps
        } else if is_json_type(value) && !essence.eq_ignore_ascii_case(b"application/stream+json") {
            Self::Yes
        } else {
            Self::No
        }
    }
}

/// What the headers of a message say of how its body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodySyntax {
    pub(crate) by_type: JsonByType,
    /// Whether it has a content coding (RFC 9110, section 8.4) other than `identity`.
    pub(crate) is_encoded: bool,
}

impl BodySyntax {
    /// By all headers. Of several types the first counts.
    #[inline]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        /// As many are looked through in one pass before two look-ups cost less.
        const FEW: usize = 8;
        if headers.len() <= FEW && headers.len() == headers.keys_len() {
            Self::in_one_pass(headers)
        } else {
            Self::by_look_ups(headers)
        }
    }

    /// Of headers with one line each.
    #[inline]
    fn in_one_pass(headers: &HeaderMap) -> Self {
        let mut type_at = None;
        for (at, name) in headers.keys().enumerate() {
            if *name == header::CONTENT_TYPE {
                type_at = Some(at);
            } else if *name == header::CONTENT_ENCODING {
                return Self::by_look_ups(headers);
            }
        }
        let line = type_at.and_then(|at| headers.values().nth(at));
        Self {
            by_type: JsonByType::of(line.map_or(b"", HeaderValue::as_bytes)),
            is_encoded: false,
        }
    }

    fn by_look_ups(headers: &HeaderMap) -> Self {
        let value = headers.get(header::CONTENT_TYPE);
        Self {
            by_type: JsonByType::of(value.map_or(b"", HeaderValue::as_bytes)),
            is_encoded: is_encoded(headers),
        }
    }
}

/// Whether the body is `application/x-www-form-urlencoded` by its media type.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let form = b"application/x-www-form-urlencoded";
    media_type(headers).is_some_and(|essence| essence.eq_ignore_ascii_case(form))
}

/// Whether the message has a content coding (RFC 9110, section 8.4) other than `identity`.
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
    lines.any(|line| has_coding(line.as_bytes()))
}

fn has_coding(line: &[u8]) -> bool {
    let mut codings = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// The elements of a list (RFC 9110, section 5.6.1), empty ones too. A comma in quotes or in a link's `<…>` separates none.
pub(crate) fn list_members(value: &str) -> impl Iterator<Item = &str> + Clone {
    split_outside_quotes(value, ',')
}

/// A parameter of a media type (RFC 9110, section 5.6.6), without the quotes around its value.
pub(crate) fn parameter<'v>(value: &'v str, wanted: &str) -> Option<&'v str> {
    let mut parameters = split_outside_quotes(value, ';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case(wanted).then_some(value)
    })
}

fn split_outside_quotes(value: &str, separator: char) -> impl Iterator<Item = &str> + Clone {
    let (mut end, mut escaped) = (None, false);
    let parts = value.split(move |c| {
        match (c, end) {
            _ if escaped => escaped = false,
            ('\\', Some('"')) => escaped = true,
            (c, Some(quote)) if c == quote => end = None,
            ('"', None) => end = Some('"'),
            ('<', None) => end = Some('>'),
            (c, None) => return c == separator,
            _ => {}
        }
        false
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests {
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
    fn each_byte_at_each_place_is_visible_and_plain_or_not() {
        for length in [1, 7, 8, 9, 15, 16, 17, 36] {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut value = vec![b'a'; length];
                    value[at] = byte;
                    let is_plain = byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
                    assert_eq!(is_visible(&value), byte.is_ascii_graphic(), "{byte}");
                    assert_eq!(is_visible_and_plain(&value), is_plain, "{byte}");
                }
            }
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
            "text/x+json",
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
            "+json",
            "/x+json",
            "application/+json",
            "application/a/b+json",
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

    proptest::proptest! {
        #[test]
        fn one_pass_finds_the_same_as_look_ups(lines in proptest::collection::vec((0..3_usize, 0..5_usize), 0..10)) {
            let names = [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::ACCEPT];
            let values = ["application/json", "text/plain", "", "gzip", "identity"];
            let line = |(name, value): (usize, usize)| (names[name].clone(), HeaderValue::from_static(values[value]));
            let mut headers = HeaderMap::new();
            for (name, value) in lines.into_iter().map(line) {
                headers.append(name, value);
            }
            proptest::prop_assert_eq!(BodySyntax::of(&headers), BodySyntax::by_look_ups(&headers));
        }
    }

    #[test]
    fn any_coding_but_identity_encodes_a_body() {
        let is_encoded = |values: &[&'static str]| {
            let line =
                |value: &&'static str| (header::CONTENT_ENCODING, HeaderValue::from_static(value));
            is_encoded(&values.iter().map(line).collect())
        };
        assert!(!is_encoded(&[]) && !is_encoded(&[" Identity "]));
        for none in ["", " , ", "identity, IDENTITY", "identity,,"] {
            assert!(!is_encoded(&[none]), "{none}");
        }
        assert!(!is_encoded(&["identity", "identity"]));
        assert!(is_encoded(&["gzip"]) && is_encoded(&["identity, br"]));
        assert!(is_encoded(&["identity", "br"]));
    }

    #[test]
    fn a_list_is_separated_by_commas_outside_quotes_and_links() {
        let members = |value| list_members(value).collect::<Vec<_>>();
        assert_eq!(members(""), [""]);
        assert_eq!(members(" , "), ["", ""]);
        assert_eq!(
            members(r#"Basic realm="a, \",b", Bearer"#),
            [r#"Basic realm="a, \",b""#, "Bearer"]
        );
        assert_eq!(
            members("<https://a/?b,,c>; rel=x, <d>"),
            ["<https://a/?b,,c>; rel=x", "<d>"]
        );
    }

    #[test]
    fn a_parameter_is_found_by_its_name_in_any_case() {
        let value = r#"text/plain; a="x;charset=no"; Charset = "UTF-8""#;
        assert_eq!(parameter(value, "charset"), Some("UTF-8"));
        assert_eq!(parameter("text/plain", "charset"), None);
    }
}
