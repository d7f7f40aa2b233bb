//! One expected result.

/// An expected result.
pub(crate) struct Item {
    /// The line of the plan.
    pub(crate) line: &'static str,
    /// Its name.
    pub(crate) what: &'static str,
    pub(crate) expected: Expected,
}

/// The expected value.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// Exactly this text.
    Is(&'static str),
    /// At least this number.
    AtLeast(u64),
}

impl Expected {
    pub(crate) fn is_met_by(self, seen: &str) -> bool {
        match self {
            Self::Is(expected) => seen == expected,
            Self::AtLeast(least) => seen.parse::<u64>().is_ok_and(|number| number >= least),
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Is(expected) => expected.to_owned(),
            Self::AtLeast(least) => format!("at least {least}"),
        }
    }
}
