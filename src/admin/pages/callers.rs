//! The page that lists callers one by one.

use askama::Template;
use axum::response::{IntoResponse as _, Response};

use super::{layout::Layout, page_request::PageRequest};
use crate::{
    admin::{
        callers_query::CallersQuery,
        format::{counted, grouped},
        mount_path::query,
        problem::{Problem, ProblemKind},
        shared::html,
    },
    census::{CallerRow, CallerState, Page, Select, SortBy, Window},
    rollout::names::{Identifier, WaiverTarget},
};

/// The list of callers.
#[derive(Debug, Template)]
#[template(
    path = "callers.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct CallersPage<'a> {
    layout: &'a Layout,
    query: CallersQuery,
    page: Page,
    /// Which instances count them; empty where there is only one.
    counted_by: &'static str,
}

/// The head of a column, which sorts by it.
#[derive(Debug)]
struct Column {
    label: &'static str,
    href: String,
    /// `ascending` or `descending`; empty if the list is not sorted by it.
    sorted: &'static str,
    figure: bool,
}

/// The number of callers on a page.
const PAGE_LEN: usize = 50;

/// The most characters of a search.
const MAX_SEARCH: usize = 100;

/// The sortable columns in their order, with their heads.
const COLUMNS: [(SortBy, &str); 7] = [
    (SortBy::Fingerprint, "Caller"),
    (SortBy::Kind, "Kind"),
    (SortBy::FirstSeen, "First seen (UTC)"),
    (SortBy::LastSeen, "Last seen (UTC)"),
    (SortBy::LastDependent, "Last dependent (UTC)"),
    (SortBy::Responses, "Responses"),
    (SortBy::DependentResponses, "Dependent responses"),
];

pub(crate) async fn show(mut request: PageRequest) -> Response {
    let Some(census) = request.shared.rollout.census() else {
        let detail = "The rollout has no census, so callers are not counted.";
        return Problem::new(ProblemKind::NotConfigured, detail).into_response();
    };
    let view = request.shared.rollout.census_view();
    let is_shared = view.is_some_and(|view| view.is_shared());
    let params = &mut request.params;
    let since_change = params.is("window", CallersQuery::SINCE_CHANGE);
    let mut query = CallersQuery::read(params, census.kinds());
    query.since_change = since_change;
    let search = request.params.text("search").unwrap_or_default();
    query.search = search.trim().chars().take(MAX_SEARCH).collect();
    request
        .render("Callers", move |_, layout| {
            if query.since_change {
                query.window = layout.since_flag_changed();
            }
            let page = query.list(&census, PAGE_LEN);
            html(&CallersPage {
                layout,
                query,
                page,
                counted_by: counted_by(layout, is_shared),
            })
        })
        .await
}

/// Whose callers they are, where several instances share the journal.
fn counted_by(layout: &Layout, is_shared: bool) -> &'static str {
    match (is_shared, &layout.fleet) {
        (true, _) => "of all instances",
        (false, Some(_)) => "of this instance alone",
        (false, None) => "",
    }
}

