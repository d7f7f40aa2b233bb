//! Listing the callers of a census.

use crate::caller::Fingerprint;

use super::{
    census::Census,
    list::{CallerRow, ListQuery, Names, Page, Select},
    record::Record,
    reporting::start,
    timeline::Moment,
    versions::Names as Versions,
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
        let (endpoints, versions) = (self.endpoints.names(), self.table.versions().names());
        let names = self.names(&endpoints, &versions);
        let keys = query.cut(keys).into_iter();
        let found = keys.filter_map(|key| self.table.find(query.fingerprint(key)));
        Page {
            total,
            offset: query.offset,
            rows: found
                .map(|record| Self::row(&record, since, &now, &names))
                .collect(),
        }
    }

    /// Looks at each caller that `select` means, in no order. No lock is held meanwhile, but callers that come meanwhile
    /// may or may not be among them.
    pub fn each_caller(&self, window: Window, select: Select, mut each: impl FnMut(CallerRow)) {
        let now = self.moment();
        let since = start(window, &now);
        let (endpoints, versions) = (self.endpoints.names(), self.table.versions().names());
        let names = self.names(&endpoints, &versions);
        for bucket in self.table.buckets() {
            let found = bucket.iter().filter(|record| select.matches(record, since));
            let found: Vec<_> = found.copied().collect();
            drop(bucket);
            for record in found {
                each(Self::row(&record, since, &now, &names));
            }
        }
    }

    /// What is known of one caller, with its state in this window.
    #[must_use]
    pub fn caller(&self, fingerprint: Fingerprint, window: Window) -> Option<CallerRow> {
        let now = self.moment();
        let record = self.table.find(fingerprint.as_u128())?;
        let (endpoints, versions) = (self.endpoints.names(), self.table.versions().names());
        let names = self.names(&endpoints, &versions);
        Some(Self::row(&record, start(window, &now), &now, &names))
    }

    fn names<'a>(&'a self, endpoints: &'a [Box<str>], versions: &'a Versions<'a>) -> Names<'a> {
        Names {
            kinds: self.kind_names(),
            endpoints,
            versions,
        }
    }

    fn row(record: &Record, since: u32, now: &Moment, names: &Names<'_>) -> CallerRow {
        CallerRow::new(record, since, names, |second| {
            now.unix_ms(u64::from(second) * 1_000)
        })
    }
}
