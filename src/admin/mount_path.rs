//! The public path that the router is mounted at, and links below it.

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OriginalUri, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Uri, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The public path in front of all routes: empty, or such as `/rollout`; never with a slash at its end.
///
/// [`MountPath::link`] makes links; the start page is at [`MountPath::home`], which has no slash at its end under a prefix,
/// because that is how `axum` nests a router's `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MountPath(String);

impl MountPath {
    /// The prefix that a router was nested under, from the requested path and what nesting left of it.
    pub(crate) fn of(original: &Uri, inner: &Uri) -> Self {
        let (original, inner) = (original.path(), inner.path());
        let prefix = original.strip_suffix(inner);
        // Nested at `/rollout`, that very path has `/` inside.
        let prefix = prefix.or((inner == "/").then_some(original));
        Self::new(prefix.unwrap_or_default()).unwrap_or_default()
    }

    /// A prefix from outside; `None` where it could lead to another host or break a header.
    pub(crate) fn new(prefix: &str) -> Option<Self> {
        let prefix = prefix.trim_end_matches('/');
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,=:@".contains(&byte);
        let absolute = prefix.is_empty() || (prefix.starts_with('/') && !prefix.starts_with("//"));
        (absolute && prefix.bytes().all(safe)).then(|| Self(prefix.to_owned()))
    }

    /// The address of a path that begins with a slash.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address of the start page.
    pub(crate) fn home(&self) -> &str {
        self.cookie_path()
    }

    /// The path that cookies are for.
    pub(crate) fn cookie_path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// The address, if it is that of a page below this prefix: a safe target after signing in.
    pub(crate) fn page<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (path, _) = address.split_once('?').unwrap_or((address, ""));
        let rest = path.strip_prefix(&self.0)?;
        let below = rest.starts_with('/') || (rest.is_empty() && !self.0.is_empty());
        // A browser takes `\` for `/`, and `//` for the start of a host's name.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#';
        // As a server or a proxy may read it.
        let decoded = percent_decode_str(rest).decode_utf8().ok()?;
        let known = !["/api/", "/assets/", "/sign-"]
            .iter()
            .any(|other| decoded.starts_with(other));
        let odd = |character: char| character == '\\' || character == '%' || character.is_control();
        let straight = !decoded.contains("//") && !decoded.contains("..") && !decoded.contains(odd);
        let straight = straight && !decoded.contains("/./");
        (below && known && straight && address.bytes().all(plain)).then_some(address)
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for MountPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Puts the [`MountPath`] into the extensions of a request: the configured one, or else the prefix that nesting took away.
pub(crate) async fn mount(
    State(configured): State<Option<MountPath>>,
    mut request: Request,
    next: Next,
) -> Response {
    let base = configured.unwrap_or_else(|| {
        let original = request.extensions().get::<OriginalUri>();
        original.map_or_else(MountPath::default, |OriginalUri(original)| {
            MountPath::of(original, request.uri())
        })
    });
    request.extensions_mut().insert(base);
    next.run(request).await
}

/// What a value of a query leaves as it is: the unreserved characters and the slash (RFC 3986 §2.3 and §3.4).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Names and values as a query string; empty values are left out.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!("?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(original: &str, inner: &str) -> String {
        let [original, inner] = [original, inner].map(|uri| uri.parse::<Uri>().unwrap());
        MountPath::of(&original, &inner).0
    }

    #[test]
    fn the_prefix_is_what_nesting_took_away() {
        assert_eq!(of("/api/status", "/api/status"), "");
        assert_eq!(of("/rollout/api/status?x=1", "/api/status?x=1"), "/rollout");
        assert_eq!(of("/ops/rollout", "/"), "/ops/rollout");
        assert_eq!(of("/ops/rollout/", "/"), "/ops/rollout");
        assert_eq!(of("/", "/"), "");
    }

    #[test]
    fn a_prefix_that_leads_elsewhere_or_breaks_a_header_is_none() {
        for prefix in [
            "rollout",
            "//evil.example",
            "/a;b",
            "/a\"b",
            "/a b",
            "/\\evil",
        ] {
            assert_eq!(MountPath::new(prefix), None, "{prefix}");
        }
        assert_eq!(MountPath::new("/rollout/").unwrap().0, "/rollout");
        assert_eq!(MountPath::new("/").unwrap().0, "");
    }

    #[test]
    fn links_and_the_start_page_fit_any_prefix() {
        let base = MountPath::new("/rollout").unwrap();
        assert_eq!(
            (base.home(), base.link("/journal")),
            ("/rollout", "/rollout/journal".to_owned())
        );
        let base = MountPath::default();
        assert_eq!(
            (base.home(), base.link("/journal")),
            ("/", "/journal".to_owned())
        );
    }

    #[test]
    fn only_pages_below_the_prefix_are_redirected_to() {
        let base = MountPath::new("/rollout").unwrap();
        for page in [
            "/rollout",
            "/rollout/",
            "/rollout/callers?kind=AGENT&sort=kind",
            "/rollout/transition/cutover",
        ] {
            assert_eq!(base.page(page), Some(page));
        }
        for other in [
            "",
            "/",
            "/other",
            "/rollouts",
            "//evil.example/rollout",
            "https://evil.example/rollout",
            "/rollout/../admin",
            "/rollout//evil.example",
            "/rollout/\\evil.example",
            "/rollout/a\r\nSet-Cookie: x",
            "/rollout/api/status",
            "/rollout/sign-in",
            "/rollout/%2e%2e/admin",
            "/rollout/%2E./admin",
            "/rollout/.%2e",
            "/rollout/./admin",
            "/rollout/%2f%2fevil.example",
            "/rollout/%2Fevil.example",
            "/rollout/%5cevil.example",
            "/rollout/%252e%252e/admin",
            "/rollout/%61pi/status",
            "/rollout/%73ign-out",
            "/rollout/%0d%0aSet-Cookie:%20x",
            "/rollout/%00",
            "/rollout/%ff",
        ] {
            assert_eq!(base.page(other), None, "{other:?}");
        }
        assert_eq!(MountPath::default().page("/journal"), Some("/journal"));
        assert_eq!(MountPath::default().page("//evil.example"), None);
        assert_eq!(MountPath::default().page(""), None);
    }

    #[test]
    fn values_are_encoded_and_empty_ones_left_out() {
        let text = query(&[("kind", "a&b=ü"), ("state", ""), ("window", "24h")]);
        assert_eq!(text, "?kind=a%26b%3D%C3%BC&window=24h");
        let next = "/rollout/callers?kind=AGENT&sort=a b%20é";
        assert_eq!(
            query(&[("next", next)]),
            "?next=/rollout/callers%3Fkind%3DAGENT%26sort%3Da%20b%2520%C3%A9"
        );
        assert_eq!(query(&[]), "");
    }
}
