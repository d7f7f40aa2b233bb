//! Where the router is mounted, as the outside sees it.

use std::{convert::Infallible, fmt};

use axum::extract::FromRequestParts;
use http::{Uri, request::Parts};

/// The public path in front of all routes: empty, or such as `/rollout`; never with a slash at its end.
///
/// A link is made by [`Base::link`]. The address of the start page is [`Base::home`]: under a prefix it has no slash at its
/// end, because `axum` nests a router's `/` so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base(String);

impl Base {
    /// The prefix that a router was nested under, by the path that was asked for and what was left of it.
    pub(crate) fn of(original: &Uri, inner: &Uri) -> Self {
        let (original, inner) = (original.path(), inner.path());
        let prefix = original.strip_suffix(inner);
        // Nested at `/rollout`, that very path has `/` inside.
        let prefix = prefix.or((inner == "/").then_some(original));
        Self::new(prefix.unwrap_or_default()).unwrap_or_default()
    }

    /// A prefix as an operator or the outside states it; `None` where it could lead somewhere else.
    pub(crate) fn new(prefix: &str) -> Option<Self> {
        let prefix = prefix.trim_end_matches('/');
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,=:@".contains(&byte);
        let absolute = prefix.is_empty() || (prefix.starts_with('/') && !prefix.starts_with("//"));
        (absolute && prefix.bytes().all(safe)).then(|| Self(prefix.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
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

    /// The address, if it is that of a page below this prefix and nothing else; for where to go after signing in.
    pub(crate) fn page<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (path, _) = address.split_once('?').unwrap_or((address, ""));
        let rest = path.strip_prefix(&self.0)?;
        let below = rest.starts_with('/') || (rest.is_empty() && !self.0.is_empty());
        // A browser takes `\` for `/`, and `//` for the start of a host's name.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#';
        let known = !["/api/", "/assets/", "/sign-"]
            .iter()
            .any(|other| rest.starts_with(other));
        let straight = !path.contains("//") && !path.contains("..");
        (below && known && straight && address.bytes().all(plain)).then_some(address)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(original: &str, inner: &str) -> String {
        let [original, inner] = [original, inner].map(|uri| uri.parse::<Uri>().unwrap());
        Base::of(&original, &inner).0
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
            assert_eq!(Base::new(prefix), None, "{prefix}");
        }
        assert_eq!(Base::new("/rollout/").unwrap().as_str(), "/rollout");
        assert_eq!(Base::new("/").unwrap().as_str(), "");
    }

    #[test]
    fn links_and_the_start_page_fit_any_prefix() {
        let base = Base::new("/rollout").unwrap();
        assert_eq!(
            (base.home(), base.link("/journal")),
            ("/rollout", "/rollout/journal".to_owned())
        );
        let base = Base::default();
        assert_eq!(
            (base.home(), base.link("/journal")),
            ("/", "/journal".to_owned())
        );
    }

    #[test]
    fn only_pages_below_the_prefix_are_gone_to() {
        let base = Base::new("/rollout").unwrap();
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
        ] {
            assert_eq!(base.page(other), None, "{other:?}");
        }
        assert_eq!(Base::default().page("/journal"), Some("/journal"));
        assert_eq!(Base::default().page("//evil.example"), None);
        assert_eq!(Base::default().page(""), None);
    }
}
