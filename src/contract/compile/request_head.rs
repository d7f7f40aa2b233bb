//! The head of a request: where a contract finds texts in it, and those texts, kept until the response arrives.

use std::{borrow::Cow, fmt};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use percent_encoding::percent_decode_str;

use super::{headers::header_name, matchers::TextMatcher};
use crate::{
    contract::definition::condition::{Condition, MatchTarget},
    diagnostics::{Diagnostics, FaultCode},
    form,
    http_syntax::{is_visible, is_visible_and_plain},
    json::{FieldScanner, is_plain},
};

/// What an endpoint's templates and conditions read of a request.
#[derive(Debug, Default)]
pub(crate) struct RequestInputs {
    /// Fields of its body.
    pub(crate) fields: FieldScanner,
    /// Fields of its body, if that is a form, by name.
    pub(crate) form: Vec<Box<str>>,
    /// Texts of its head that placeholders take.
    pub(crate) texts: Vec<TextSource>,
    /// The headers that conditions are on.
    matched_headers: Vec<HeaderName>,
    /// The endpoint's path, and its parameters.
    path: Box<str>,
    path_parameters: Vec<PathParameter>,
}

impl RequestInputs {
    /// Those of an endpoint with this path pattern, which nothing is read of yet.
    pub(super) fn new(pattern: &str) -> Self {
        Self {
            path: pattern.into(),
            path_parameters: PathParameter::of(pattern),
            ..Self::default()
        }
    }

    /// The path parameter of this name, if the endpoint has it.
    pub(super) fn path_parameter(&self, name: &str) -> Option<&PathParameter> {
        let mut parameters = self.path_parameters.iter();
        parameters.find(|parameter| *parameter.name == *name)
    }

    /// Whether anything is read of its body.
    pub(crate) fn read_body(&self) -> bool {
        !(self.fields.is_empty() && self.form.is_empty())
    }

    /// The request headers that its response depends on.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        let texts = self.texts.iter().filter_map(|source| match source {
            TextSource::Headers(names) => Some(names),
            TextSource::QueryParameter(_) | TextSource::PathParameter(_) => None,
        });
        texts.flatten().chain(&self.matched_headers)
    }

    /// The header that the first text of its head is taken from, if it is one.
    #[inline]
    pub(crate) fn first_header(&self) -> Option<&HeaderName> {
        match self.texts.first()? {
            TextSource::Headers(names) => names.first(),
            TextSource::QueryParameter(_) | TextSource::PathParameter(_) => None,
        }
    }

    /// The index of a field of forms.
    pub(super) fn form_field(&mut self, name: &str) -> usize {
        index_of(&mut self.form, name.into())
    }

    /// The part of the head that a condition is on; adds a fault if requests do not have it, or it is of no use.
    pub(super) fn head_part(
        &mut self,
        condition: &Condition,
        diagnostics: &mut Diagnostics,
    ) -> Option<TextSource> {
        match &condition.on {
            MatchTarget::RequestHeader(name) => {
                let name = header_name(name, diagnostics)?;
                self.matched_headers.push(name.clone());
                Some(TextSource::Headers([name].into()))
            }
            MatchTarget::QueryParameter(name) => {
                Some(TextSource::QueryParameter(name.as_str().into()))
            }
            MatchTarget::PathParameter(name) => {
                let Some(parameter) = self.path_parameter(name) else {
                    let expected = self.expected_path_parameter();
                    diagnostics.add(FaultCode::InvalidCondition, name, expected);
                    return None;
                };
                Some(TextSource::PathParameter(parameter.clone()))
            }
            _ => None,
        }
    }

    /// What the name of a path parameter should be.
    pub(super) fn expected_path_parameter(&self) -> String {
        let names = self.path_parameters.iter();
        let names: Vec<&str> = names.map(|parameter| &*parameter.name).collect();
        match names.as_slice() {
            [] => format!(
                "a path with parameters such as {{id}}, which {} is not",
                self.path
            ),
            names => format!("a parameter of the path: {}", names.join(", ")),
        }
    }

    /// The index of a text, for [`CapturedTexts::get`].
    pub(super) fn text(&mut self, source: TextSource) -> usize {
        index_of(&mut self.texts, source)
    }
}

fn index_of<T: PartialEq>(all: &mut Vec<T>, one: T) -> usize {
    let known = all.iter().position(|known| *known == one);
    known.unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    })
}

/// What is read of the head of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead<'r> {
    uri: &'r Uri,
    headers: &'r HeaderMap,
}

