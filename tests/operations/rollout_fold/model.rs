//! A plain model: the history as it is, searched anew for each question.

use std::time::Duration;

use legacy_http_compat::rollout::{
    ObligationKind, Phase,
    event::{ContractChanged, EventPayload, PhaseChange, RollbackTaken},
    names::{Identifier, IncidentId, WaiverTarget},
};
use legacy_http_compat::time::Timestamp;

/// All events that followed, with their times; the number of each is its place, counted from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model(Vec<(Timestamp, EventPayload)>);

impl Model {
    /// Takes in an event if it can follow, and says whether it could.
    pub(crate) fn push(&mut self, at: Timestamp, payload: &EventPayload) -> bool {
        let follows = self.follows(payload);
        if follows {
            self.0.push((at, payload.clone()));
        }
        follows
    }

    pub(crate) fn head(&self) -> u64 {
        self.0.len() as u64
    }

    fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, Timestamp, &EventPayload)> {
        let place = |index| index as u64 + 1;
        let all = self.0.iter().enumerate();
        all.map(move |(index, (at, payload))| (place(index), *at, payload))
    }

    fn changes(&self) -> impl DoubleEndedIterator<Item = (u64, Timestamp, &PhaseChange)> {
        self.numbered()
            .filter_map(|(seq, at, payload)| match payload {
                EventPayload::PhaseChanged(change) => Some((seq, at, change)),
                _ => None,
            })
    }

    /// Each phase that was entered: the number of the event, its time and the phase.
    fn entries(&self) -> Vec<(u64, Timestamp, Phase)> {
        let mut entries: Vec<(u64, Timestamp, Phase)> = Vec::new();
        for (seq, at, payload) in self.numbered() {
            let phase = match payload {
                EventPayload::Opened(opened) => opened.phase,
                EventPayload::PhaseChanged(change) => change.to,
                EventPayload::RollbackTaken(taken) => match entries.last() {
                    Some((entered, _, Phase::Cutover)) if *entered == taken.cutover => {
                        Phase::Compat
                    }
                    _ => continue,
                },
                EventPayload::LossAccepted(loss) if !entries.is_empty() => match loss.phase {
                    Some(phase) => phase,
                    None => continue,
                },
                _ => continue,
            };
            entries.push((seq, at, phase));
        }
        entries
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.entries().last().map(|(_, _, phase)| *phase)
    }

    /// The number of the event by which the phase was entered.
    pub(crate) fn entered(&self) -> Option<u64> {
        self.entries().last().map(|(seq, _, _)| *seq)
    }

    /// Whether a rollback is the first one of its cutover.
    fn is_first(&self, seq: u64, taken: &RollbackTaken) -> bool {
        !self.numbered().any(|(earlier, _, payload)| {
            earlier < seq
                && matches!(payload, EventPayload::RollbackTaken(other) if other.cutover == taken.cutover)
        })
    }

    fn was_cutover(&self, seq: u64) -> bool {
        let mut entries = self.entries().into_iter();
        entries.any(|(entered, _, phase)| (entered, phase) == (seq, Phase::Cutover))
    }

    pub(crate) fn is_open(&self, incident: &IncidentId) -> bool {
        let last = self
            .numbered()
            .rev()
            .find_map(|(seq, _, payload)| match payload {
                EventPayload::IncidentOpened(payload) => {
                    (payload.incident == *incident).then_some(true)
                }
                EventPayload::IncidentClosed(payload) => {
                    (payload.incident == *incident).then_some(false)
                }
                EventPayload::RollbackTaken(taken) => {
                    (taken.incident == *incident && self.is_first(seq, taken)).then_some(true)
                }
                _ => None,
            });
        last.unwrap_or(false)
    }

    /// Until when these are waived.
    pub(crate) fn waived_until(&self, waived: &WaiverTarget) -> Option<Timestamp> {
        let last = self
            .numbered()
            .rev()
            .find_map(|(_, _, payload)| match payload {
                EventPayload::DependenceWaived(payload) => {
                    (payload.target == *waived).then_some(Some(payload.until))
                }
                EventPayload::WaiverEnded(payload) => (payload.target == *waived).then_some(None),
                _ => None,
            });
        last.flatten()
    }

    pub(crate) fn is_green(&self, check: &Identifier) -> Option<bool> {
        self.numbered()
            .rev()
            .find_map(|(_, _, payload)| match payload {
                EventPayload::CheckReported(payload) => {
                    (payload.check == *check).then_some(payload.green)
                }
                _ => None,
            })
    }

    /// The number of the event since which the contract is served.
    pub(crate) fn served_since(&self) -> Option<u64> {
        let serves = |payload: &EventPayload| matches!(payload, EventPayload::ContractChanged(_));
        self.numbered()
            .rev()
            .find_map(|(seq, _, payload)| serves(payload).then_some(seq))
    }

    /// Of each rollback its number, how long it has lasted, and whether it is still running.
    pub(crate) fn rollbacks(&self, now: Timestamp) -> Vec<(u64, Duration, bool)> {
        let entries = self.entries();
        let mut rollbacks = Vec::new();
        for (seq, at, payload) in self.numbered() {
            let EventPayload::RollbackTaken(taken) = payload else {
                continue;
            };
            if !self.is_first(seq, taken) {
                continue;
            }
            let entered = entries.iter().any(|(entered, _, _)| *entered == seq);
            let off = |phase: Phase| phase != Phase::Compat;
            let mut later = entries
                .iter()
                .filter(|(later, _, phase)| *later > seq && off(*phase));
            let end = if entered {
                later.next().map(|(_, at, _)| *at)
            } else {
                Some(at)
            };
            rollbacks.push((seq, end.unwrap_or(now).since(at), end.is_none()));
        }
        rollbacks
    }

    fn extended(&self, rollback: u64) -> Option<Timestamp> {
        self.numbered()
            .rev()
            .find_map(|(_, _, payload)| match payload {
                EventPayload::RollbackExtended(extended) => {
                    (extended.rollback == rollback).then_some(extended.until)
                }
                _ => None,
            })
    }

    fn is_analysed(&self, rollback: u64) -> bool {
        self.numbered().any(|(_, _, payload)| {
            matches!(payload, EventPayload::PostAnalysisFiled(filed) if filed.rollback == rollback)
        })
    }

    /// What is owed, for which rollback, and whether it is overdue.
    pub(crate) fn obligations(
        &self,
        now: Timestamp,
        limit: Duration,
    ) -> Vec<(ObligationKind, u64, bool)> {
        let mut owed = Vec::new();
        for (seq, _, running) in self.rollbacks(now) {
            let (_, at, _) = self.numbered().find(|(place, _, _)| *place == seq).unwrap();
            let overdue = at.plus(limit) < now;
            if running {
                let late = self.extended(seq).unwrap_or(at.plus(limit)) < now;
                owed.push((ObligationKind::EndRollback, seq, late));
            }
            if !self.is_analysed(seq) {
                owed.push((ObligationKind::PostAnalysis, seq, overdue));
            }
        }
        owed
    }

    pub(crate) fn overrides(&self) -> Vec<u64> {
        let overridden = |change: &PhaseChange| !change.overridden.is_empty();
        self.changes()
            .filter(|(_, _, change)| overridden(change))
            .map(|(seq, _, _)| seq)
            .collect()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        let counted = self
            .numbered()
            .filter(|(_, _, payload)| payload.name() == name);
        counted.count() as u64
    }

    fn follows(&self, payload: &EventPayload) -> bool {
        let Some(phase) = self.phase() else {
            return match payload {
                EventPayload::Recovered(_) | EventPayload::LossAccepted(_) => true,
                EventPayload::Opened(opened) => match self.lost_phase() {
                    Some(phase) => phase == opened.phase,
                    None => matches!(opened.phase, Phase::Observe | Phase::Compat),
                },
                _ => false,
            };
        };
        match payload {
            EventPayload::Opened(_) => false,
            EventPayload::PhaseChanged(change) => {
                let rollbacks = self.rollbacks(Timestamp::MIN);
                let due = rollbacks.iter().any(|(seq, _, _)| !self.is_analysed(*seq));
                let blocked = due && change.to != Phase::Compat;
                change.from == phase && is_step(change) && !blocked
            }
            EventPayload::RollbackTaken(taken) => self.was_cutover(taken.cutover),
            EventPayload::RollbackExtended(extended) => {
                let rollbacks = self.rollbacks(Timestamp::MIN);
                let lasts = |(seq, _, running): &(u64, Duration, bool)| {
                    *seq == extended.rollback && *running
                };
                rollbacks.iter().any(lasts)
            }
            EventPayload::IncidentOpened(payload) => !self.is_open(&payload.incident),
            EventPayload::IncidentClosed(payload) => self.is_open(&payload.incident),
            EventPayload::WaiverEnded(payload) => self.waived_until(&payload.target).is_some(),
            EventPayload::ContractChanged(payload) => !self.is_served(payload),
            EventPayload::PostAnalysisFiled(payload) => {
                let rollbacks = self.rollbacks(Timestamp::MIN);
                rollbacks.iter().any(|(seq, _, _)| *seq == payload.rollback)
            }
            _ => true,
        }
    }

    fn lost_phase(&self) -> Option<Phase> {
        let last = self
            .numbered()
            .rev()
            .find_map(|(_, _, payload)| match payload {
                EventPayload::LossAccepted(loss) => Some(loss.phase),
                _ => None,
            });
        last.flatten()
    }

    fn is_served(&self, contract: &ContractChanged) -> bool {
        let last = self
            .numbered()
            .rev()
            .find_map(|(_, _, payload)| match payload {
                EventPayload::ContractChanged(payload) => Some(payload),
                _ => None,
            });
        last == Some(contract)
    }
}

/// Whether a step exists and has the evidence that it needs.
fn is_step(change: &PhaseChange) -> bool {
    let failing: Vec<&Identifier> = change.failing().map(|report| &report.name).collect();
    let overridden: Vec<&Identifier> = change.overridden.iter().collect();
    match (change.from, change.to) {
        (Phase::Observe, Phase::Compat) | (Phase::Cutover, Phase::Retired) => {
            failing.is_empty() && overridden.is_empty()
        }
        (Phase::Compat, Phase::Cutover) => {
            failing.iter().all(|gate| overridden.contains(gate))
                && overridden.iter().all(|gate| failing.contains(gate))
        }
        _ => false,
    }
}
