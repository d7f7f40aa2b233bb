//! The callers one by one.

use serde::{Serialize, Serializer};

use crate::caller::{Fingerprint, Generation, Kind};

use super::{
    record::{CallerState, NEVER, REGRESSED, Record, STATUS_DRIVEN},
    versions::Names as Versions,
    window::Window,
};

/// Which callers to list, in which order.
///
/// ```
/// use legacy_http_compat::census::{ListQuery, Select, SortBy, Window};
///
/// let query = ListQuery::new(Window::DAY)
///     .select(Select::Stranded)
///     .sort(SortBy::DependentAnswers)
///     .descending(true)
///     .page(0, 50);
/// # let _ = query;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ListQuery {
    pub(super) window: Window,
    pub(super) select: Select,
    pub(super) kind: Option<Kind>,
    pub(super) sort: SortBy,
    pub(super) descending: bool,
    pub(super) offset: usize,
    pub(super) limit: usize,
}

/// Which callers are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Select {
    /// Every known caller.
    All,
    /// Those in this state.
    State(CallerState),
    /// The dependent ones with a stranded answer in the window.
    Stranded,
    /// The dependent ones that had migrated before.
    Regressed,
    /// Those with a dependent answer in the window, even if they migrated since.
    Depended,
    /// Those that depended once and did not migrate: dependent, unsettled or silent.
    Unaccounted,
}

/// What the list is ordered by; callers that are equal in it are ordered by fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortBy {
    /// The fingerprint.
    Fingerprint,
    /// When the caller was first seen.
    FirstSeen,
    /// When it was last seen.
    LastSeen,
    /// When it last got a dependent answer; never comes first.
    LastDependent,
    /// How many answers it got.
    Responses,
    /// How many dependent answers it got.
    DependentAnswers,
    /// The place of its kind in the configuration.
    Kind,
}

/// A part of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Page {
    /// How many callers match in all.
    pub total: usize,
    /// The place of the first row among them.
    pub offset: usize,
    /// The callers of this page.
    pub rows: Vec<CallerRow>,
}

/// What is known of one caller. Times are milliseconds since the Unix epoch, to the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallerRow {
    /// Its pseudonym.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// The name of its kind.
    pub kind: String,
    /// The version it named last, if that was one.
    pub version: Option<String>,
    /// The generation it was last seen as.
    #[serde(serialize_with = "generation")]
    pub generation: Generation,
    /// Its state in the window.
    pub state: CallerState,
    /// Whether it is dependent with a stranded answer in the window.
    pub stranded: bool,
    /// Whether it depends again after it had migrated.
    pub regressed: bool,
    /// When it was first seen.
    pub first_seen_unix_ms: u64,
    /// When it was last seen.
    pub last_seen_unix_ms: u64,
    /// When it last got a dependent answer.
    pub last_dependent_unix_ms: Option<u64>,
    /// When it last got a stranded answer.
    pub last_stranded_unix_ms: Option<u64>,
    /// When it was last seen status-driven.
    pub last_status_driven_unix_ms: Option<u64>,
    /// Answers it got; stops at 4,294,967,295, as do the next two.
    pub responses: u32,
    /// Dependent answers it got.
    pub dependent_responses: u32,
    /// Stranded answers it got.
    pub stranded_responses: u32,
    /// The endpoints that answered it.
    pub endpoints: Vec<String>,
}

impl ListQuery {
    /// A page never has more rows.
    pub const MAX_LIMIT: usize = 1_000;

    /// All callers, with their states in this window, last seen last; the first 100 of them.
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

    /// Only these callers.
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Only callers of this kind.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// In this order.
    pub fn sort(mut self, by: SortBy) -> Self {
        self.sort = by;
        self
    }

    /// With the order turned round.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }

    /// At most `limit` callers (and at most [`ListQuery::MAX_LIMIT`]), after leaving out the first `offset`.
    pub fn page(mut self, offset: usize, limit: usize) -> Self {
        self.offset = offset;
        self.limit = limit.min(Self::MAX_LIMIT);
        self
    }

