//! The callers one by one.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::{
    caller::{Fingerprint, Generation, Kinds},
    time::{
        Timestamp, millis,
        timeline::{Moment, ticks, ticks_as_ms},
    },
};

use super::{
    census::Census,
    event::names_of,
    query::{ListQuery, Select},
    record::{CallerState, Judge, NEVER, REGRESSED, Record, SHARED, TARGET},
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

/// What is known about one caller of one kind. Times are exact to a sixteenth of a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
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
    /// Whether it depends after it had been a target caller.
    pub regressed: bool,
    /// Of a caller that may depend without a dependent response: whether a version or a rule showed it to be a legacy
    /// caller, rather than the default for unknown ones.
    pub identified: bool,
    /// Whether its fingerprint was seen under another kind, too.
    pub shared_identity: bool,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// When it was last seen as a legacy caller.
    pub last_legacy: Option<Timestamp>,
    /// Of a caller that only silence resolves when it is due, by the longest pause between two of its responses: until after
    /// two such pauses it does not count as gone. That is an inactive caller, and a migrated one that was seen as a legacy
    /// caller after it had been a target caller.
    pub due: Option<Timestamp>,
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
    /// The first tick of the window.
    since: u32,
    in_force: Vec<u32>,
    kinds: &'a Kinds,
    endpoints: Vec<Box<str>>,
    versions: VersionNames<'a>,
}

impl Census {
    /// The callers that match a query, one page of them.
    #[must_use]
    pub fn list(&self, query: &ListQuery) -> Page {
        let rows = self.rows(query.window.length());
        let mut keys = Vec::new();
        self.table.visit(|bucket| {
            let all = bucket.iter();
            let matching = all.filter(|record| query.matches(record, rows.judge()));
            keys.extend(matching.map(|record| query.key(record)));
        });
        let total = keys.len();
        let keys = query.cut(keys).into_iter();
        let find = |(fingerprint, kind)| {
            let mut own = self.table.find(fingerprint).into_iter();
            own.find(|record| record.kind == kind)
        };
        let found = keys.filter_map(|key| find(query.caller(key)));
        Page {
            total,
            offset: query.offset,
            rows: found.map(|record| rows.row(&record)).collect(),
        }
    }

    /// Calls `each` for every selected caller, in no order. No lock is held meanwhile; callers that arrive meanwhile may
    /// or may not be included.
    pub fn each_caller(&self, window: Window, select: Select, each: impl FnMut(CallerRow)) {
        self.each_caller_in(window.length(), select, each);
    }

    /// The same in a time that may be longer than the longest window, as far as the census remembers.
    pub(crate) fn each_caller_in(
        &self,
        length: Duration,
        select: Select,
        mut each: impl FnMut(CallerRow),
    ) {
        let rows = self.rows(length);
        for bucket in self.table.buckets() {
            let all = bucket.iter().copied();
            let found = all.filter(|record| select.matches(record, rows.judge()));
            let found: Vec<_> = found.collect();
            drop(bucket);
            for record in found {
                each(rows.row(&record));
            }
        }
    }

    /// What is known about the caller with this fingerprint, with its state in this window: one row for each kind that it
    /// was seen as.
    #[must_use]
    pub fn caller(&self, fingerprint: Fingerprint, window: Window) -> Vec<CallerRow> {
        self.caller_in(fingerprint, window.length())
    }

    /// The same in a time that may be longer than the longest window.
    pub(crate) fn caller_in(&self, fingerprint: Fingerprint, length: Duration) -> Vec<CallerRow> {
        let records = self.table.find(fingerprint.as_u128());
        let rows = self.rows(length);
        records.iter().map(|record| rows.row(record)).collect()
    }

    fn rows(&self, length: Duration) -> Rows<'_> {
        let now = self.moment();
        Rows {
            now,
            since: start(millis(length), &now),
            in_force: self.table.all_in_force(),
            kinds: &self.kinds,
            endpoints: self.endpoints.names(),
            versions: self.table.versions().names(),
        }
    }
}

impl Rows<'_> {
    fn row(&self, record: &Record) -> CallerRow {
        let state = record.state(self.judge());
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
            regressed: dependent && record.has(REGRESSED),
            identified: record.is_identified(self.judge()),
            shared_identity: record.has(SHARED),
            first_seen: self.at(record.first_seen),
            last_seen: self.at(record.last_seen()),
            last_legacy: self.ever(record.last_legacy),
            due: record
                .is_resolved_by_silence(self.judge())
                .then(|| self.due(record))
                .flatten(),
            last_dependent: self.ever(record.last_dependent),
            last_stranded: self.ever(record.last_stranded),
            last_target: self.ever(record.last_target),
            responses: record.responses,
            dependent_responses: record.dependent,
            stranded_responses: record.stranded,
            endpoints: names_of(record.endpoints, &self.endpoints),
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            since: self.since,
            in_force: &self.in_force,
        }
    }

    /// When a caller is due that has not been away for two of its pauses.
    fn due(&self, record: &Record) -> Option<Timestamp> {
        let (last, pause) = (record.last_possible(self.judge()), record.pause_ticks());
        let mut due = [1, 2]
            .map(|pauses| last.saturating_add(pause.saturating_mul(pauses)))
            .into_iter();
        due.find(|due| *due > ticks(self.now.time))
            .map(|due| self.at(due))
    }

    fn at(&self, tick: u32) -> Timestamp {
        self.now.timestamp(ticks_as_ms(tick))
    }

    fn ever(&self, tick: u32) -> Option<Timestamp> {
        (tick != NEVER).then(|| self.at(tick))
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
