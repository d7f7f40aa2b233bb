//! How far back curves go, and how finely.

use std::{error::Error, fmt, str::FromStr};

/// How far back curves go, and how finely.
///
/// ```
/// use legacy_http_compat::admin::history::Span;
///
/// let span: Span = "24h".parse()?;
/// assert_eq!((span, span.step_ms(), span.len()), (Span::Day, 60_000, 1_440));
/// assert!("1y".parse::<Span>().is_err());
/// # Ok::<(), legacy_http_compat::admin::history::InvalidSpan>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever offers a choice must offer all of them"
)]
pub enum Span {
    /// 1 hour in 360 buckets of 10 seconds.
    Hour,
    /// 24 hours in 1,440 buckets of a minute.
    Day,
    /// 30 days in 2,880 buckets of a quarter of an hour.
    Month,
}

/// The text names no span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSpan {
    refused: String,
}

impl Span {
    /// All spans, shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// `1h`, `24h` or `30d`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Month => "30d",
        }
    }

    /// The length of a bucket in milliseconds.
    #[must_use]
    pub const fn step_ms(self) -> u64 {
        match self {
            Self::Hour => 10_000,
            Self::Day => 60_000,
            Self::Month => 900_000,
        }
    }

    /// How many buckets there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no span is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Hour => 360,
            Self::Day => 1_440,
            Self::Month => 2_880,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let span = Self::ALL.into_iter().find(|span| span.as_str() == text);
        span.ok_or_else(|| InvalidSpan {
            refused: text.to_owned(),
        })
    }
}

impl fmt::Display for InvalidSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no span: 1h, 24h or 30d", self.refused)
    }
}

impl Error for InvalidSpan {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_is_as_long_as_its_name_says_and_is_read_back() {
        let hours = [1, 24, 30 * 24];
        for (span, hours) in Span::ALL.into_iter().zip(hours) {
            assert_eq!(span.step_ms() * span.len() as u64, hours * 3_600_000);
            assert_eq!(span.as_str().parse(), Ok(span));
        }
    }

    #[test]
    fn a_text_that_is_no_span_is_named_in_the_error() {
        let error = "7d".parse::<Span>().unwrap_err();
        assert_eq!(error.to_string(), r#""7d" is no span: 1h, 24h or 30d"#);
    }
}
