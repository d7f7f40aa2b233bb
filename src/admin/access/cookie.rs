//! The cookie of a session.

use std::{net::IpAddr, time::Duration};

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Uri, header, uri::Authority};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{admin::mount_path::MountPath, rollout::names::FlagName, time::millis};

/// The cookie of a session: one for each flag, so that two services on one host do not sign each other out.
#[derive(Clone, Debug)]
pub(crate) struct SessionCookie {
    name: String,
    secure: bool,
}

/// What a cookie's name has of a flag's as it is; the rest is percent-encoded (RFC 6265 §4.1.1, RFC 9110 §5.6.2).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

impl SessionCookie {
    /// The cookie of this flag in the requests to a host. It is limited to TLS, unless the host is a loopback one; its name
    /// then has the prefix by which a browser enforces that (RFC 6265bis §4.1.3.1). Behind a proxy that terminates TLS the
    /// host is the public one.
    pub(crate) fn of(flag: &FlagName, uri: &Uri, headers: &HeaderMap) -> Self {
        let secure = is_secure(uri, headers);
        let prefix = if secure { "__Secure-" } else { "" };
        let flag = utf8_percent_encode(flag.as_str(), NAME);
        Self {
            name: format!("{prefix}rollout_{flag}"),
            secure,
        }
    }

    /// The secret of the session that a request belongs to.
    pub(crate) fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter();
        let texts = lines.filter_map(|line| line.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';'));
        let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
        named
            .find(|(name, _)| *name == self.name)
            .map(|(_, value)| value)
    }

    /// The `Set-Cookie` that gives a browser the secret of a session.
    pub(crate) fn session(
        &self,
        secret: &str,
        lifetime: Duration,
        base: &MountPath,
    ) -> HeaderValue {
        let seconds = i64::try_from(millis(lifetime) / 1_000).unwrap_or(i64::MAX);
        let cookie = Cookie::build((self.name.as_str(), secret))
            .path(base.cookie_path())
            .max_age(cookie::time::Duration::seconds(seconds))
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .build();
        let cookie = HeaderValue::from_str(&cookie.to_string());
        cookie.expect("hexadecimal digits, an encoded name and a checked path are a header's value")
    }

    /// The `Set-Cookie` that removes it.
    pub(crate) fn removal(&self, base: &MountPath) -> HeaderValue {
        self.session("", Duration::ZERO, base)
    }
}

fn is_secure(uri: &Uri, headers: &HeaderMap) -> bool {
    let header = || {
        headers
            .get(header::HOST)?
            .to_str()
            .ok()?
            .parse::<Authority>()
            .ok()
    };
    // HTTP/2 names the host in the target.
    let host = uri.authority().cloned().or_else(header);
    !host.is_some_and(|host| is_loopback(host.host()))
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address = bare.unwrap_or(&host).parse::<IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie_of(flag: &str, host: &'static str) -> SessionCookie {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        SessionCookie::of(&FlagName::new(flag).unwrap(), &Uri::default(), &headers)
    }

    #[test]
    fn the_cookie_is_for_this_service_alone() {
        let base = MountPath::new("/rollout").unwrap();
        let hour = Duration::from_secs(3_600);
        let public = cookie_of("features.jobs.compat", "core.example");
        assert_eq!(
            public.session("ab12", hour, &base),
            "__Secure-rollout_features.jobs.compat=ab12; HttpOnly; SameSite=Strict; Secure; Path=/rollout; Max-Age=3600"
        );
        let local = cookie_of("jobs;v=2 ü", "localhost");
        assert_eq!(
            local.removal(&MountPath::default()),
            "rollout_jobs%3Bv%3D2%20%C3%BC=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn it_is_found_among_others() {
        let mut headers = HeaderMap::new();
        let cookie = cookie_of("jobs", "localhost");
        assert_eq!(cookie.read(&headers), None);
        for line in [
            "a=1; rollout_mail=no; xrollout_jobs=no; __Secure-rollout_jobs=no",
            "b=2;rollout_jobs=yes; c=3",
        ] {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(cookie.read(&headers), Some("yes"));
    }

    #[test]
    fn only_loopback_hosts_go_without_tls() {
        let secure = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            is_secure(&Uri::from_static("/"), &headers)
        };
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "core.localhost:1",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(!secure(host), "{host}");
        }
        for host in [
            "core.example",
            "localhost.example",
            "notlocalhost",
            "10.0.0.1",
            "[::2]",
            "1270.0.0.1",
            "%%",
        ] {
            assert!(secure(host), "{host}");
        }
        assert!(is_secure(
            &Uri::from_static("https://core.example/"),
            &HeaderMap::new()
        ));
        assert!(!is_secure(
            &Uri::from_static("http://127.0.0.1:80/"),
            &HeaderMap::new()
        ));
        assert!(
            is_secure(&Uri::from_static("/"), &HeaderMap::new()),
            "no host at all"
        );
    }
}