impl<'r, B> From<&'r Request<B>> for RequestHead<'r> {
    fn from(request: &'r Request<B>) -> Self {
        Self {
            uri: request.uri(),
            headers: request.headers(),
        }
    }
}

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextSource {
    /// In the first of these headers that is present and has one that can be kept.
    Headers(Box<[HeaderName]>),
    /// The first value of the query parameter of this name.
    QueryParameter(Box<str>),
    PathParameter(PathParameter),
}

impl TextSource {
    /// Whether a request with this head fulfils a condition on the text.
    pub(super) fn is_allowed(&self, head: RequestHead<'_>, matcher: &TextMatcher) -> bool {
        match self {
            Self::Headers(names) => {
                matcher.allows(names.iter().flat_map(|name| head.headers.get_all(name)))
            }
            Self::QueryParameter(name) => {
                let query = head.uri.query().unwrap_or_default();
                matcher.allows(form::values(query.as_bytes(), name))
            }
            Self::PathParameter(parameter) => {
                matcher.allows([parameter.value(head.uri.path())].into_iter())
            }
        }
    }
}

/// A parameter of a path pattern, and which part of a path it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathParameter {
    pub(crate) name: Box<str>,
    /// How many slashes are before its segment.
    slashes: usize,
    /// How many bytes of the segment are before it.
    prefix: usize,
    /// Whether it stands for all that follows, slashes included.
    is_rest: bool,
}

impl PathParameter {
    /// The parameters of a pattern in `matchit` syntax, where each ends its segment.
    pub(super) fn of(pattern: &str) -> Vec<Self> {
        let literal = pattern.replace("{{", "(").replace("}}", ")");
        let segments = literal.split('/').enumerate();
        let parameters = segments.filter_map(|(slashes, segment)| {
            let (prefix, name) = segment.split_once('{')?;
            let name = name.strip_suffix('}')?;
            Some(Self {
                name: name.strip_prefix('*').unwrap_or(name).into(),
                slashes,
                prefix: prefix.len(),
                is_rest: name.starts_with('*'),
            })
        });
        parameters.collect()
    }

    /// Its value in a path that the pattern matches, decoded.
    pub(super) fn value<'p>(&self, path: &'p str) -> Cow<'p, [u8]> {
        let rest = path.splitn(self.slashes + 1, '/').nth(self.slashes);
        let rest = rest.and_then(|rest| rest.get(self.prefix..));
        let rest = rest.unwrap_or_default();
        let end = rest.find('/').filter(|_| !self.is_rest);
        percent_decode_str(&rest[..end.unwrap_or(rest.len())]).into()
    }
}

/// The text for each source of an endpoint, as far as it can be kept.
///
/// The bytes are copied: a `HeaderValue` allocates when it is first cloned, while the one text that most endpoints need then
/// costs no allocation, unless it is long.
#[derive(Debug, Default)]
pub(crate) struct CapturedTexts {
    first: Text,
    more: Box<[Text]>,
}

struct Text {
    length: u8,
    /// Whether it is known to be written in JSON as it is.
    is_plain: bool,
    short: [u8; Text::SHORT],
    /// In place of a short one.
    long: Box<[u8]>,
}

impl CapturedTexts {
    /// Takes them from the head of a request, where they stay: they are large, and a move would cost more.
    ///
    /// `found` is the first value of the [first header](RequestInputs::first_header), if it was found already.
    #[inline(always)]
    pub(crate) fn take<'r>(
        &mut self,
        sources: &[TextSource],
        head: RequestHead<'r>,
        found: Option<&'r HeaderValue>,
    ) {
        if let Some((first, more)) = sources.split_first() {
            if !found.is_some_and(|value| self.first.keep_visible(value.as_bytes())) {
                self.first.find(first, head);
            }
            if !more.is_empty() {
                self.more = more.iter().map(|source| Text::of(source, head)).collect();
            }
        }
    }

    /// That of the source at this index: 1 to 128 bytes of UTF-8 without control characters.
    pub(crate) fn get(&self, source: usize) -> Option<&[u8]> {
        self.text(source)?.bytes()
    }

    /// As [`get`](Self::get), of a text that is written in JSON as it is.
    pub(super) fn get_plain(&self, source: usize) -> Option<&[u8]> {
        let text = self.text(source)?;
        text.bytes()
            .filter(|bytes| text.is_plain || is_plain(bytes))
    }

    #[inline]
    fn text(&self, source: usize) -> Option<&Text> {
        if source == 0 {
            Some(&self.first)
        } else {
            self.more.get(source - 1)
        }
    }
}

impl Text {
    const MAX: usize = 128;

    /// Each request on the contract has space for one of this length: identifiers of requests and traces are shorter.
    const SHORT: usize = 62;

    fn of(source: &TextSource, head: RequestHead<'_>) -> Self {
        let mut text = Self::default();
        text.find(source, head);
        text
    }

