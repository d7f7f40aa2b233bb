//! Filtering and sorting the list of callers.

use std::collections::HashMap;

use crate::{
    admin::mount_path::{MountPath, query},
    caller::Kinds,
    census::{CallerState, ListQuery, Select, SortBy, Window},
};

/// The label of a selection of callers.
pub(crate) const fn selection_label(select: Select) -> &'static str {
    match select {
        Select::All => "All callers",
        Select::Stranded => "Stranded",
        Select::Regressed => "Regressed",
        Select::Depended => "Depended in the window, migrated since or not",
        Select::Unresolved => "Unresolved: depended and has not migrated",
        Select::Dependent => "Dependent",
        Select::Inconclusive => "Inconclusive",
        Select::Inactive => "Inactive",
        Select::Migrated => "Migrated",
        Select::NeverDependent => "Never dependent",
    }
}

/// The sortable columns in their order, with their heads.
pub(crate) const COLUMNS: [(SortBy, &str); 7] = [
    (SortBy::Fingerprint, "Caller"),
    (SortBy::Kind, "Kind"),
    (SortBy::FirstSeen, "First seen"),
    (SortBy::LastSeen, "Last seen"),
    (SortBy::LastDependent, "Last dependent"),
    (SortBy::Responses, "Responses"),
    (SortBy::DependentResponses, "Dependent responses"),
];

/// The meaning of a caller state.
pub(crate) const fn meaning(state: CallerState) -> &'static str {
    match state {
        CallerState::NeverDependent => "Has never depended",
        CallerState::Dependent => "Depended in the window",
        CallerState::Inconclusive => {
            "Seen in the window, but no response showed whether it still depends"
        }
        CallerState::Migrated => "Has depended, and accepts target responses now",
        CallerState::Inactive => "Has depended, and was not seen in the window",
    }
}

/// The filter of the page. An invalid value in the query counts as missing.
#[derive(Clone, Debug)]
pub(crate) struct CallersFilter {
    pub(crate) kind: String,
    pub(crate) select: Select,
    pub(crate) window: Window,
    pub(crate) sort: SortBy,
    pub(crate) descending: bool,
    offset: usize,
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
    pub(crate) fn sorted_by(&self, sort: SortBy, descending: bool) -> Self {
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
        let window = self.window.label();
        let pairs = [
            ("kind", self.kind.as_str()),
            ("state", self.select.as_str()),
            ("window", &window),
            ("sort", self.sort.as_str()),
            ("order", self.order()),
            ("offset", &offset),
        ];
        format!("{base}/callers{}", query(&pairs))
    }

    pub(crate) const fn order(&self) -> &'static str {
        if self.descending { "desc" } else { "asc" }
    }

    pub(crate) fn read(fields: &HashMap<String, String>) -> Self {
        let field = |name| fields.get(name).map_or("", String::as_str);
        let window = humantime::parse_duration(field("window")).ok();
        let window = window.and_then(|length| Window::new(length).ok());
        Self {
            kind: field("kind").to_owned(),
            select: Select::find(field("state")).unwrap_or(Select::All),
            window: window.unwrap_or(Window::DAY),
            sort: SortBy::find(field("sort")).unwrap_or(SortBy::LastSeen),
            descending: field("order") != "asc",
            offset: field("offset").parse().unwrap_or_default(),
        }
    }

    /// The query to a census with these kinds.
    pub(crate) fn query(&self, kinds: &Kinds, limit: usize) -> ListQuery {
        let query = ListQuery::new(self.window)
            .select(self.select)
            .sort(self.sort)
            .descending(self.descending)
            .page(self.offset, limit);
        match kinds.find(&self.kind) {
            Some(kind) => query.kind(kind),
            None => query,
        }
    }
}
