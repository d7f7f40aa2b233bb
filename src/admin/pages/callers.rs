//! The page that lists callers one by one.

use askama::Template;

use super::{
    filter_options::{COLUMNS, CallersFilter, meaning, selection_label},
    layout::{Layout, PageContext},
    time_tag::TimeTag,
};
use crate::{
    admin::{
        format::{counted, grouped},
        mount_path::{MountPath, query},
    },
    census::{CallerRow, Page, Select, SortBy, Window},
    rollout::names::WaiverTarget,
};

/// The list of callers.
#[derive(Debug, Template)]
#[template(
    path = "callers.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct CallersPage {
    layout: Layout,
    filter: CallersFilter,
    kinds: Vec<String>,
    states: Vec<(&'static str, &'static str)>,
    windows: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    found: String,
    range: String,
    previous: Option<String>,
    next: Option<String>,
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

#[derive(Debug)]
struct Row {
    fingerprint: String,
    kind: String,
    version: String,
    generation: &'static str,
    state: &'static str,
    meaning: &'static str,
    stranded: bool,
    regressed: bool,
    waived: bool,
    waive: String,
    first_seen: TimeTag,
    last_seen: TimeTag,
    last_dependent: Option<TimeTag>,
    responses: String,
    dependent_responses: String,
    stranded_responses: u32,
    endpoints: String,
}

/// The number of callers on a page.
pub(crate) const PAGE_LEN: usize = 50;

impl CallersPage {
    pub(crate) fn new(
        context: &PageContext,
        filter: CallersFilter,
        kinds: Vec<String>,
        page: &Page,
    ) -> Self {
        let last = page.offset + page.rows.len();
        let range = match page.rows.len() {
            0 => String::new(),
            _ => format!(
                "{} to {}",
                grouped(page.offset as u64 + 1),
                grouped(last as u64)
            ),
        };
        let base = &context.base;
        let previous = page.offset.saturating_sub(PAGE_LEN);
        let mut windows: Vec<String> = Window::STANDARD.map(Window::label).into();
        let window = filter.window.label();
        if !windows.contains(&window) {
            windows.push(window);
        }
        Self {
            layout: Layout::new("Callers", context),
            states: Select::ALL
                .iter()
                .map(|select| (select.as_str(), selection_label(*select)))
                .collect(),
            columns: columns(&filter, base),
            rows: page.rows.iter().map(|row| Row::new(context, row)).collect(),
            found: counted(page.total as u64, "caller"),
            kinds,
            windows,
            range,
            previous: (page.offset > 0).then(|| filter.at(previous).link(base)),
            next: (last < page.total).then(|| filter.at(last).link(base)),
            filter,
        }
    }

    /// Whether the filter leaves out any callers.
    fn filtered(&self) -> bool {
        !self.filter.kind.is_empty() || self.filter.select != Select::All
    }
}

fn columns(filter: &CallersFilter, base: &MountPath) -> Vec<Column> {
    let column = |(sort, label)| {
        let sorted = match (filter.sort == sort, filter.descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        // Numbers and times start with the largest.
        let descending = if sorted.is_empty() {
            !matches!(sort, SortBy::Fingerprint | SortBy::Kind)
        } else {
            !filter.descending
        };
        Column {
            label,
            href: filter.sorted_by(sort, descending).link(base),
            sorted,
            figure: matches!(sort, SortBy::Responses | SortBy::DependentResponses),
        }
    };
    COLUMNS.map(column).into()
}

impl Row {
    fn new(context: &PageContext, row: &CallerRow) -> Self {
        let now = context.now;
        let at = |at| TimeTag::new(at, now);
        let target = WaiverTarget::Caller(row.fingerprint);
        let form = query(&[("target", &target.to_string())]);
        Self {
            waive: format!("{}/waive{form}", context.base),
            waived: context.status.state.waiver(&target, now).is_some(),
            fingerprint: row.fingerprint.to_string(),
            kind: row.kind.clone(),
            version: row.version.clone().unwrap_or_default(),
            generation: row.generation.as_str(),
            state: row.state.as_str(),
            meaning: meaning(row.state),
            stranded: row.stranded,
            regressed: row.regressed,
            first_seen: at(row.first_seen),
            last_seen: at(row.last_seen),
            last_dependent: row.last_dependent.map(at),
            responses: grouped(row.responses.into()),
            dependent_responses: grouped(row.dependent_responses.into()),
            stranded_responses: row.stranded_responses,
            endpoints: row.endpoints.join(", "),
        }
    }

    /// The end of the fingerprint, which is enough to tell callers apart.
    fn short(&self) -> &str {
        let end = self.fingerprint.len().saturating_sub(8);
        self.fingerprint.get(end..).unwrap_or(&self.fingerprint)
    }
}
