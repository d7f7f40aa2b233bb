//! Which callers to list, in which order.

use crate::{caller::Kind, words::words};

use super::{
    record::{CallerState, Judge, REGRESSED, Record},
    window::Window,
};

/// Which callers to list, in which order.
///
/// ```
/// use legacy_http_compat::census::{ListQuery, Select, SortBy, Window};
///
/// let query = ListQuery::new(Window::DAY)
///     .select(Select::Stranded)
///     .sort(SortBy::DependentResponses)
///     .descending(true)
///     .page(0, 50);
/// # let _ = query;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ListQuery {
    pub(super) window: Window,
    select: Select,
    kind: Option<Kind>,
    sort: SortBy,
    descending: bool,
    pub(super) offset: usize,
    limit: usize,
}

words! {
    /// A selection of callers.
    #[non_exhaustive]
    pub enum Select {
        /// Every known caller.
        All = "all",
        /// The dependent ones.
        Dependent = "dependent",
        /// The dependent ones with a stranded response in the window.
        Stranded = "stranded",
        /// The dependent ones that had been target callers before.
        Regressed = "regressed",
        /// Those with a dependent response in the window, even if they migrated since.
        Depended = "depended",
        /// Those that may still depend: dependent, latent, inconclusive or inactive.
        Unresolved = "unresolved",
        /// The latent ones.
        Latent = "latent",
        /// The inconclusive ones.
        Inconclusive = "inconclusive",
        /// The inactive ones.
        Inactive = "inactive",
        /// The migrated ones.
        Migrated = "migrated",
        /// Those that never depended.
        NeverDependent = "never_dependent",
    }
}

words! {
    /// The sort key of a list; callers with equal keys are sorted by fingerprint.
    #[non_exhaustive]
    pub enum SortBy {
        /// The fingerprint.
        Fingerprint = "fingerprint",
        /// The position of its kind in the configuration.
        Kind = "kind",
        /// When the caller was first seen.
        FirstSeen = "first_seen",
        /// When it was last seen.
        LastSeen = "last_seen",
        /// When it last got a dependent response; never comes first.
        LastDependent = "last_dependent",
        /// The number of its responses.
        Responses = "responses",
        /// The number of its dependent responses.
        DependentResponses = "dependent_responses",
    }
}

/// What sorts a record among the others, unique to it: the sort key, then the fingerprint and the kind.
pub(super) type SortKey = (u32, u128, u8);

impl ListQuery {
    /// The most rows of a page.
    pub const MAX_LIMIT: usize = 1_000;

    /// The first 100 of all callers with their states in this window, least recently seen first.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            select: Select::All,
            kind: None,
            sort: SortBy::LastSeen,
            descending: false,
            offset: 0,
            limit: 100,
        }
    }

    /// Selects these callers only.
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Selects callers of this kind only.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets the sort key.
    pub fn sort(mut self, by: SortBy) -> Self {
        self.sort = by;
        self
    }

    /// Reverses the order.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }

    /// Skips `offset` callers and lists at most `limit`, which is at most [`ListQuery::MAX_LIMIT`].
    pub fn page(mut self, offset: usize, limit: usize) -> Self {
        self.offset = offset;
        self.limit = limit.min(Self::MAX_LIMIT);
        self
    }

    pub(super) fn matches(&self, record: &Record, judge: Judge<'_>) -> bool {
        let of_kind = |kind: Kind| usize::from(record.kind) == kind.index();
        self.kind.is_none_or(of_kind) && self.select.matches(record, judge)
    }

    pub(super) fn key(&self, record: &Record) -> SortKey {
        let by = match self.sort {
            SortBy::Fingerprint => 0,
            SortBy::FirstSeen => record.first_seen,
            SortBy::LastSeen => record.last_seen(),
            SortBy::LastDependent => record.last_dependent,
            SortBy::Responses => record.responses,
            SortBy::DependentResponses => record.dependent,
            SortBy::Kind => u32::from(record.kind),
        };
        let key = (by, record.fingerprint, record.kind);
        if self.descending {
            (!key.0, !key.1, !key.2)
        } else {
            key
        }
    }

    /// The keys of this page, in order, from those of all matches.
    pub(super) fn cut(&self, mut keys: Vec<SortKey>) -> Vec<SortKey> {
        let end = self.offset.saturating_add(self.limit).min(keys.len());
        let start = self.offset.min(end);
        if end < keys.len() {
            // Only the front of the list is ever sorted.
            keys.select_nth_unstable(end);
            keys.truncate(end);
        }
        keys.sort_unstable();
        keys.split_off(start)
    }

    /// The fingerprint and the kind in a key.
    pub(super) fn caller(&self, key: SortKey) -> (u128, u8) {
        if self.descending {
            (!key.1, !key.2)
        } else {
            (key.1, key.2)
        }
    }
}

impl Select {
    pub(super) fn matches(self, record: &Record, judge: Judge<'_>) -> bool {
        let (state, since) = (record.state(judge), judge.since);
        let dependent = state == CallerState::Dependent;
        match self {
            Self::All => true,
            Self::Dependent => dependent,
            Self::Stranded => dependent && record.is_stranded(since),
            Self::Regressed => dependent && record.has(REGRESSED),
            Self::Depended => record.depended() && record.last_dependent >= since,
            Self::Unresolved => {
                !matches!(state, CallerState::NeverDependent | CallerState::Migrated)
            }
            Self::Latent => state == CallerState::Latent,
            Self::Inconclusive => state == CallerState::Inconclusive,
            Self::Inactive => state == CallerState::Inactive,
            Self::Migrated => state == CallerState::Migrated,
            Self::NeverDependent => state == CallerState::NeverDependent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selection_and_sort_key_is_found_by_its_name() {
        for select in Select::ALL {
            assert_eq!(Select::find(select.as_str()), Some(*select));
        }
        for sort in SortBy::ALL {
            assert_eq!(SortBy::find(sort.as_str()), Some(*sort));
        }
        assert_eq!(Select::find("unknown"), None);
    }
}
