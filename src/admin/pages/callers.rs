//! The callers one by one.

use askama::Template;

use super::{
    choices::{ORDERS, STATES, state_words},
    frame::{Frame, Scene},
    moment::Moment,
    query::query,
    wording::{counted, grouped},
};
use crate::{
    census::{CallerRow, Page, Window},
    rollout::WaiverTarget,
};

/// The list of callers.
#[derive(Debug, Template)]
#[template(
    path = "callers.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Callers {
    frame: Frame,
    asked: Asked,
    kinds: Vec<String>,
    states: Vec<(&'static str, &'static str)>,
    windows: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    found: String,
    shown: String,
    earlier: Option<String>,
    later: Option<String>,
}

/// What was asked for, in the words of the query.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    pub(crate) window: String,
    pub(crate) sort: &'static str,
    pub(crate) descending: bool,
    pub(crate) offset: usize,
}

/// A head of the table by which it can be sorted.
#[derive(Debug)]
struct Column {
    label: &'static str,
    href: String,
    /// `ascending` or `descending`; empty where it is not sorted by this.
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
    first_seen: Moment,
    last_seen: Moment,
    last_dependent: Option<Moment>,
    responses: String,
    dependent_responses: String,
    stranded_responses: u32,
    endpoints: String,
}

/// So many callers are on a page.
pub(crate) const PAGE: usize = 50;

impl Callers {
    pub(crate) fn new(scene: &Scene, asked: Asked, kinds: Vec<String>, page: &Page) -> Self {
        let last = page.offset + page.rows.len();
        let shown = match page.rows.len() {
            0 => String::new(),
            _ => format!(
                "{} to {}",
                grouped(page.offset as u64 + 1),
                grouped(last as u64)
            ),
        };
        let earlier =
            (page.offset > 0).then(|| asked.at(&scene.base, page.offset.saturating_sub(PAGE)));
        let later = (last < page.total).then(|| asked.at(&scene.base, last));
        let mut windows: Vec<String> = Window::STANDARD.map(Window::label).into();
        if !windows.contains(&asked.window) {
            windows.push(asked.window.clone());
        }
        Self {
            frame: Frame::new("Callers", scene),
            states: STATES.map(|(name, label, _)| (name, label)).into(),
            columns: asked.columns(&scene.base),
            rows: page.rows.iter().map(|row| Row::new(scene, row)).collect(),
            found: counted(page.total as u64, "caller"),
            kinds,
            windows,
            shown,
            earlier,
            later,
            asked,
        }
    }

    /// Whether anything was left out.
    fn filtered(&self) -> bool {
        !self.asked.kind.is_empty() || self.asked.state != "all"
    }
}

impl Asked {
    fn columns(&self, base: &str) -> Vec<Column> {
        let column = |(name, label, _)| {
            let sorted = match (self.sort == name, self.descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            // What is large or late is looked for first.
            let down = if sorted.is_empty() {
                !matches!(name, "fingerprint" | "kind")
            } else {
                !self.descending
            };
            let turned = Self {
                sort: name,
                descending: down,
                offset: 0,
                ..self.clone()
            };
            Column {
                label,
                href: turned.link(base),
                sorted,
                figure: matches!(name, "responses" | "dependent_responses"),
            }
        };
        ORDERS.map(column).into()
    }

    fn at(&self, base: &str, offset: usize) -> String {
        Self {
            offset,
            ..self.clone()
        }
        .link(base)
    }

    fn link(&self, base: &str) -> String {
        let offset = if self.offset == 0 {
            String::new()
        } else {
            self.offset.to_string()
        };
        let order = if self.descending { "desc" } else { "asc" };
        let pairs = [
            ("kind", self.kind.as_str()),
            ("state", self.state),
            ("window", &self.window),
            ("sort", self.sort),
            ("order", order),
            ("offset", &offset),
        ];
        format!("{base}/callers{}", query(&pairs))
    }
}

impl Row {
    fn new(scene: &Scene, row: &CallerRow) -> Self {
        let now = scene.now;
        let at = |at| Moment::new(at, now);
        let (state, meaning) = state_words(row.state);
        let waived = WaiverTarget::Caller(row.fingerprint);
        Self {
            waive: format!(
                "{}/waive{}",
                scene.base,
                query(&[("waived", &waived.to_string())])
            ),
            waived: scene.status.state.waiver(&waived, now).is_some(),
            fingerprint: row.fingerprint.to_string(),
            kind: row.kind.clone(),
            version: row.version.clone().unwrap_or_default(),
            generation: row.generation.as_str(),
            state,
            meaning,
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

    /// The end of the fingerprint, by which people tell callers apart.
    fn short(&self) -> &str {
        let end = self.fingerprint.len().saturating_sub(8);
        self.fingerprint.get(end..).unwrap_or(&self.fingerprint)
    }
}
