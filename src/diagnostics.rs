//! Faults in documents and settings, collected so that all of them are reported at once.

use std::fmt::{self, Display, Write as _};

/// One fault of a document or of settings: its place, the offending value, and what is expected.
///
/// Displays as one line:
///
/// ```
/// use legacy_http_compat::{contract::{Contract, Endpoint, Outcome}, diagnostics::FaultCode};
///
/// let error = Contract::builder()
///     .endpoint(Endpoint::get("item", "/items/{id}").outcome(Outcome::new("GONE", 99)))
///     .build()
///     .unwrap_err();
/// let fault = &error.faults()[0];
/// assert_eq!(fault.code(), FaultCode::InvalidStatus);
/// assert_eq!(fault.place(), "/endpoints/0/outcomes/0/status");
/// assert_eq!(
///     fault.to_string(),
///     "/endpoints/0/outcomes/0/status (endpoint \"item\", outcome \"GONE\"): \
///      invalid status `99`; expected a status from 100 to 599",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    code: FaultCode,
    place: String,
    /// The names of the things that the place is in, for readers who count no array elements.
    within: String,
    value: String,
    expected: String,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultCode {
    /// The text is not JSON.
    InvalidJson,
    /// A member that the object does not have.
    UnknownMember,
    /// A member that occurs twice in one object.
    DuplicateMember,
    /// A required member is missing.
    MissingMember,
    /// A value of another JSON type than its member has.
    WrongType,
    /// A value of the right type in a form that its member does not have.
    InvalidValue,
    /// A number or duration outside its bounds.
    OutOfRange,
    /// More of something than there may be.
    TooMany,
    /// A name with characters that it may not have, too long, or reserved.
    InvalidName,
    /// A name that is already taken, or listed twice.
    DuplicateName,
    /// A method that is no token, or one whose responses cannot be rewritten (HEAD, CONNECT).
    InvalidMethod,
    /// A path pattern or base path that is not in matchit syntax.
    InvalidPath,
    /// A status outside 100 to 599.
    InvalidStatus,
    /// A header name or value that HTTP does not allow, or a header that only the layer sets.
    InvalidHeader,
    /// A malformed JSON pointer (RFC 6901).
    InvalidPointer,
    /// A condition that nothing can fulfil or that is not on a scalar.
    InvalidCondition,
    /// A deprecation or sunset date that cannot be written as one.
    InvalidDate,
    /// A deprecation link that is not an absolute URI.
    InvalidLink,
    /// A malformed placeholder, or one that can be absent where a value is required.
    InvalidTemplate,
    /// Two endpoints match the same requests.
    OverlappingEndpoints,
    /// Earlier outcomes match every response that this one would match.
    UnreachableOutcome,
    /// A legacy shape for, or with, a status whose responses have no body of their own.
    StatusWithoutBody,
    /// A status whose required header the shape does not set, such as 401 without `WWW-Authenticate`.
    MissingRequiredHeader,
    /// The sunset is earlier than the deprecation.
    SunsetBeforeDeprecation,
    /// No client kind is listed.
    NoKinds,
    /// A setting for a client kind that is not listed.
    UnknownKind,
    /// No header or product determines the client kind.
    NoKindSource,
    /// The same source of the client kind is listed twice.
    DuplicateKindSource,
    /// A product name that is not a token.
    InvalidProduct,
    /// A product that is mapped twice.
    DuplicateProduct,
    /// A version that is not semver.
    InvalidVersion,
    /// A second version for the same client kind.
    DuplicateVersion,
    /// An opt-in value that cannot be sent in a header.
    InvalidOptInValue,
    /// A combined identity signal without parts.
    EmptyCombination,
    /// The product name as the only identity signal: all installations share it.
    ProductAlone,
    /// An identity signal that changes when the client is upgraded.
    UnstableIdentity,
    /// A phase in which a rollout cannot open.
    InvalidOpeningPhase,
    /// A gate that does not exist.
    UnknownGate,
    /// A guard without a limit, which would never act.
    EmptyGuard,
    /// No access token is configured.
    NoTokens,
    /// Two names have the same access token.
    DuplicateToken,
    /// The digest of an empty access token.
    EmptyToken,
}

