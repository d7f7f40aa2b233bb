//! The observed results.

use std::collections::HashMap;

use serde::Serialize;

use super::lines::PLAN;

/// The observed results, by the names that the plan gives them.
#[derive(Default)]
pub(crate) struct Ledger {
    seen: HashMap<&'static str, String>,
}

/// A row of the table.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) line: &'static str,
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    /// `None` if the rehearsal stopped before.
    pub(crate) observed: Option<String>,
    pub(crate) ok: bool,
}

impl Ledger {
    /// Records an observed result, and returns whether it is the expected one.
    ///
    /// # Panics
    ///
    /// If the plan has no result of this name.
    pub(crate) fn see(&mut self, what: &'static str, seen: impl Into<String>) -> bool {
        let item = PLAN.iter().find(|item| item.what == what);
        let item = item.unwrap_or_else(|| panic!("the plan has no result {what:?}"));
        let seen = seen.into();
        let ok = item.expected.is_met_by(&seen);
        self.seen.insert(what, seen);
        ok
    }

    /// All rows of the plan, in order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = PLAN.iter().map(|item| {
            let seen = self.seen.get(item.what).cloned();
            Row {
                line: item.line,
                what: item.what,
                expected: item.expected.text(),
                ok: seen
                    .as_deref()
                    .is_some_and(|seen| item.expected.is_met_by(seen)),
                observed: seen,
            }
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All results as expected.
    fn as_expected() -> Ledger {
        let mut ledger = Ledger::default();
        for item in PLAN {
            let seen = item.expected.text().replace("at least ", "");
            assert!(ledger.see(item.what, seen), "{}", item.what);
        }
        ledger
    }

    #[test]
    fn results_as_expected_differ_nowhere() {
        assert!(as_expected().rows().iter().all(|row| row.ok));
    }

    #[test]
    fn a_result_that_differs_or_was_not_reached_is_not_ok() {
        for item in PLAN {
            let mut ledger = as_expected();
            assert!(!ledger.see(item.what, "something else"));
            let differing = ledger.rows().into_iter().filter(|row| !row.ok);
            let differing: Vec<_> = differing.map(|row| row.what).collect();
            assert_eq!(differing, [item.what]);
            ledger.seen.remove(item.what);
            assert!(ledger.rows().iter().any(|row| !row.ok));
        }
    }
}
