//! The query of the list of callers, which the API and the dashboard share.

use std::cmp::Ordering;

use super::{
    mount_path::{MountPath, query},
    params::Params,
};
use crate::{
    caller::Kinds,
    census::{CallerRow, Census, ListQuery, Page, Select, SortBy, Window},
};

/// Which callers to list, in which order.
#[derive(Clone, Debug)]
pub(crate) struct CallersQuery {
    pub(crate) window: Window,
    pub(crate) select: Select,
    pub(crate) sort: SortBy,
    pub(crate) descending: bool,
    /// The name of a kind; empty for all.
    pub(crate) kind: String,
    pub(crate) offset: usize,
    /// Whether the window is the time since the flag last changed, whenever the list is shown. Only the dashboard has it.
    pub(crate) since_change: bool,
    /// Part of a pseudonym, a version or the name of an endpoint; empty for all. Only the dashboard searches.
    pub(crate) search: String,
}

impl CallersQuery {
    /// The word for the window since the flag last changed.
    pub(crate) const SINCE_CHANGE: &'static str = "flag";

    /// Reads the query to a census with these kinds. What is missing or invalid is the default.
    pub(crate) fn read(params: &mut Params, kinds: &Kinds) -> Self {
        let kinds: Vec<&str> = kinds.names().collect();
        let window = params.window();
        let select = params.word("state", Select::ALL, Select::as_str);
        let sort = params.word("sort", SortBy::ALL, SortBy::as_str);
        let descending = params.word("order", &[false, true], order);
        let kind = params.word("kind", &kinds, |kind| kind);
        Self {
            window,
            select: select.unwrap_or(Select::All),
            sort: sort.unwrap_or(SortBy::LastSeen),
            descending: descending.unwrap_or(true),
            kind: kind.unwrap_or_default().to_owned(),
            offset: params.parsed("offset").unwrap_or(0),
            since_change: false,
            search: String::new(),
        }
    }

    /// At most `limit` of these callers.
    pub(crate) fn list(&self, census: &Census, limit: usize) -> Page {
        if !self.search.is_empty() {
            return self.found(census, limit);
        }
        let query = ListQuery::new(self.window)
            .select(self.select)
            .sort(self.sort)
            .descending(self.descending)
            .page(self.offset, limit);
        census.list(&match census.kinds().find(&self.kind) {
            Some(kind) => query.kind(kind),
            None => query,
        })
    }

    /// At most `limit` of the callers that the search finds, of the first [`MOST_FOUND`].
    fn found(&self, census: &Census, limit: usize) -> Page {
        let needle = self.search.to_lowercase();
        let needle = needle.strip_prefix("psd_").unwrap_or(&needle);
        let (mut total, mut rows) = (0, Vec::new());
        census.each_caller(self.window, self.select, |row| {
            if (self.kind.is_empty() || self.kind == row.kind) && has(&row, needle) {
                total += 1;
                if total <= MOST_FOUND {
                    rows.push(row);
                }
            }
        });
        rows.sort_by(|a, b| {
            let order = self.compare(a, b);
            let order = if self.descending {
                order.reverse()
            } else {
                order
            };
            order.then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        let rows = rows.into_iter().skip(self.offset).take(limit);
        Page {
            total,
            offset: self.offset,
            rows: rows.collect(),
        }
    }

    fn compare(&self, a: &CallerRow, b: &CallerRow) -> Ordering {
        match self.sort {
            SortBy::Fingerprint => a.fingerprint.cmp(&b.fingerprint),
            SortBy::Kind => a.kind.cmp(&b.kind),
            SortBy::FirstSeen => a.first_seen.cmp(&b.first_seen),
            SortBy::LastDependent => a.last_dependent.cmp(&b.last_dependent),
            SortBy::Responses => a.responses.cmp(&b.responses),
            SortBy::DependentResponses => a.dependent_responses.cmp(&b.dependent_responses),
            SortBy::LastSeen => a.last_seen.cmp(&b.last_seen),
        }
    }

    /// The window as the parameter of a link.
    pub(crate) fn window_word(&self) -> String {
        if self.since_change {
            Self::SINCE_CHANGE.to_owned()
        } else {
            self.window.label()
        }
    }

    /// The page that shows these callers from another position on.
    pub(crate) fn link(&self, base: &MountPath, offset: usize) -> String {
        let pairs = [
            ("kind", self.kind.as_str()),
            ("state", self.select.as_str()),
            ("window", &self.window_word()),
            ("sort", self.sort.as_str()),
            ("order", self.order()),
            ("search", &self.search),
            ("offset", &offset.to_string()),
        ];
        let given = if offset == 0 { &pairs[..6] } else { &pairs };
        format!("{base}/callers{}", query(given))
    }

    pub(crate) const fn order(&self) -> &'static str {
        order(self.descending)
    }
}

/// The most callers that a search sorts.
const MOST_FOUND: usize = 10_000;

/// Whether the pseudonym, the version or an endpoint of a caller contains a text in lower case.
fn has(row: &CallerRow, needle: &str) -> bool {
    let texts = row.version.iter().chain(&row.endpoints);
    row.fingerprint.to_string().contains(needle)
        || texts
            .into_iter()
            .any(|text| text.to_lowercase().contains(needle))
}

const fn order(descending: bool) -> &'static str {
    if descending { "desc" } else { "asc" }
}
