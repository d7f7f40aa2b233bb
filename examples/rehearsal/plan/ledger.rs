//! What was seen of the plan.

use std::collections::HashMap;

use serde::Serialize;

use super::lines::PLAN;

/// What was seen, under the names that the plan has for it.
#[derive(Default)]
pub(crate) struct Ledger {
    seen: HashMap<&'static str, String>,
}

/// A row of the table.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) line: &'static str,
    pub(crate) what: &'static str,
    pub(crate) wanted: String,
    /// `None` where the play did not get that far.
    pub(crate) seen: Option<String>,
    pub(crate) ok: bool,
}

impl Ledger {
    /// Notes what was seen, and tells whether it is what the plan says.
    ///
    /// # Panics
    ///
    /// When the plan has nothing of this name: the play and the plan are of one piece.
    pub(crate) fn see(&mut self, what: &'static str, seen: impl Into<String>) -> bool {
        let item = PLAN.iter().find(|item| item.what == what);
        let item = item.unwrap_or_else(|| panic!("the plan says nothing of {what:?}"));
        let seen = seen.into();
        let ok = item.wanted.is_met_by(&seen);
        self.seen.insert(what, seen);
        ok
    }

    /// The whole plan, in its order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = PLAN.iter().map(|item| {
            let seen = self.seen.get(item.what).cloned();
            Row {
                line: item.line,
                what: item.what,
                wanted: item.wanted.text(),
                ok: seen
                    .as_deref()
                    .is_some_and(|seen| item.wanted.is_met_by(seen)),
                seen,
            }
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything as the plan wants it.
    fn as_planned() -> Ledger {
        let mut ledger = Ledger::default();
        for item in PLAN {
            let seen = item.wanted.text().replace("at least ", "");
            assert!(ledger.see(item.what, seen), "{}", item.what);
        }
        ledger
    }

    #[test]
    fn a_play_that_goes_as_planned_differs_nowhere() {
        assert!(as_planned().rows().iter().all(|row| row.ok));
    }

    #[test]
    fn whatever_differs_or_was_not_reached_is_not_ok() {
        for item in PLAN {
            let mut ledger = as_planned();
            assert!(!ledger.see(item.what, "something else"));
            let differing = ledger.rows().into_iter().filter(|row| !row.ok);
            let differing: Vec<_> = differing.map(|row| row.what).collect();
            assert_eq!(differing, [item.what]);
            ledger.seen.remove(item.what);
            assert!(ledger.rows().iter().any(|row| !row.ok));
        }
    }
}