impl CallersPage<'_> {
    fn found(&self) -> String {
        counted(self.page.total as u64, "caller")
    }

    /// The positions of the first and the last row; empty if there are none.
    fn range(&self) -> String {
        let (first, last) = (self.page.offset as u64 + 1, self.end() as u64);
        match self.page.rows.len() {
            0 => String::new(),
            _ => format!("{} to {}", grouped(first), grouped(last)),
        }
    }

    fn end(&self) -> usize {
        self.page.offset + self.page.rows.len()
    }

    fn previous(&self) -> Option<String> {
        let previous = self.page.offset.saturating_sub(PAGE_LEN);
        (self.page.offset > 0).then(|| self.query.link(&self.layout.base, previous))
    }

    fn next(&self) -> Option<String> {
        (self.end() < self.page.total).then(|| self.query.link(&self.layout.base, self.end()))
    }

    /// Whether the query leaves out any callers.
    fn filtered(&self) -> bool {
        !self.query.kind.is_empty()
            || !self.query.search.is_empty()
            || self.query.select != Select::All
    }

    /// The standard windows, the time since the flag changed, and the current one: each with its name.
    fn windows(&self) -> Vec<(String, String)> {
        let standard = Window::STANDARD.map(|window| (window.label(), window.label()));
        let mut windows = standard.to_vec();
        let since_change = "since the flag changed";
        windows.push((
            CallersQuery::SINCE_CHANGE.to_owned(),
            since_change.to_owned(),
        ));
        let current = self.query.window_word();
        if !windows.iter().any(|(word, _)| *word == current) {
            windows.push((current.clone(), current));
        }
        windows
    }

    fn columns(&self) -> [Column; 7] {
        COLUMNS.map(|(sort, label)| {
            let sorted = match (self.query.sort == sort, self.query.descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            // Numbers and times start with the largest.
            let descending = if sorted.is_empty() {
                !matches!(sort, SortBy::Fingerprint | SortBy::Kind)
            } else {
                !self.query.descending
            };
            let query = CallersQuery {
                sort,
                descending,
                ..self.query.clone()
            };
            Column {
                label,
                href: query.link(&self.layout.base, 0),
                sorted,
                figure: matches!(sort, SortBy::Responses | SortBy::DependentResponses),
            }
        })
    }

    /// Whether a waiver covers the caller, by itself or with its kind.
    fn waived(&self, row: &CallerRow) -> bool {
        let kind = Identifier::new(row.kind.as_str()).map(WaiverTarget::Kind);
        let state = &self.layout.status.state;
        let mut targets = kind.into_iter().chain([target(row)]);
        targets.any(|target| state.waiver(&target, self.layout.now).is_some())
    }

    /// Whether the caller is stranded since the flag last changed.
    fn is_stranded(&self, row: &CallerRow) -> bool {
        let stranded = self.layout.stranded.as_ref();
        row.stranded && stranded.is_some_and(|stranded| stranded.is_later(row.last_stranded))
    }

    /// The form that waives the caller.
    fn waive(&self, row: &CallerRow) -> String {
        let form = query(&[("target", &target(row).to_string())]);
        format!("{}/waive{form}", self.layout.base)
    }
}

fn target(row: &CallerRow) -> WaiverTarget {
    WaiverTarget::Caller(row.fingerprint)
}

/// The end of a fingerprint, which is enough to tell callers apart.
fn short(row: &CallerRow) -> String {
    let text = row.fingerprint.to_string();
    text[text.len().saturating_sub(8)..].to_owned()
}

/// A word of the API as it is read: `never dependent`.
fn words(state: &str) -> String {
    state.replace('_', " ")
}

fn count(number: u32) -> String {
    grouped(number.into())
}

fn label(select: Select) -> &'static str {
    match select {
        Select::All => "All callers",
        Select::Stranded => "Stranded",
        Select::Regressed => "Regressed",
        Select::Depended => "Depended in the window, migrated since or not",
        Select::Unresolved => "Unresolved: may still depend",
        Select::Latent => "Latent",
        Select::Dependent => "Dependent",
        Select::Inconclusive => "Inconclusive",
        Select::Inactive => "Inactive",
        Select::Migrated => "Migrated",
        Select::NeverDependent => "Never dependent",
    }
}

fn meaning(state: CallerState) -> &'static str {
    match state {
        CallerState::NeverDependent => "Has never depended",
        CallerState::Latent => "Has not depended yet, and may",
        CallerState::Dependent => "Depended in the window",
        CallerState::Inconclusive => {
            "Seen in the window, but no response showed whether it still depends"
        }
        CallerState::Migrated => "Has depended, and accepts target responses now",
        CallerState::Inactive => "Has depended or may have, and was not seen in the window",
    }
}
