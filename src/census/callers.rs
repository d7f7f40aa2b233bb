//! The callers one by one.

use serde::{Serialize, Serializer};

use crate::{
    caller::{Fingerprint, Generation, Kinds},
    time::{Timestamp, timeline::Moment},
};

use super::{
    census::Census,
    event::names_of,
    query::{ListQuery, Select},
    record::{CallerState, NEVER, REGRESSED, Record, TARGET},
    report::start,
    versions::VersionNames,
    window::Window,
};

/// A page of a list of callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Page {
    /// How many callers match in total.
    pub total: usize,
    /// The position of the first row among them.
    pub offset: usize,
    /// The callers of this page.
    pub rows: Vec<CallerRow>,
}

impl Page {
    pub(crate) const fn new(total: usize, offset: usize, rows: Vec<CallerRow>) -> Self {
        Self {
            total,
            offset,
            rows,
        }
    }
}

/// What is known about one caller. Times are exact to the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallerRow {
    /// Its pseudonym.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// The name of its kind.
    pub kind: String,
    /// The latest version it sent, if that was valid.
    pub version: Option<String>,
    /// The generation it was last seen as.
    pub generation: Generation,
    /// Its state in the window.
    pub state: CallerState,
    /// Whether it is dependent with a stranded response in the window.
    pub stranded: bool,
    /// Whether it depends again after it had migrated.
    pub regressed: bool,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// When it last got a dependent response.
    pub last_dependent: Option<Timestamp>,
    /// When it last got a stranded response.
    pub last_stranded: Option<Timestamp>,
    /// When it was last seen as a target caller.
    pub last_target: Option<Timestamp>,
    /// The number of its responses; saturates at 4,294,967,295, as do the next two.
    pub responses: u32,
    /// The number of its dependent responses.
    pub dependent_responses: u32,
    /// The number of its stranded responses.
    pub stranded_responses: u32,
    /// The endpoints it called.
    pub endpoints: Vec<String>,
}

/// Turns records into rows of one window.
struct Rows<'a> {
    now: Moment,
    /// The first second of the window.
    since: u32,
    kinds: &'a Kinds,
    endpoints: Vec<Box<str>>,
    versions: VersionNames<'a>,
}

impl Census {
    /// The callers that match a query, one page of them.
    #[must_use]
    pub fn list(&self, query: &ListQuery) -> Page {
        let rows = self.rows(query.window);
        let mut keys = Vec::new();
        for bucket in self.table.buckets() {
            let all = bucket.iter();
            let matching = all.filter(|record| query.matches(record, rows.since));
            keys.extend(matching.map(|record| query.key(record)));
        }
        let total = keys.len();
        let keys = query.cut(keys).into_iter();
        let found = keys.filter_map(|key| self.table.find(query.fingerprint(key)));
        Page {
            total,
            offset: query.offset,
            rows: found.map(|record| rows.row(&record)).collect(),
        }
    }

    /// Calls `each` for every selected caller, in no order. No lock is held meanwhile; callers that arrive meanwhile may
    /// or may not be included.
    pub fn each_caller(&self, window: Window, select: Select, mut each: impl FnMut(CallerRow)) {
        let rows = self.rows(window);
        for bucket in self.table.buckets() {
            let all = bucket.iter().copied();
            let found = all.filter(|record| select.matches(record, rows.since));
            let found: Vec<_> = found.collect();
            drop(bucket);
            for record in found {
                each(rows.row(&record));
            }
        }
    }

    /// What is known about one caller, with its state in this window.
    #[must_use]
    pub fn caller(&self, fingerprint: Fingerprint, window: Window) -> Option<CallerRow> {
        let record = self.table.find(fingerprint.as_u128())?;
        Some(self.rows(window).row(&record))
    }

    fn rows(&self, window: Window) -> Rows<'_> {
        let now = self.moment();
        Rows {
            now,
            since: start(window, &now),
            kinds: &self.kinds,
            endpoints: self.endpoints.names(),
            versions: self.table.versions().names(),
        }
    }
}

impl Rows<'_> {
    fn row(&self, record: &Record) -> CallerRow {
        let state = record.state(self.since);
        let dependent = state == CallerState::Dependent;
        let version = self.versions.get(record.version);
        let kind = self.kinds.names().nth(record.kind.into());
        CallerRow {
            fingerprint: Fingerprint::from_u128(record.fingerprint),
            kind: kind.unwrap_or("other").to_owned(),
            version: version.map(|version| version.as_str().to_owned()),
            generation: generation_of(record),
            state,
            stranded: dependent && record.is_stranded(self.since),
            regressed: record.still_depends() && record.has(REGRESSED),
            first_seen: self.at(record.first_seen),
            last_seen: self.at(record.last_seen),
            last_dependent: self.ever(record.last_dependent),
            last_stranded: self.ever(record.last_stranded),
            last_target: self.ever(record.last_target),
            responses: record.responses,
            dependent_responses: record.dependent,
            stranded_responses: record.stranded,
            endpoints: names_of(record.endpoints, &self.endpoints),
        }
    }

    fn at(&self, second: u32) -> Timestamp {
        self.now.timestamp(u64::from(second) * 1_000)
    }

    fn ever(&self, second: u32) -> Option<Timestamp> {
        (second != NEVER).then(|| self.at(second))
    }
}

fn generation_of(record: &Record) -> Generation {
    if record.has(TARGET) {
        Generation::Target
    } else {
        Generation::Legacy
    }
}

fn as_text<S: Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fingerprint)
}
