//! What is wrong with something that was handed in.

use serde::Serialize;
use serde_json::json;

use crate::{
    admin::problem::{Problem, ProblemKind},
    diagnostics::Fault as DocumentFault,
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// Where, as a JSON pointer (RFC 6901) into the body, such as `/reason`; for a query the name alone.
    pub(crate) place: String,
    /// What stands there, the beginning of it.
    pub(crate) value: String,
    /// What would be right.
    pub(crate) remedy: String,
}

impl Fault {
    const MOST_SHOWN: usize = 200;

    pub(crate) fn new(
        place: impl Into<String>,
        value: impl AsRef<str>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            value: value.as_ref().chars().take(Self::MOST_SHOWN).collect(),
            remedy: remedy.into(),
        }
    }
}

impl From<&DocumentFault> for Fault {
    fn from(fault: &DocumentFault) -> Self {
        Self::new(fault.place(), fault.value(), fault.expected())
    }
}

/// The problem of something that has faults.
pub(crate) fn invalid(faults: &[Fault]) -> Problem {
    let told = faults.iter().map(|fault| {
        let Fault {
            place,
            value,
            remedy,
        } = fault;
        format!("{place} {value:?}: {remedy}")
    });
    let detail = told.collect::<Vec<_>>().join("; ");
    Problem::new(ProblemKind::Invalid, detail).with("faults", json!(faults))
}
