//! Listing the callers of a census.

use crate::caller::Fingerprint;

use super::{
    census::Census,
    list::{CallerRow, ListQuery, Names, Page, Select},
    record::Record,
    reporting::start,
    timeline::Moment,
    window::Window,
};

impl Census {
    /// The callers that a query selects, a page of them.
    #[must_use]
    pub fn list(&self, query: &ListQuery) -> Page {
        let now = self.moment();
        let since = start(query.window, &now);
        let mut keys = Vec::new();
        for bucket in self.table.buckets() {
            let matching = bucket.iter().filter(|record| query.matches(record, since));
            keys.extend(matching.map(|record| query.key(record)));
        }
        let total = keys.len();
        let endpoints = self.endpoints.names();
        let keys = query.cut(keys).into_iter();
        let found = keys.filter_map(|key| self.table.find(query.fingerprint(key)));
        Page {
            total,
            offset: query.offset,
            rows: found
                .map(|record| self.row(&record, since, &now, &endpoints))
                .collect(),
        }
    }

    /// Looks at each caller that `select` means, in no order. No lock is held meanwhile, but callers that come meanwhile
    /// may or may not be among them.
    pub fn each_caller(&self, window: Window, select: Select, mut each: impl FnMut(CallerRow)) {
        let now = self.moment();
        let since = start(window, &now);
        let endpoints = self.endpoints.names();
        for bucket in self.table.buckets() {
            let found = bucket.iter().filter(|record| select.matches(record, since));
            let found: Vec<_> = found.copied().collect();
            drop(bucket);
            for record in found {
                each(self.row(&record, since, &now, &endpoints));
            }
        }
    }

    /// What is known of one caller, with its state in this window.
    #[must_use]
    pub fn caller(&self, fingerprint: Fingerprint, window: Window) -> Option<CallerRow> {
        let now = self.moment();
        let record = self.table.find(fingerprint.as_u128())?;
        let endpoints = self.endpoints.names();
        Some(self.row(&record, start(window, &now), &now, &endpoints))
    }

    fn row(&self, record: &Record, since: u32, now: &Moment, endpoints: &[Box<str>]) -> CallerRow {
        let names = Names {
            kinds: &self.kinds,
            endpoints,
        };
        CallerRow::new(record, since, &names, |second| {
            now.unix_ms(u64::from(second) * 1_000)
        })
    }
}
