//! What goes wrong with one of several instances, as it happens.

use std::collections::HashSet;

use legacy_http_compat::census::{Report, Window};

use crate::{
    fault::{Fault, FleetFault},
    fleet::Pending,
    times::{MINUTE, SECOND},
    world::{Event, SIGNS, START, World},
};

/// For how long an instance that is lost leaves a gap.
const WRITTEN_OFF: u64 = 15 * MINUTE;

/// What is going on among several instances.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "faults that come and go independently"
)]
pub(crate) struct FleetState {
    /// The instance that is about to be killed.
    doomed: Option<u64>,
    /// The name of one that was killed and comes back; empty for one that comes back under another.
    gone: Option<String>,
    /// The instances that a deployment has yet to replace.
    old: Vec<u64>,
    /// The instance that does not reach the store.
    cut_off: Option<u64>,
    store_is_away: bool,
    loses_responses: bool,
    /// Whether the clock of the store was set.
    store_stepped: bool,
    /// When calls were observed that were lost.
    lost: Vec<u64>,
    /// Whether part of what was lost may have been handed over, so that the truth is not known.
    is_blurred: bool,
}

impl FleetState {
    /// Whether each instance hands over what it counted.
    pub(crate) fn is_connected(&self) -> bool {
        !self.store_is_away && !self.loses_responses && self.cut_off.is_none()
    }
}

impl World {
    pub(crate) fn begin_in_fleet(&mut self, fault: FleetFault) {
        let Some((fleet, settings)) = self.server.fleet_mut() else {
            return;
        };
        let state = &mut self.fleet_state;
        let now = self.now;
        let mut ends = None;
        match fault {
            FleetFault::Restart { renamed } => {
                let (name, pending) = {
                    let index = fleet.any();
                    fleet.remove(index)
                };
                fleet.add(settings, (!renamed).then_some(name));
                self.lose(&pending, false);
                self.ledger.note_gap_around(SECOND, SECOND);
            }
            FleetFault::Kill { after, .. } => {
                if state.doomed.is_some() || state.gone.is_some() || !state.old.is_empty() {
                    return;
                }
                let index = fleet.any();
                state.doomed = Some(fleet.nodes[index].number);
                fleet.tick_census();
                ends = Some(after);
            }
            FleetFault::Deployment { step, .. } => {
                if state.doomed.is_some() || state.gone.is_some() || !state.old.is_empty() {
                    return;
                }
                state.old = fleet.nodes.iter().map(|node| node.number).collect();
                ends = Some(step);
            }
            FleetFault::Added => {
                if fleet.nodes.len() == 8 {
                    return;
                }
                fleet.add(settings, None);
            }
            FleetFault::Removed => {
                if !fleet.can_lose_one() || state.gone.is_some() || state.doomed.is_some() {
                    return;
                }
                let index = fleet.any();
                let (_, pending) = fleet.remove(index);
                self.lose(&pending, false);
            }
            FleetFault::StoreAway(length) => {
                if std::mem::replace(&mut state.store_is_away, true) {
                    return;
                }
                fleet.tick_census();
                fleet.set_store_away(true);
                ends = Some(length);
            }
            FleetFault::ResponsesLost(length) => {
                if std::mem::replace(&mut state.loses_responses, true) {
                    return;
                }
                fleet.set_loses_responses(true);
                ends = Some(length);
            }
            FleetFault::CutOff(length) => {
                if state.cut_off.is_some() {
                    return;
                }
                let index = fleet.any();
                fleet.tick_census();
                state.cut_off = Some(fleet.nodes[index].number);
                fleet.nodes[index].set_away(true);
                ends = Some(length);
            }
            FleetFault::ClockStep(by) => {
                let index = fleet.any();
                fleet.nodes[index].step_clock(by);
            }
            FleetFault::StoreClockStep(by) => {
                if std::mem::replace(&mut state.store_stepped, true) || state.store_is_away {
                    return;
                }
                fleet.tick_census();
                fleet.step_store(by);
                fleet.tick_census();
                self.ledger
                    .set_wall(self.ledger.wall().saturating_add_signed(by));
            }
        }
        self.faults.push(Fault::OfFleet(fault));
        if let Some(after) = ends {
            self.queue(now + after, Event::End(Fault::OfFleet(fault)));
        }
    }

