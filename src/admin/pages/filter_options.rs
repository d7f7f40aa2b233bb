//! Filtering and sorting the list of callers.

use std::collections::HashMap;

use crate::{
    admin::mount_path::{MountPath, query},
    caller::Kinds,
    census::{CallerState, ListQuery, Select, SortBy, Window},
};

/// An option: its word in the query, its label, and its value.
type FilterOption<T> = (&'static str, &'static str, T);

pub(crate) const SELECTIONS: [FilterOption<Select>; 10] = [
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
        "Depended in the window, migrated since or not",
        Select::Depended,
    ),
    (
        "unresolved",
        "Unresolved: depended and has not migrated",
        Select::Unaccounted,
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
        "Never dependent",
        Select::State(CallerState::NeverDependent),
    ),
];

pub(crate) const SORTS: [FilterOption<SortBy>; 7] = [
    ("fingerprint", "Caller", SortBy::Fingerprint),
    ("kind", "Kind", SortBy::Kind),
    ("first_seen", "First seen", SortBy::FirstSeen),
    LAST_SEEN,
    ("last_dependent", "Last dependent", SortBy::LastDependent),
    ("responses", "Responses", SortBy::Responses),
    (
        "dependent_responses",
        "Dependent responses",
        SortBy::DependentAnswers,
    ),
];

const LAST_SEEN: FilterOption<SortBy> = ("last_seen", "Last seen", SortBy::LastSeen);

/// A caller state as a word, and its meaning.
pub(crate) const fn state_words(state: CallerState) -> (&'static str, &'static str) {
    match state {
        CallerState::NeverDependent => ("never_dependent", "Has never depended"),
        CallerState::Dependent => ("dependent", "Depended in the window"),
        CallerState::Inconclusive => (
            "inconclusive",
            "Seen in the window, but no response showed whether it still depends",
        ),
        CallerState::Migrated => ("migrated", "Has depended, and accepts target responses now"),
        CallerState::Inactive => ("inactive", "Has depended, and was not seen in the window"),
    }
}

/// The filter in the words of the query.
#[derive(Clone, Debug)]
pub(crate) struct CallersFilter {
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    pub(crate) window: String,
    pub(crate) sort: &'static str,
    pub(crate) descending: bool,
    offset: usize,
}

/// The query of the page. An invalid value counts as missing.
#[derive(Clone, Debug)]
pub(crate) struct CallersQuery {
    pub(crate) filter: CallersFilter,
    window: Window,
    select: Select,
    sort: SortBy,
}

impl CallersFilter {
    /// The same filter from another position on.
    pub(crate) fn at(&self, offset: usize) -> Self {
        Self {
            offset,
            ..self.clone()
        }
    }

    /// The same filter with another order, from the start.
    pub(crate) fn sorted_by(&self, sort: &'static str, descending: bool) -> Self {
        Self {
            sort,
            descending,
            ..self.at(0)
        }
    }

    pub(crate) fn link(&self, base: &MountPath) -> String {
        let offset = match self.offset {
            0 => String::new(),
            offset => offset.to_string(),
        };
        let pairs = [
            ("kind", self.kind.as_str()),
            ("state", self.state),
            ("window", &self.window),
            ("sort", self.sort),
            ("order", self.order()),
            ("offset", &offset),
        ];
        format!("{base}/callers{}", query(&pairs))
    }

    pub(crate) const fn order(&self) -> &'static str {
        if self.descending { "desc" } else { "asc" }
    }
}

impl CallersQuery {
    pub(crate) fn read(fields: &HashMap<String, String>) -> Self {
        let field = |name| fields.get(name).map_or("", String::as_str);
        let (state, _, select) = find(&SELECTIONS, field("state")).unwrap_or(SELECTIONS[0]);
        let (sort, _, by) = find(&SORTS, field("sort")).unwrap_or(LAST_SEEN);
        let window = humantime::parse_duration(field("window")).ok();
        let window = window.and_then(|length| Window::new(length).ok());
        let window = window.unwrap_or(Window::DAY);
        Self {
            filter: CallersFilter {
                kind: field("kind").to_owned(),
                state,
                window: window.label(),
                sort,
                descending: field("order") != "asc",
                offset: field("offset").parse().unwrap_or_default(),
            },
            window,
            select,
            sort: by,
        }
    }

    /// The query to a census with these kinds.
    pub(crate) fn list(&self, kinds: &Kinds, limit: usize) -> ListQuery {
        let query = ListQuery::new(self.window)
            .select(self.select)
            .sort(self.sort)
            .descending(self.filter.descending)
            .page(self.filter.offset, limit);
        match kinds.find(&self.filter.kind) {
            Some(kind) => query.kind(kind),
            None => query,
        }
    }
}

fn find<T: Copy>(options: &[FilterOption<T>], word: &str) -> Option<FilterOption<T>> {
    options.iter().find(|(known, _, _)| *known == word).copied()
}
