//! One fault, and what sort of fault it is.

use crate::words::words;

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
    /// The names of what the place is in, because an array index alone is hard to find.
    within: String,
    value: String,
    expected: String,
}

impl Fault {
    /// How many characters of a value are kept.
    const VALUE_LENGTH: usize = 200;

    /// At most [`Self::VALUE_LENGTH`] characters of `value` are kept.
    pub(super) fn new(
        code: FaultCode,
        place: String,
        within: String,
        value: &str,
        expected: String,
    ) -> Self {
        Self {
            code,
            place,
            within,
            value: value.chars().take(Self::VALUE_LENGTH).collect(),
            expected,
        }
    }

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
    /// Names, paths, versions and the like as they are; a value of the wrong type as JSON text.
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
        match self.value.as_str() {
            "" if self.code.is_of_absence() => {}
            "" => f.write_str(" (empty)")?,
            value => write!(f, " `{}`", Escaped(value))?,
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

words! {
    /// What sort of fault it is.
    #[non_exhaustive]
    pub enum FaultCode {
        /// The text is not JSON.
        InvalidJson = "invalid_json",
        /// A member that the object does not have.
        UnknownMember = "unknown_member",
        /// A member that occurs twice in one object.
        DuplicateMember = "duplicate_member",
        /// A required member is missing.
        MissingMember = "missing_member",
        /// A value of another JSON type than its member has.
        WrongType = "wrong_type",
        /// A value of the right type in a form that its member does not have.
        InvalidValue = "invalid_value",
        /// A number or duration outside its bounds.
        OutOfRange = "out_of_range",
        /// More of something than there may be.
        TooMany = "too_many",
        /// A name with characters that it may not have, too long, or reserved.
        InvalidName = "invalid_name",
        /// A name that is already taken, or listed twice.
        DuplicateName = "duplicate_name",
        /// A reference to an outcome that the contract does not have.
        UnknownOutcome = "unknown_outcome",
        /// A method that is no token, not in upper case, reserved, or one whose responses cannot be rewritten (HEAD, CONNECT).
        InvalidMethod = "invalid_method",
        /// A path pattern or base path that no request has, or that is not in matchit syntax.
        InvalidPath = "invalid_path",
        /// A status outside 100 to 599, or one that a final response cannot have.
        InvalidStatus = "invalid_status",
        /// A header name or value that HTTP does not allow, that does not fit the body, or that only the layer sets.
        InvalidHeader = "invalid_header",
        /// A malformed JSON pointer (RFC 6901), or one that finds nothing.
        InvalidPointer = "invalid_pointer",
        /// A condition that nothing can fulfil or that is not on a scalar.
        InvalidCondition = "invalid_condition",
        /// A deprecation or sunset date that cannot be written as one.
        InvalidDate = "invalid_date",
        /// A deprecation link that is not an absolute URI.
        InvalidLink = "invalid_link",
        /// A malformed placeholder, or one that can be absent where a value is required.
        InvalidTemplate = "invalid_template",
        /// Two endpoints match the same requests.
        OverlappingEndpoints = "overlapping_endpoints",
        /// Earlier outcomes match every response that this one would match.
        UnreachableOutcome = "unreachable_outcome",
        /// A legacy shape that equals the target response.
        UnchangedResponse = "unchanged_response",
        /// A legacy shape for, or with, a status whose responses have no body of their own.
        StatusWithoutBody = "status_without_body",
        /// A status whose required header the shape does not set, such as 401 without `WWW-Authenticate`.
        MissingRequiredHeader = "missing_required_header",
        /// The sunset is earlier than the deprecation.
        SunsetBeforeDeprecation = "sunset_before_deprecation",
        /// No client kind is listed.
        NoKinds = "no_kinds",
        /// A setting for a client kind that is not listed.
        UnknownKind = "unknown_kind",
        /// No header or product determines the client kind.
        NoKindSource = "no_kind_source",
        /// The same source of the client kind is listed twice.
        DuplicateKindSource = "duplicate_kind_source",
        /// A product name that is not a token.
        InvalidProduct = "invalid_product",
        /// A product that is mapped twice.
        DuplicateProduct = "duplicate_product",
        /// A version of another form than a client's.
        InvalidVersion = "invalid_version",
        /// A second version for the same client kind.
        DuplicateVersion = "duplicate_version",
        /// An opt-in value that cannot be sent in a header.
        InvalidOptInValue = "invalid_opt_in_value",
        /// A combined identity signal without parts.
        EmptyCombination = "empty_combination",
        /// The product name as the only identity signal: all installations share it.
        ProductAlone = "product_alone",
        /// An identity signal that changes when the client is upgraded.
        UnstableIdentity = "unstable_identity",
        /// A phase in which a rollout cannot open.
        InvalidOpeningPhase = "invalid_opening_phase",
        /// A gate that does not exist.
        UnknownGate = "unknown_gate",
        /// An automatic rollback without a limit, which would never happen.
        EmptyAutoRollback = "empty_auto_rollback",
        /// No access token is configured.
        NoTokens = "no_tokens",
        /// Two names have the same access token.
        DuplicateToken = "duplicate_token",
        /// The digest of an empty access token.
        EmptyToken = "empty_token",
    }
}

impl FaultCode {
    /// Whether there is no value, because something is missing.
    const fn is_of_absence(self) -> bool {
        matches!(
            self,
            Self::MissingMember
                | Self::NoKinds
                | Self::NoKindSource
                | Self::EmptyCombination
                | Self::EmptyAutoRollback
                | Self::NoTokens
        )
    }
}
