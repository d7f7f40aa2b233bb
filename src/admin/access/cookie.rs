//! The cookie of a session.

use std::{net::IpAddr, time::Duration};

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Uri, header, uri::Authority};

use sha2::{Digest as _, Sha256};

use crate::{admin::mount_path::MountPath, rollout::names::FlagName, time::millis};

/// The name of the cookie of a service: with the flag's name, so that two services of one host keep their sessions apart.
#[derive(Clone, Debug)]
pub(crate) struct CookieName(String);

/// The prefix by which a browser takes the cookie over TLS only (RFC 6265bis §4.1.3.1).
const SECURE: &str = "__Secure-";

impl CookieName {
    /// The name for the flag, as the start of its SHA-256: flags may have characters that no cookie's name has.
    pub(crate) fn of(flag: &FlagName) -> Self {
        let digest = hex::encode(Sha256::digest(flag.as_str()));
        Self(format!("rollout_session_{}", &digest[..16]))
    }

    fn with(&self, secure: bool) -> String {
        let prefix = if secure { SECURE } else { "" };
        format!("{prefix}{}", self.0)
    }

    fn is(&self, name: &str) -> bool {
        name.strip_prefix(SECURE).unwrap_or(name) == self.0
    }
}

/// The secret of the session that a request belongs to.
pub(crate) fn read<'a>(own: &CookieName, headers: &'a HeaderMap) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named.find(|(name, _)| own.is(name)).map(|(_, value)| value)
}

/// The `Set-Cookie` that gives a browser the secret of a session.
pub(crate) fn session(
    name: &CookieName,
    secret: &str,
    lifetime: Duration,
    base: &MountPath,
    secure: bool,
) -> HeaderValue {
    write(name, secret, lifetime, base, secure)
}

/// The `Set-Cookie` that removes it.
pub(crate) fn removal(name: &CookieName, base: &MountPath, secure: bool) -> HeaderValue {
    write(name, "", Duration::ZERO, base, secure)
}

/// Whether the cookie is limited to TLS: always, unless the host is a loopback one. Behind a proxy that terminates TLS the
/// host is the public one.
pub(crate) fn is_secure(uri: &Uri, headers: &HeaderMap) -> bool {
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

fn write(
    name: &CookieName,
    secret: &str,
    lifetime: Duration,
    base: &MountPath,
    secure: bool,
) -> HeaderValue {
    let seconds = i64::try_from(millis(lifetime) / 1_000).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name.with(secure), secret))
        .path(base.cookie_path())
        .max_age(cookie::time::Duration::seconds(seconds))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .build();
    let cookie = HeaderValue::from_str(&cookie.to_string());
    cookie.expect("hexadecimal digits and a checked path are a header's value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> CookieName {
        CookieName::of(&FlagName::new("features.jobs.compat").unwrap())
    }

    #[test]
    fn the_cookie_is_for_this_service_alone() {
        let base = MountPath::new("/rollout").unwrap();
        let hour = Duration::from_secs(3_600);
        assert_eq!(
            session(&name(), "ab12", hour, &base, true),
            "__Secure-rollout_session_ca44c998b4fe3bc9=ab12; HttpOnly; SameSite=Strict; Secure; Path=/rollout; Max-Age=3600"
        );
        assert_eq!(
            removal(&name(), &MountPath::default(), false),
            "rollout_session_ca44c998b4fe3bc9=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn it_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&name(), &headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; rollout_session_00=no"),
        );
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("b=2;rollout_session_ca44c998b4fe3bc9=yes; c=3"),
        );
        assert_eq!(read(&name(), &headers), Some("yes"));
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
