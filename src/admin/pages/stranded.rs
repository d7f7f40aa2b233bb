//! The stranded callers: those of one definition, which alarm, table and first card show.

use std::collections::BTreeMap;

use super::flag_changes::FlagChange;
use crate::{
    FlagState,
    census::{CallerRow, CallerState, Census, Select, Window},
    rollout::{RolloutStatus, gate::WaiverCover},
    time::Timestamp,
};

/// The callers that are stranded since the flag last changed, waived ones aside.
#[derive(Clone, Debug)]
pub(crate) struct Stranded {
    /// When the flag last changed.
    pub(crate) since: Timestamp,
    /// How many are stranded.
    pub(crate) callers: u64,
    /// How many depend, and could be.
    pub(crate) dependent: u64,
    /// Those of each kind that has any.
    pub(crate) kinds: BTreeMap<String, u64>,
    /// Of those that were stranded before the flag was switched on again: how many were served since, and how many there were.
    pub(crate) served_again: Option<(u64, u64)>,
}

impl Stranded {
    /// Walks all callers: not for an async thread.
    pub(crate) fn new(
        census: &Census,
        status: &RolloutStatus,
        changes: &[FlagChange],
        now: Timestamp,
    ) -> Self {
        let waivers = WaiverCover::new(&status.state, now);
        let since = changes.last().map_or(status.state.entered.at, |change| change.at);
        let cutover = off_before(changes);
        let mut found = Self {
            since,
            callers: 0,
            dependent: 0,
            kinds: BTreeMap::new(),
            served_again: cutover.map(|_| (0, 0)),
        };
        census.each_caller(Window::MONTH, Select::Unresolved, |row| {
            if !waivers.covers(&row) && row.state != CallerState::Inactive {
                found.dependent += 1;
                found.add(&row);
            }
        });
        if let Some(cutover) = cutover {
            census.each_caller(Window::MONTH, Select::All, |row| {
                if !waivers.covers(&row) {
                    found.add_served(&row, cutover);
                }
            });
        }
        found
    }

    fn add(&mut self, row: &CallerRow) {
        if row.last_stranded.is_some_and(|at| at >= self.since) {
            self.callers += 1;
            *self.kinds.entry(row.kind.clone()).or_default() += 1;
        }
    }

    fn add_served(&mut self, row: &CallerRow, cutover: Timestamp) {
        let was_stranded = row.last_stranded.is_some_and(|at| at >= cutover);
        let Some((served, all)) = self.served_again.as_mut().filter(|_| was_stranded) else {
            return;
        };
        *all += 1;
        let later = |at: Option<Timestamp>| at.is_some_and(|at| at > self.since);
        let still = row.last_stranded.is_some_and(|at| at > self.since);
        *served += u64::from(!still && (later(row.last_dependent) || later(row.last_target)));
    }
}

/// When the flag went off before it was switched on again; `None` if it was not.
fn off_before(changes: &[FlagChange]) -> Option<Timestamp> {
    let [.., off, on] = changes else {
        return None;
    };
    (off.flag == FlagState::Off && on.flag == FlagState::On).then_some(off.at)
}
