//! What the list of callers can be filtered and sorted by.

use crate::census::{CallerState, Select, SortBy};

/// A choice: its name in the query, the words for it, and what it means.
pub(crate) type Choice<T> = (&'static str, &'static str, T);

pub(crate) const STATES: [Choice<Select>; 10] = [
    ("all", "All callers", Select::All),
    (
        "dependent",
        "Dependent",
        Select::State(CallerState::Dependent),
    ),
    ("stranded", "Stranded", Select::Stranded),
    ("regressed", "Regressed", Select::Regressed),
    (
        "depended",
        "Depended in the window, even if migrated since",
        Select::Depended,
    ),
    (
        "unresolved",
        "Unaccounted: depended and did not migrate",
        Select::Unresolved,
    ),
    (
        "inconclusive",
        "Inconclusive",
        Select::State(CallerState::Inconclusive),
    ),
    ("inactive", "Inactive", Select::State(CallerState::Inactive)),
    ("migrated", "Migrated", Select::State(CallerState::Migrated)),
    (
        "never_dependent",
        "NeverDependent",
        Select::State(CallerState::NeverDependent),
    ),
];

pub(crate) const ORDERS: [Choice<SortBy>; 7] = [
    ("fingerprint", "Caller", SortBy::Fingerprint),
    ("kind", "Kind", SortBy::Kind),
    ("first_seen", "First seen", SortBy::FirstSeen),
    ("last_seen", "Last seen", SortBy::LastSeen),
    ("last_dependent", "Last dependent", SortBy::LastDependent),
    ("responses", "Answers", SortBy::Responses),
    (
        "dependent_responses",
        "Dependent answers",
        SortBy::DependentResponses,
    ),
];

/// The choice of this name.
pub(crate) fn choose<T: Copy>(choices: &[Choice<T>], name: &str) -> Option<Choice<T>> {
    choices.iter().find(|(known, _, _)| *known == name).copied()
}

/// A state in a word, with what it means.
pub(crate) const fn state_words(state: CallerState) -> (&'static str, &'static str) {
    match state {
        CallerState::NeverDependent => ("never_dependent", "Never needed an old answer"),
        CallerState::Dependent => ("dependent", "Needed an old answer in the window"),
        CallerState::Inconclusive => (
            "inconclusive",
            "Seen in the window, but nothing it was asked told whether it still depends",
        ),
        CallerState::Migrated => (
            "migrated",
            "Depended once, and understands the new answers now",
        ),
        CallerState::Inactive => ("inactive", "Depended once, and was not seen in the window"),
    }
}
