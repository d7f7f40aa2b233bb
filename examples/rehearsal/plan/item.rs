//! One promise.

/// One thing that is to be seen.
pub(crate) struct Item {
    /// The line of the plan that it belongs to.
    pub(crate) line: &'static str,
    /// What it is about, and its name for the play.
    pub(crate) what: &'static str,
    pub(crate) wanted: Wanted,
}

/// What is to be seen.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    /// Exactly this.
    Is(&'static str),
    /// A number, no less than this.
    AtLeast(u64),
}

impl Wanted {
    pub(crate) fn is_met_by(self, seen: &str) -> bool {
        match self {
            Self::Is(wanted) => seen == wanted,
            Self::AtLeast(least) => seen.parse::<u64>().is_ok_and(|number| number >= least),
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Is(wanted) => wanted.to_owned(),
            Self::AtLeast(least) => format!("at least {least}"),
        }
    }
}
