//! The statuses of an outcome's responses.

use std::fmt;

use serde::Serialize;

use crate::{
    diagnostics::Diagnostics,
    json::{OrderedValue, Scalar, wrong_type},
};

/// The statuses of the target responses that an outcome takes: one, several, or classes of them.
///
/// A class is all statuses that begin with one digit. It leaves out what the outcome could never take: 204, 205 and 304 where it
/// has conditions on fields or keeps the body, and the statuses that are never rewritten (206, 304 and 412) where it has a legacy
/// shape.
///
/// ```
/// use legacy_http_compat::contract::{Outcome, Statuses};
///
/// let invalid = Outcome::new("INVALID", [400, 422]);
/// assert!(invalid.statuses().contains(422));
/// let failed = Outcome::new("FAILED", "5xx");
/// assert!(failed.statuses().contains(503));
/// let unavailable = Outcome::new("UNAVAILABLE", [Statuses::from("5xx"), 429.into()]);
/// assert_eq!(unavailable.statuses().to_string(), "5xx, 429");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Statuses(pub(in crate::contract) Vec<StatusEntry>);

/// As it is given, right or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum StatusEntry {
    Single(i64),
    Class(String),
}

impl Statuses {
    /// Whether these statuses, or their classes, have `status` among them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|entry| match entry {
            StatusEntry::Single(single) => *single == i64::from(status),
            StatusEntry::Class(_) => entry.hundreds() == Some(status / 100),
        })
    }

    /// Whether an error status, from 400 on, is among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        (400..600).any(|status| self.contains(status))
    }

    pub(super) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Self> {
        let OrderedValue::Array(items) = tree else {
            let expected = format!("{}, or an array of these", StatusEntry::EXPECTED);
            return Some(Self(vec![StatusEntry::read(tree, &expected, diagnostics)?]));
        };
        let read = |(index, item)| {
            let read =
                |diagnostics: &mut _| StatusEntry::read(item, StatusEntry::EXPECTED, diagnostics);
            diagnostics.at(index, read)
        };
        // All are read, for their faults.
        let entries: Vec<_> = items.iter().enumerate().map(read).collect();
        entries.into_iter().collect::<Option<_>>().map(Self)
    }
}

impl StatusEntry {
    /// What a document has.
    const EXPECTED: &str = "an integer such as 404 or a class such as \"4xx\"";

    /// The first digit of a class that responses can have, from `2xx` to `5xx`.
    pub(in crate::contract) fn hundreds(&self) -> Option<u16> {
        match self {
            Self::Class(text) => match text.as_str() {
                "2xx" => Some(2),
                "3xx" => Some(3),
                "4xx" => Some(4),
                "5xx" => Some(5),
                _ => None,
            },
            Self::Single(_) => None,
        }
    }

    /// Any text is a class, which is a fault when the contract is built unless there is such a class.
    fn read(tree: &OrderedValue, expected: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let entry = match tree {
            OrderedValue::Scalar(Scalar::String(text)) => Some(Self::Class(text.clone())),
            OrderedValue::Scalar(Scalar::Number(number)) => number.as_i64().map(Self::Single),
            _ => None,
        };
        if entry.is_none() {
            wrong_type(tree, expected, diagnostics);
        }
        entry
    }
}

impl From<u16> for Statuses {
    fn from(status: u16) -> Self {
        Self(vec![StatusEntry::Single(status.into())])
    }
}

impl From<&str> for Statuses {
    /// A class such as `4xx`; anything else is a fault when the contract is built.
    fn from(class: &str) -> Self {
        Self(vec![StatusEntry::Class(class.to_owned())])
    }
}

impl<S: Into<Self>, const N: usize> From<[S; N]> for Statuses {
    fn from(statuses: [S; N]) -> Self {
        statuses.into_iter().collect()
    }
}

impl<S: Into<Self>> FromIterator<S> for Statuses {
    fn from_iter<I: IntoIterator<Item = S>>(statuses: I) -> Self {
        Self(statuses.into_iter().flat_map(|of| of.into().0).collect())
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

impl fmt::Display for StatusEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(status) => status.fmt(f),
            Self::Class(class) => class.fmt(f),
        }
    }
}

impl Serialize for Statuses {
    /// A single one as it is, several as an array.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [single] => single.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}
