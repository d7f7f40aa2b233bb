//! The forms that a value of a template can be written in.

use crate::words::words;

words! {
    /// A form in which a [`Placeholder`](super::template::Placeholder) writes its value.
    ///
    /// A date is read from a string, as RFC 3339 or as an HTTP date, or from a number, as seconds since the Unix epoch. It
    /// is written in UTC, in whole seconds; one before 1970 or after 9999 has no form.
    #[non_exhaustive]
    pub enum ValueFormat {
        /// A string: of a number its spelling, of a boolean `true` or `false`.
        Text = "text",
        /// A number: of a string that is spelled as one (RFC 8259, section 6).
        Number = "number",
        /// A date such as `"2026-03-01T12:00:00Z"` (RFC 3339).
        Rfc3339 = "rfc3339",
        /// A date as a number: seconds since the Unix epoch.
        UnixSeconds = "unix_seconds",
        /// A date such as `"Sun, 01 Mar 2026 12:00:00 GMT"` (RFC 9110, section 5.6.7).
        HttpDate = "http_date",
    }
}
