//! Values in another form than the response or the request has them in.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::de::IgnoredAny;

use crate::{
    contract::definition::value_format::ValueFormat,
    json::{Scalar, text_of},
};

/// A value of one placeholder.
#[derive(Debug)]
pub(super) enum PlaceholderValue<'v> {
    /// JSON text.
    Json(Cow<'v, str>),
    /// A string, not as JSON.
    Text(Cow<'v, str>),
}

#[derive(Debug)]
pub(super) enum CompiledConversion {
    /// Scalars, and the JSON texts of those in place of them.
    Map(Box<[(Scalar, Box<str>)]>),
    Format(ValueFormat),
}

impl CompiledConversion {
    pub(super) fn apply<'v>(&'v self, value: PlaceholderValue<'v>) -> Option<PlaceholderValue<'v>> {
        match self {
            Self::Map(pairs) => {
                let (_, to) = pairs.iter().find(|(from, _)| value.is(from))?;
                Some(PlaceholderValue::Json(Cow::Borrowed(to)))
            }
            Self::Format(ValueFormat::Text) => value.into_text().map(PlaceholderValue::Text),
            Self::Format(ValueFormat::Number) => value.into_number().map(PlaceholderValue::Json),
            Self::Format(format) => write_date(value.moment()?, *format),
        }
    }
}

/// A value in another form, if it has one.
#[cfg(feature = "openapi")]
pub(crate) fn formatted(
    value: &serde_json::Value,
    format: ValueFormat,
) -> Option<serde_json::Value> {
    let json = PlaceholderValue::Json(value.to_string().into());
    match CompiledConversion::Format(format).apply(json)? {
        PlaceholderValue::Json(json) => serde_json::from_str(&json).ok(),
        PlaceholderValue::Text(text) => Some(text.into_owned().into()),
    }
}

impl<'v> PlaceholderValue<'v> {
    /// The text of a string, number or boolean.
    pub(super) fn into_text(self) -> Option<Cow<'v, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(Cow::Borrowed(json)) => scalar_text(json),
            Self::Json(Cow::Owned(json)) => {
                scalar_text(&json).map(|text| Cow::Owned(text.into_owned()))
            }
        }
    }

    fn is(&self, scalar: &Scalar) -> bool {
        match self {
            Self::Json(json) => scalar.is_written_as(json),
            Self::Text(text) => scalar.as_str() == Some(text),
        }
    }

    fn into_number(self) -> Option<Cow<'v, str>> {
        self.into_text().filter(|text| is_number(text))
    }

    /// The date that it is, in whole seconds.
    fn moment(&self) -> Option<SystemTime> {
        match self {
            Self::Text(text) => read_date(text),
            Self::Json(json) if json.starts_with('"') => read_date(&text_of(json)?),
            Self::Json(json) => {
                let (seconds, fraction) = json.split_once('.').unwrap_or((json, "0"));
                let is_plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = seconds.parse().ok().filter(|_| is_plain)?;
                UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
            }
        }
    }
}

/// The text of a string, number or boolean in JSON.
pub(super) fn scalar_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => text_of(json),
        b'-' | b'0'..=b'9' | b't' | b'f' => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    let (first, last) = (text.as_bytes().first(), text.as_bytes().last());
    first.is_some_and(|first| *first == b'-' || first.is_ascii_digit())
        && last.is_some_and(u8::is_ascii_digit)
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A date as RFC 3339 or HTTP has it.
fn read_date(text: &str) -> Option<SystemTime> {
    read_rfc3339(text).or_else(|| httpdate::parse_http_date(text).ok())
}

/// RFC 3339, with any offset.
fn read_rfc3339(text: &str) -> Option<SystemTime> {
    let text = text.to_ascii_uppercase();
    if text.ends_with('Z') {
        return humantime::parse_rfc3339(&text).ok();
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |text: &str, most: u64| {
        let value = text.parse::<u64>().ok().filter(|_| digits(text));
        value.filter(|value| *value <= most)
    };
    let offset = Duration::from_secs(part(hours, 23)? * 3600 + part(minutes, 59)? * 60);
    match text.as_bytes()[text.len() - "+00:00".len()] {
        b'+' => local.checked_sub(offset),
        b'-' => local.checked_add(offset),
        _ => None,
    }
}

fn write_date(moment: SystemTime, format: ValueFormat) -> Option<PlaceholderValue<'static>> {
    /// 9999-12-31T23:59:59Z, which both formats end with.
    const LAST: u64 = 253_402_300_799;
    let seconds = moment.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let moment = UNIX_EPOCH + Duration::from_secs(seconds);
    let text = match format {
        _ if seconds > LAST => return None,
        ValueFormat::UnixSeconds => {
            return Some(PlaceholderValue::Json(seconds.to_string().into()));
        }
        ValueFormat::Rfc3339 => humantime::format_rfc3339_seconds(moment).to_string(),
        ValueFormat::HttpDate => httpdate::fmt_http_date(moment),
        ValueFormat::Text | ValueFormat::Number => return None,
    };
    Some(PlaceholderValue::Text(text.into()))
}