/// The faults found so far, and the place that is being checked.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    faults: Vec<Fault>,
    /// A JSON pointer.
    place: String,
    /// Descriptions of places, each with the length of its pointer.
    described: Vec<(usize, String)>,
}

impl Fault {
    /// How many characters of a value are kept.
    const VALUE_LENGTH: usize = 200;

    /// What sort of fault it is.
    #[must_use]
    pub const fn code(&self) -> FaultCode {
        self.code
    }

    /// Where it is: a JSON pointer (RFC 6901) into the document, empty at the top level.
    ///
    /// Settings made in Rust have the place that they would have in a document. The place of a missing member is where
    /// it would be.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The offending value, at most 200 characters of it; empty where there is none.
    ///
    /// Strings of their own form (names, paths, versions) stand for themselves; a value of the wrong type is JSON text.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would be right.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str("at the top level")?,
            place => write!(f, "{}", Escaped(place))?,
        }
        if !self.within.is_empty() {
            write!(f, " ({})", self.within)?;
        }
        write!(f, ": {}", self.code.as_str().replace('_', " "))?;
        if !self.value.is_empty() {
            write!(f, " `{}`", Escaped(&self.value))?;
        }
        write!(f, "; expected {}", Escaped(&self.expected))
    }
}

/// Text without what could break a line, or hide in it.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '"' | '\'' | '\\' => f.write_char(c),
            other => write!(f, "{}", other.escape_debug()),
        })
    }
}

impl FaultCode {
    /// The code in `snake_case`, for machines: `invalid_status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::UnknownMember => "unknown_member",
            Self::DuplicateMember => "duplicate_member",
            Self::MissingMember => "missing_member",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::OutOfRange => "out_of_range",
            Self::TooMany => "too_many",
            Self::InvalidName => "invalid_name",
            Self::DuplicateName => "duplicate_name",
            Self::InvalidMethod => "invalid_method",
            Self::InvalidPath => "invalid_path",
            Self::InvalidStatus => "invalid_status",
            Self::InvalidHeader => "invalid_header",
            Self::InvalidPointer => "invalid_pointer",
            Self::InvalidCondition => "invalid_condition",
            Self::InvalidDate => "invalid_date",
            Self::InvalidLink => "invalid_link",
            Self::InvalidTemplate => "invalid_template",
            Self::OverlappingEndpoints => "overlapping_endpoints",
            Self::UnreachableOutcome => "unreachable_outcome",
            Self::StatusWithoutBody => "status_without_body",
            Self::MissingRequiredHeader => "missing_required_header",
            Self::SunsetBeforeDeprecation => "sunset_before_deprecation",
            Self::NoKinds => "no_kinds",
            Self::UnknownKind => "unknown_kind",
            Self::NoKindSource => "no_kind_source",
            Self::DuplicateKindSource => "duplicate_kind_source",
            Self::InvalidProduct => "invalid_product",
            Self::DuplicateProduct => "duplicate_product",
            Self::InvalidVersion => "invalid_version",
            Self::DuplicateVersion => "duplicate_version",
            Self::InvalidOptInValue => "invalid_opt_in_value",
            Self::EmptyCombination => "empty_combination",
            Self::ProductAlone => "product_alone",
            Self::UnstableIdentity => "unstable_identity",
            Self::InvalidOpeningPhase => "invalid_opening_phase",
            Self::UnknownGate => "unknown_gate",
            Self::EmptyGuard => "empty_guard",
            Self::NoTokens => "no_tokens",
            Self::DuplicateToken => "duplicate_token",
            Self::EmptyToken => "empty_token",
        }
    }
}

impl Diagnostics {
    /// Runs `check` one reference token deeper than the current place.
    pub(crate) fn at<R>(&mut self, token: impl Display, check: impl FnOnce(&mut Self) -> R) -> R {
        self.enter(token);
        let result = check(self);
        self.leave();
        result
    }

    /// Goes one reference token deeper.
    pub(crate) fn enter(&mut self, token: impl Display) {
        self.place.push('/');
        self.place.push_str(&escape_token(&token.to_string()));
    }