    #[inline]
    fn bytes(&self) -> Option<&[u8]> {
        let short = self.short.get(..usize::from(self.length));
        let bytes = short.unwrap_or(&self.long);
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Takes the text of this source, if there is one that can be kept.
    #[inline]
    fn find(&mut self, source: &TextSource, head: RequestHead<'_>) {
        match source {
            TextSource::Headers(names) => {
                let mut values = names.iter().filter_map(|name| head.headers.get(name));
                values.find(|value| self.keep_visible(value.as_bytes()));
            }
            TextSource::QueryParameter(name) => {
                let query = head.uri.query().unwrap_or_default();
                let value = form::values(query.as_bytes(), name).next();
                self.keep_decoded(&value.unwrap_or_default());
            }
            TextSource::PathParameter(parameter) => {
                self.keep_decoded(&parameter.value(head.uri.path()));
            }
        }
    }

    /// Keeps visible ASCII only (RFC 5234, appendix B.1: `VCHAR`), and returns whether it was that.
    // Outlined, so that finding it needs few registers.
    #[inline(never)]
    fn keep_visible(&mut self, value: &[u8]) -> bool {
        self.is_plain = is_visible_and_plain(value);
        let is_kept = Self::fits(value) && (self.is_plain || is_visible(value));
        if is_kept {
            self.keep(value);
        }
        is_kept
    }

    fn keep_decoded(&mut self, value: &[u8]) {
        let text = str::from_utf8(value);
        if text.is_ok_and(|text| !text.chars().any(char::is_control)) {
            self.keep(value);
        }
    }

    fn fits(value: &[u8]) -> bool {
        (1..=Self::MAX).contains(&value.len())
    }

    fn keep(&mut self, value: &[u8]) {
        let fitting = u8::try_from(value.len()).ok();
        let Some(length) = fitting.filter(|_| value.len() <= Self::MAX) else {
            return;
        };
        self.length = length;
        match self.short.get_mut(..value.len()) {
            Some(short) => short.copy_from_slice(value),
            None => self.long = value.into(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self {
            length: 0,
            is_plain: false,
            short: [0; Self::SHORT],
            long: Box::default(),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parameters(pattern: &str, path: &str) -> Vec<(String, String)> {
        let text = |value: Cow<'_, [u8]>| String::from_utf8_lossy(&value).into_owned();
        let parameters = PathParameter::of(pattern).into_iter();
        parameters
            .map(|of| (of.name.to_string(), text(of.value(path))))
            .collect()
    }

    /// `matchit` finds the same: that is where the names and the syntax come from.
    #[test]
    fn the_parameters_of_a_path_are_those_that_the_router_finds() {
        let cases = [
            ("/items/{id}", "/items/7"),
            ("/{a}/x/{b}", "/one/x/two"),
            ("/{tenant}/api/v-{version}/{*rest}", "/t/api/v-3/a/b//c"),
            ("/{{x}}/{a}", "/{x}/1"),
            ("/a{{b/{c}/d", "/a{b/9/d"),
            ("/{*rest}", "/a/b"),
            ("/{é}/y", "/z/y"),
        ];
        for (pattern, path) in cases {
            let mut router = matchit::Router::new();
            router.insert(pattern, ()).unwrap();
            let found = router.at(path).unwrap();
            let expected = found.params.iter();
            let expected: Vec<_> = expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(parameters(pattern, path), expected, "{pattern}");
        }
    }

    #[test]
    fn texts_are_decoded_and_kept_if_they_are_short_and_plain() {
        let [short, long, too_long] = [62, 128, 129].map(|length| "x".repeat(length));
        let uri = format!(
            "/items/a%20b?q=x+%C3%A9&q=2&line=%0A&broken=%FF&empty=&long={too_long}&most={long}&short={short}",
        );
        let request = Request::get(uri).header("x-id", "7").body(()).unwrap();
        let head = RequestHead::from(&request);
        let query = |name: &str| TextSource::QueryParameter(name.into());
        let path = PathParameter::of("/items/{id}").remove(0);
        let headers = ["x-none", "x-id"].map(HeaderName::from_static);
        let mut sources = vec![
            TextSource::PathParameter(path),
            TextSource::Headers(headers.into()),
            query("q"),
        ];
        sources.extend(["line", "broken", "empty", "long", "none", "most", "short"].map(query));
        let mut captured = CapturedTexts::default();
        captured.take(&sources, head, None);
        let texts = (0..sources.len()).map(|index| {
            captured
                .get(index)
                .map(|text| str::from_utf8(text).unwrap())
        });
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                Some("a b"),
                Some("7"),
                Some("x é"),
                None,
                None,
                None,
                None,
                None,
                Some(&*long),
                Some(&*short),
            ]
        );
    }
}