    pub(super) fn matches(&self, record: &Record, since: u32) -> bool {
        let of_kind = |kind: Kind| usize::from(record.kind) == kind.index();
        self.kind.is_none_or(of_kind) && self.select.matches(record, since)
    }

    /// What orders a record among the others, unique to it.
    pub(super) fn key(&self, record: &Record) -> (u32, u128) {
        let by = match self.sort {
            SortBy::Fingerprint => 0,
            SortBy::FirstSeen => record.first_seen,
            SortBy::LastSeen => record.last_seen,
            SortBy::LastDependent => record.last_dependent,
            SortBy::Responses => record.responses,
            SortBy::DependentAnswers => record.dependent,
            SortBy::Kind => u32::from(record.kind),
        };
        let key = (by, record.fingerprint);
        if self.descending {
            (!key.0, !key.1)
        } else {
            key
        }
    }

    /// The keys of this page, in order, of all that match.
    pub(super) fn cut(&self, mut keys: Vec<(u32, u128)>) -> Vec<(u32, u128)> {
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

    /// The fingerprint in a key.
    pub(super) fn fingerprint(&self, key: (u32, u128)) -> u128 {
        if self.descending { !key.1 } else { key.1 }
    }
}

impl Select {
    pub(super) fn matches(self, record: &Record, since: u32) -> bool {
        let state = record.state(since);
        let dependent = state == CallerState::Dependent;
        match self {
            Self::All => true,
            Self::State(wanted) => state == wanted,
            Self::Stranded => dependent && record.is_stranded(since),
            Self::Regressed => dependent && record.has(REGRESSED),
            Self::Depended => record.last_dependent != NEVER && record.last_dependent >= since,
            Self::Unaccounted => record.still_depends(),
        }
    }
}

impl CallerRow {
    /// The row of a record, in a window that starts with the second `since`. The names and the wall time are given.
    pub(super) fn new(
        record: &Record,
        since: u32,
        names: &Names<'_>,
        unix_ms: impl Fn(u32) -> u64,
    ) -> Self {
        let state = record.state(since);
        let dependent = state == CallerState::Dependent;
        let version = names.versions.get(record.version);
        let at = |second| (second != NEVER).then(|| unix_ms(second));
        Self {
            fingerprint: Fingerprint::from_u128(record.fingerprint),
            kind: names.kind(record.kind),
            version: version.map(|version| version.as_str().to_owned()),
            generation: generation_of(record),
            state,
            stranded: dependent && record.is_stranded(since),
            regressed: record.still_depends() && record.has(REGRESSED),
            first_seen_unix_ms: unix_ms(record.first_seen),
            last_seen_unix_ms: unix_ms(record.last_seen),
            last_dependent_unix_ms: at(record.last_dependent),
            last_stranded_unix_ms: at(record.last_stranded),
            last_status_driven_unix_ms: at(record.last_status_driven),
            responses: record.responses,
            dependent_responses: record.dependent,
            stranded_responses: record.stranded,
            endpoints: super::endpoints::named(record.endpoints, names.endpoints),
        }
    }
}

/// The names that the numbers in a record stand for.
pub(super) struct Names<'a> {
    pub(super) kinds: &'a [String],
    pub(super) endpoints: &'a [Box<str>],
    pub(super) versions: &'a Versions<'a>,
}

impl Names<'_> {
    fn kind(&self, number: u8) -> String {
        let name = self.kinds.get(usize::from(number));
        name.map_or_else(|| "other".to_owned(), Clone::clone)
    }
}

fn generation_of(record: &Record) -> Generation {
    if record.has(STATUS_DRIVEN) {
        Generation::Target
    } else {
        Generation::Legacy
    }
}

fn as_text<S: Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fingerprint)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn generation<S: Serializer>(generation: &Generation, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(generation.as_str())
}
