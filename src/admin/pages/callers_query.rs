//! What somebody wants to see of the callers.

use std::collections::HashMap;

use super::{
    callers::Asked,
    choices::{ORDERS, STATES, choose},
};
use crate::{
    caller::Kinds,
    census::{ListQuery, Select, SortBy, Window},
};

/// What somebody wants to see of the callers. What the query says wrongly is as if it was not said.
#[derive(Clone, Debug)]
pub(crate) struct CallersQuery {
    pub(crate) asked: Asked,
    window: Window,
    select: Select,
    sort: SortBy,
}

impl CallersQuery {
    pub(crate) fn read(fields: &HashMap<String, String>) -> Self {
        let field = |name| fields.get(name).map_or("", String::as_str);
        let (state, _, select) = choose(&STATES, field("state")).unwrap_or(STATES[0]);
        let (sort, _, by) = choose(&ORDERS, field("sort")).unwrap_or(LAST_SEEN);
        let window = humantime::parse_duration(field("window")).ok();
        let window = window.and_then(|length| Window::new(length).ok());
        let window = window.unwrap_or(Window::DAY);
        Self {
            asked: Asked {
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

    /// The query to the census, whose kinds these are.
    pub(crate) fn list(&self, kinds: &Kinds, limit: usize) -> ListQuery {
        let query = ListQuery::new(self.window)
            .select(self.select)
            .sort(self.sort)
            .descending(self.asked.descending)
            .page(self.asked.offset, limit);
        match kinds.find(&self.asked.kind) {
            Some(kind) => query.kind(kind),
            None => query,
        }
    }
}

const LAST_SEEN: super::choices::Choice<SortBy> = ("last_seen", "Last seen", SortBy::LastSeen);