    /// Goes back up by one reference token.
    pub(crate) fn leave(&mut self) {
        let parent = self.place.rfind('/').unwrap_or_default();
        self.place.truncate(parent);
        self.described.retain(|(length, _)| *length <= parent);
    }

    /// Describes the current place, `what` called `name`, in the messages of all faults in it.
    pub(crate) fn describe(&mut self, what: &str, name: &str) {
        let description = format!("{what} {name:?}");
        self.described.push((self.place.len(), description));
    }

    /// Adds a fault at the current place.
    pub(crate) fn add(
        &mut self,
        code: FaultCode,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        self.add_at("", code, value, expected);
    }

    /// Adds a fault below the current place; `pointer` is relative to it and already escaped.
    pub(crate) fn add_at(
        &mut self,
        pointer: impl AsRef<str>,
        code: FaultCode,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        let within: Vec<&str> = self.described.iter().map(|(_, text)| &**text).collect();
        self.faults.push(Fault {
            code,
            place: format!("{}{}", self.place, pointer.as_ref()),
            within: within.join(", "),
            value: value.as_ref().chars().take(Fault::VALUE_LENGTH).collect(),
            expected: expected.into(),
        });
    }

    /// The value, if nothing is wrong with it.
    pub(crate) fn into_result<T, E: From<Self>>(self, value: T) -> Result<T, E> {
        if self.faults.is_empty() {
            Ok(value)
        } else {
            Err(self.into())
        }
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}

/// One reference token of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape_token(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

/// Defines the error of one operation: all the faults that stopped it.
///
/// A macro and not one type with a parameter, so that each operation has an error with a page of its own.
macro_rules! fault_error {
    ($(#[$docs:meta])* $error:ident) => {
        $(#[$docs])*
        ///
        /// Displays as one line for each fault.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $error {
            faults: Vec<$crate::diagnostics::Fault>,
        }

        impl $error {
            /// All faults, those of the form first; at least one.
            #[must_use]
            pub fn faults(&self) -> &[$crate::diagnostics::Fault] {
                &self.faults
            }
        }

        impl From<$crate::diagnostics::Diagnostics> for $error {
            fn from(diagnostics: $crate::diagnostics::Diagnostics) -> Self {
                Self { faults: diagnostics.into_faults() }
            }
        }

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }

        impl std::error::Error for $error {}
    };
}

pub(crate) use fault_error;

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        unreachable_pub,
        reason = "the errors are made to be public, and that of a test is not"
    )]
    mod soup {
        crate::diagnostics::fault_error! {
            /// Why it cannot be eaten.
            SoupError
        }
    }

    fn lines(diagnostics: Diagnostics) -> String {
        let result: Result<(), soup::SoupError> = diagnostics.into_result(());
        let error = result.unwrap_err();
        assert_eq!(error.to_string().lines().count(), error.faults().len());
        error.to_string()
    }

    #[test]
    fn each_fault_is_one_line_with_its_place_its_value_and_what_is_expected() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(FaultCode::WrongType, "7", "an object");
        diagnostics.at("a/b", |diagnostics| {
            diagnostics.describe("bowl", "blue");
            diagnostics.at(1, |diagnostics| {
                diagnostics.add(FaultCode::MissingMember, "", "a spoon");
            });
        });
        diagnostics.add_at("/c", FaultCode::InvalidName, "two\nlines \"q\"", "one");
        let expected = "at the top level: wrong type `7`; expected an object\n\
                        /a~1b/1 (bowl \"blue\"): missing member; expected a spoon\n\
                        /c: invalid name `two\\nlines \"q\"`; expected one";
        assert_eq!(lines(diagnostics), expected);
    }

    #[test]
    fn nothing_wrong_is_the_value() {
        let result: Result<u8, soup::SoupError> = Diagnostics::default().into_result(7);
        assert_eq!(result, Ok(7));
    }

    #[test]
    fn a_long_value_is_cut() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(FaultCode::InvalidName, "ü".repeat(300), "a short one");
        assert_eq!(diagnostics.into_faults()[0].value(), "ü".repeat(200));
    }
}
