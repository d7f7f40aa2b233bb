//! The deprecation notice as prepared headers.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::LINK};

use super::syntax::without_first_clone;
use crate::{
    contract::definition::deprecation::Deprecation,
    diagnostics::{Diagnostics, FaultCode},
};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The last second of the year 9999, the latest that an HTTP-date can express.
const LAST_SECOND: i64 = 253_402_300_799;

/// The headers of a [`Deprecation`].
#[derive(Debug, Default)]
pub(crate) struct DeprecationHeaders {
    set: Vec<(HeaderName, HeaderValue)>,
    link: Option<HeaderValue>,
}

impl DeprecationHeaders {
    pub(super) fn compile(deprecation: &Deprecation, diagnostics: &mut Diagnostics) -> Self {
        let mut notice = Self::default();
        if let Some(date) = date("date", deprecation.date, diagnostics) {
            // A structured-field Date (RFC 9651, section 3.3.7).
            notice.set(DEPRECATION, &format!("@{date}"));
        }
        if let Some(sunset) = deprecation
            .sunset
            .and_then(|sunset| date("sunset", sunset, diagnostics))
        {
            if deprecation.sunset < Some(deprecation.date) {
                let expected = format!(
                    "a sunset not before the deprecation at {}",
                    deprecation.date
                );
                let code = FaultCode::SunsetBeforeDeprecation;
                diagnostics.add_at("/deprecation/sunset", code, sunset.to_string(), expected);
            }
            let sunset = SystemTime::UNIX_EPOCH + Duration::from_secs(sunset);
            notice.set(SUNSET, &httpdate::fmt_http_date(sunset));
        }
        notice.link = deprecation
            .link
            .as_deref()
            .and_then(|uri| link(uri, diagnostics));
        notice
    }

    /// Adds the notice to a rewritten response. Other links stay.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
        if let Some(link) = &self.link {
            headers.append(LINK, link.clone());
        }
    }

    fn set(&mut self, name: HeaderName, text: &str) {
        let value = HeaderValue::from_str(text).expect("a date is visible ASCII");
        self.set.push((name, without_first_clone(value)));
    }
}

fn date(member: &str, seconds: i64, diagnostics: &mut Diagnostics) -> Option<u64> {
    let date = u64::try_from(seconds)
        .ok()
        .filter(|_| seconds <= LAST_SECOND);
    if date.is_none() {
        let expected =
            format!("seconds since the Unix epoch, from 0 to {LAST_SECOND} (the year 9999)");
        let pointer = format!("/deprecation/{member}");
        diagnostics.add_at(
            pointer,
            FaultCode::InvalidDate,
            seconds.to_string(),
            expected,
        );
    }
    date
}

fn link(uri: &str, diagnostics: &mut Diagnostics) -> Option<HeaderValue> {
    let absolute = uri
        .parse::<Uri>()
        .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    let safe = uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
    if !(absolute && safe) {
        let expected = "an absolute URI such as https://example.com/deprecations";
        diagnostics.add_at("/deprecation/link", FaultCode::InvalidLink, uri, expected);
        return None;
    }
    let value = format!(r#"<{uri}>; rel="deprecation"; type="text/html""#);
    HeaderValue::from_str(&value).ok().map(without_first_clone)
}
