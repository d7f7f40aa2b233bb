//! What can be wrong with a contract.

use std::{error::Error, fmt};

/// Why a contract was refused: every fault that it has.
///
/// ```
/// use legacy_http_compat::contract::{Contract, Endpoint, FaultKind, Outcome};
///
/// let error = Contract::builder()
///     .endpoint(Endpoint::get("item", "items/{id}").outcome(Outcome::new("GONE", 99)))
///     .build()
///     .unwrap_err();
/// let kinds: Vec<FaultKind> = error.faults().iter().map(|fault| fault.kind()).collect();
/// assert_eq!(kinds, [FaultKind::InvalidPath, FaultKind::InvalidStatus]);
/// assert_eq!(
///     error.faults()[1].to_string(),
///     r#"endpoint "item", outcome "GONE": status 99: expected a status from 100 to 599"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractError {
    faults: Vec<Fault>,
}

/// One fault of a contract: where it is, the offending value, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    place: Place,
    value: String,
    expected: String,
}

/// The endpoint and outcome that a fault is in; neither for one of the contract as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) endpoint: Option<String>,
    pub(crate) outcome: Option<String>,
}

/// The kinds of faults a contract can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The document is not JSON.
    Syntax,
    /// A member that documents do not have.
    UnknownMember,
    /// A member that stands twice in one object.
    RepeatedMember,
    /// A member that must be there is not.
    MissingMember,
    /// A value of another JSON type than its member has.
    WrongType,
    /// A name that cannot be a label: empty, too long, reserved, or with other than letters, digits, `_`, `-` and `.`.
    InvalidName,
    /// Two endpoints, or two outcomes of one endpoint, have the same name.
    DuplicateName,
    /// A method that is no token, or one whose answers cannot be rewritten (HEAD, CONNECT).
    InvalidMethod,
    /// A path pattern or base path that is not in matchit syntax.
    InvalidPath,
    /// A status outside 100 to 599.
    InvalidStatus,
    /// A header name or value that HTTP does not allow, or a header that is the layer's own to set.
    InvalidHeader,
    /// A JSON pointer that is malformed (RFC 6901).
    InvalidPointer,
    /// A condition that nothing can fulfil or that is not on a scalar.
    InvalidCondition,
    /// A deprecation or sunset date that cannot be written as one.
    InvalidDate,
    /// A deprecation link that is no absolute URI.
    InvalidLink,
    /// A template with a hole that is malformed or stands where it cannot be left out.
    InvalidTemplate,
    /// Two endpoints claim the same requests.
    OverlappingEndpoints,
    /// An earlier outcome matches every answer that this one would match.
    ShadowedOutcome,
    /// A legacy shape for, or to, a status that has no body of its own to rewrite.
    StatusWithoutBody,
    /// A status whose required header the shape does not set, such as 401 without `WWW-Authenticate`.
    MissingRequiredHeader,
    /// The sunset is earlier than the deprecation.
    SunsetBeforeDeprecation,
    /// More of something than a contract may have.
    TooMany,
}

impl ContractError {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self { faults }
    }

    /// All faults, in the order of the document.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(
            f,
            "the contract has {count} fault{}",
            if count == 1 { "" } else { "s" }
        )?;
        self.faults
            .iter()
            .try_for_each(|fault| write!(f, "\n- {fault}"))
    }
}

impl Error for ContractError {}

impl Fault {
    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The name of the endpoint it is in.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.place.endpoint.as_deref()
    }

    /// The name of the outcome it is in.
    #[must_use]
    pub fn outcome(&self) -> Option<&str> {
        self.place.outcome.as_deref()
    }

    /// The offending value.
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(endpoint) = self.endpoint() {
            write!(f, "endpoint {endpoint:?}")?;
            if let Some(outcome) = self.outcome() {
                write!(f, ", outcome {outcome:?}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}: expected {}", self.value, self.expected)
    }
}

/// Collects faults while one place after the other is looked at.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Fault>,
    pub(crate) place: Place,
}

impl Faults {
    pub(crate) fn add(
        &mut self,
        kind: FaultKind,
        value: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let place = self.place.clone();
        self.found.push(Fault {
            kind,
            place,
            value: value.into(),
            expected: expected.into(),
        });
    }

    pub(crate) fn enter_endpoint(&mut self, name: &str) {
        self.place = Place {
            endpoint: Some(name.to_owned()),
            outcome: None,
        };
    }

    pub(crate) fn enter_outcome(&mut self, name: &str) {
        self.place.outcome = Some(name.to_owned());
    }

    pub(crate) fn leave_outcome(&mut self) {
        self.place.outcome = None;
    }

    pub(crate) fn leave_endpoint(&mut self) {
        self.place = Place::default();
    }

    pub(crate) fn into_result<T>(self, value: T) -> Result<T, ContractError> {
        if self.found.is_empty() {
            Ok(value)
        } else {
            Err(ContractError::new(self.found))
        }
    }
}
