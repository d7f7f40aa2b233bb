//! The query of the list of callers, which the API and the dashboard share.

use super::{
    mount_path::{MountPath, query},
    params::Params,
};
use crate::{
    caller::Kinds,
    census::{Census, ListQuery, Page, Select, SortBy, Window},
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
}

impl CallersQuery {
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
        }
    }

    /// At most `limit` of these callers.
    pub(crate) fn list(&self, census: &Census, limit: usize) -> Page {
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

    /// The page that shows these callers from another position on.
    pub(crate) fn link(&self, base: &MountPath, offset: usize) -> String {
        let pairs = [
            ("kind", self.kind.as_str()),
            ("state", self.select.as_str()),
            ("window", &self.window.label()),
            ("sort", self.sort.as_str()),
            ("order", self.order()),
            ("offset", &offset.to_string()),
        ];
        let given = if offset == 0 { &pairs[..5] } else { &pairs };
        format!("{base}/callers{}", query(given))
    }

    pub(crate) const fn order(&self) -> &'static str {
        order(self.descending)
    }
}

const fn order(descending: bool) -> &'static str {
    if descending { "desc" } else { "asc" }
}