    pub(crate) fn end_in_fleet(&mut self, fault: FleetFault) {
        let Some((fleet, settings)) = self.server.fleet_mut() else {
            return;
        };
        let state = &mut self.fleet_state;
        let now = self.now;
        match fault {
            FleetFault::Kill { down, renamed, .. } => {
                if let Some(number) = state.doomed.take() {
                    let Some(index) = fleet.find(number) else {
                        return;
                    };
                    let (name, pending, in_part) = fleet.kill(index);
                    state.gone = Some(if renamed { String::new() } else { name });
                    state.cut_off = state.cut_off.filter(|cut| *cut != number);
                    let since = pending.first().map_or(self.now, |first| first.at);
                    let ago = self.now - since + MINUTE;
                    self.ledger.note_gap_around(ago, down.max(WRITTEN_OFF));
                    self.lose(&pending, in_part);
                    self.queue(self.now, Event::SignOfLife(SIGNS));
                    // At once, or after that time.
                    self.queue(self.now + down, Event::End(Fault::OfFleet(fault)));
                } else if let Some(name) = state.gone.take() {
                    fleet.add(settings, Some(name).filter(|name| !name.is_empty()));
                }
            }
            FleetFault::Deployment { step, surges } => {
                let Some(number) = state.old.pop() else {
                    return;
                };
                if let Some(index) = fleet.find(number) {
                    if surges {
                        fleet.add(settings, None);
                        let added = fleet.nodes.len() - 1;
                        fleet.hand_over(added);
                    }
                    let (name, pending) = fleet.remove(index);
                    if !surges {
                        fleet.add(settings, Some(name));
                        self.ledger.note_gap_around(SECOND, SECOND);
                    }
                    state.cut_off = state.cut_off.filter(|cut| *cut != number);
                    self.lose(&pending, false);
                }
                self.queue(self.now + step, Event::End(Fault::OfFleet(fault)));
            }
            FleetFault::StoreAway(_) => {
                state.store_is_away = false;
                fleet.set_store_away(false);
                fleet.tick();
                // Some may have been lost meanwhile.
                self.queue(now, Event::SignOfLife(SIGNS));
            }
            FleetFault::ResponsesLost(_) => {
                state.loses_responses = false;
                fleet.set_loses_responses(false);
                fleet.tick();
            }
            FleetFault::CutOff(_) => {
                let cut_off = state.cut_off.take();
                if let Some(index) = cut_off.and_then(|number| fleet.find(number)) {
                    fleet.nodes[index].set_away(false);
                }
                fleet.tick();
            }
            FleetFault::Restart { .. }
            | FleetFault::Added
            | FleetFault::Removed
            | FleetFault::ClockStep(_)
            | FleetFault::StoreClockStep(_) => {}
        }
    }

    /// An instance is gone with what it had not handed over.
    fn lose(&mut self, pending: &[Pending], in_part: bool) {
        let state = &mut self.fleet_state;
        state.is_blurred |= in_part && !pending.is_empty();
        state.lost.extend(pending.iter().map(|lost| lost.at));
        let sightings: HashSet<u64> = pending.iter().filter_map(|lost| lost.sighting).collect();
        self.ledger.lose(&sightings);
        for lost in pending {
            self.ledger.unobserve(lost.installation, lost.incarnation);
            let installation = &mut self.installations[lost.installation];
            if lost.met_legacy {
                installation.met_legacy = installation.met_legacy.saturating_sub(1);
            }
        }
    }

    /// Whether all that was ever observed of an installation is still with instances that have not handed it over.
    pub(crate) fn is_pending(&self, index: usize) -> bool {
        let Some(fleet) = self.server.fleet() else {
            return false;
        };
        let incarnation = self.installations[index].incarnation;
        let pending = fleet.nodes.iter().flat_map(|node| &node.pending);
        let own = pending
            .filter(|pending| pending.installation == index && pending.incarnation == incarnation);
        own.count() as u64 >= self.ledger.times_observed(index, incarnation)
    }

    /// Whether what all instances observed has been handed over, and is known here.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.server.fleet().is_none_or(|fleet| {
            let mut nodes = fleet.nodes.iter();
            let state = &self.fleet_state;
            state.is_connected() && !state.is_blurred && nodes.all(|node| node.pending.is_empty())
        })
    }

    /// Checks that what was lost lies in gaps that are shown.
    pub(crate) fn compare_gaps(&mut self) {
        let state = &mut self.fleet_state;
        if !state.is_connected() || state.store_stepped {
            return;
        }
        let lost = std::mem::take(&mut state.lost);
        if lost.is_empty() {
            return;
        }
        let report = self.server.census().report(Window::MONTH);
        let outside = lost.iter().filter(|at| !is_in_gap(&report, START + **at));
        let outside = outside.count() as u64;
        self.outcome.comparisons += 1;
        self.note_difference("lost outside of a gap", outside);
    }
}

fn is_in_gap(report: &Report, unix_ms: u64) -> bool {
    let mut gaps = report.coverage.gaps.iter();
    gaps.any(|gap| gap.from.unix_ms() <= unix_ms && unix_ms <= gap.to.unix_ms())
}
